use std::sync::Arc;

use secret_bytes::SecretBytes;

use crate::credentials::Authorization;
use crate::git::http::authorization_header;

fn secret(text: &str) -> Arc<SecretBytes> {
    Arc::new(SecretBytes::new(text.as_bytes().to_vec()))
}

/// G-176: the two kinds of HTTP credentials, in a header that is never printed.
#[test]
fn credentials_become_a_header_that_hides_itself() {
    let basic = Authorization::Basic {
        username: "git".to_owned(),
        password: secret("p:w"),
    };
    let basic = authorization_header(&basic).unwrap();
    assert_eq!(basic.to_str().unwrap(), "Basic Z2l0OnA6dw==");
    let bearer = authorization_header(&Authorization::Bearer(secret("token"))).unwrap();
    assert_eq!(bearer.to_str().unwrap(), "Bearer token");
    assert_eq!(format!("{basic:?} {bearer:?}"), "Sensitive Sensitive");
}

#[test]
fn a_token_with_a_line_break_is_refused_without_showing_it() {
    let error = authorization_header(&Authorization::Bearer(secret("hunter2\n"))).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
