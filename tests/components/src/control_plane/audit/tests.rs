use super::*;

const LINE: &str = r#"{"kind":"Event","stage":"ResponseComplete","verb":"patch","requestURI":"/api/v1/namespaces/prod/secrets/db/status?dryRun=All","user":{"username":"system:admin"},"userAgent":"signet","objectRef":{"resource":"secrets","namespace":"prod","name":"db","subresource":"status"},"responseStatus":{"code":200}}"#;

#[test]
fn line_becomes_event() {
    let events = parse(&format!("{LINE}\n"));
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!(
        (
            event.verb.as_str(),
            event.resource.as_str(),
            event.subresource.as_str(),
            event.code
        ),
        ("patch", "secrets", "status", 200)
    );
    assert!(event.is_write() && event.is_dry_run());
}

#[test]
fn half_written_last_line_is_left_out() {
    assert_eq!(parse(&format!("{LINE}\n{{\"kind\":\"Ev")).len(), 1);
}
