use http::StatusCode;
use serde_json::json;

use super::object_of;
use crate::kubeseal::cluster::Answer;

fn answer(status: StatusCode, body: &str) -> Answer {
    Answer {
        status,
        body: body.as_bytes().to_vec(),
    }
}

/// K-132: an answer without version and kind is completed, and what the server keeps left out.
#[test]
fn answer_becomes_a_whole_object() {
    let body = json!({
        "metadata": { "name": "a", "creationTimestamp": null, "generation": 3 },
        "spec": { "template": { "metadata": { "name": "a", "creationTimestamp": null } } },
        "status": {},
    });
    let object = object_of(&answer(StatusCode::OK, &body.to_string())).unwrap();
    let expected = json!({
        "kind": "SealedSecret",
        "apiVersion": "bitnami.com/v1alpha1",
        "metadata": { "name": "a" },
        "spec": { "template": { "metadata": { "name": "a" } } },
    });
    assert_eq!(object.to_string(), expected.to_string());
}

#[test]
fn refusals_say_what_the_controller_said() {
    let refused = |status, body: &str| object_of(&answer(status, body)).unwrap_err().to_string();
    assert_eq!(refused(StatusCode::CONFLICT, ""), "unable to rotate secret");
    assert_eq!(
        refused(StatusCode::INTERNAL_SERVER_ERROR, "no key\n"),
        "cannot re-encrypt secret: 500 Internal Server Error: no key"
    );
    assert_eq!(
        refused(
            StatusCode::SERVICE_UNAVAILABLE,
            r#"{"message":"no endpoints available"}"#
        ),
        "cannot re-encrypt secret: no endpoints available"
    );
    assert_eq!(
        refused(StatusCode::OK, "<html>"),
        "cannot re-encrypt secret: the answer is not a sealed secret"
    );
}
