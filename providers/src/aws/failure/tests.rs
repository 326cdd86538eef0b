use super::*;

/// E-139: two failures of the same kind read the same.
#[test]
fn request_identifiers_are_cut() {
    assert_eq!(
        without_request_id("not authorized, RequestID: 8c1f-22 (host x)"),
        "not authorized"
    );
    assert_eq!(without_request_id("boom (request id: 1)"), "boom");
    assert_eq!(without_request_id("plain"), "plain");
}
