use std::str::FromStr as _;

use super::*;
use crate::{ErrorKind, GitUrl};

/// However the address is written, it is the same one.
#[test]
fn metadata_services_are_off_limits_in_every_spelling() {
    for host in [
        "169.254.169.254",
        "2852039166",
        "0xa9.0xfe.0xa9.0xfe",
        "0251.0376.0251.0376",
        "169.254.170.2",
        "[::ffff:169.254.169.254]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "100.100.100.200",
    ] {
        let url = Url::parse(&format!("http://{host}/latest/meta-data")).unwrap();
        let error = check(&url).expect_err(host);
        assert!(error.to_string().contains("off limits"), "{error}");
        let error = format!("http://{host}/r.git")
            .parse::<GitUrl>()
            .expect_err(host);
        assert_eq!(error.kind(), ErrorKind::UrlInvalid, "{host}");
    }
}

#[test]
fn places_of_git_servers_are_open() {
    for host in [
        "127.0.0.1",
        "10.0.0.7",
        "[fd12::7]",
        "192.0.2.1",
        "git.example.com",
    ] {
        check(&Url::parse(&format!("https://{host}/r.git")).unwrap()).expect(host);
    }
}

/// A name that resolves to such an address does not help: the system's own answer is looked at.
#[tokio::test]
async fn looked_up_addresses_are_judged() {
    let looked_up = |name: &str| Lookup.resolve(Name::from_str(name).unwrap());
    let refused = looked_up("169.254.169.254").await.err().unwrap();
    assert!(refused.to_string().contains("off limits"), "{refused}");
    assert!(looked_up("127.0.0.1").await.unwrap().next().is_some());
}
