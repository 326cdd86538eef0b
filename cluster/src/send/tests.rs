use std::future::{Ready, pending, ready};

use http::{Request, Response};
use kube::client::Body;
use manifests::{GroupKind, Manifest, ObjectId};
use serde_json::json;

use crate::clusters::Cluster;
use crate::error::ApiError;

fn answering(status: u16, body: String) -> Cluster {
    Cluster::of_service(tower::service_fn(
        move |_: Request<Body>| -> Ready<Result<_, std::io::Error>> {
            let response = Response::builder().status(status);
            ready(
                response
                    .body(Body::from(body.clone().into_bytes()))
                    .map_err(std::io::Error::other),
            )
        },
    ))
}

fn refusing(message: &str) -> Cluster {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 422,
        "reason": "Invalid", "message": message,
        "details": {"causes": [
            {"field": "spec.replicas", "reason": "FieldValueInvalid", "message": message},
        ]},
    });
    answering(422, status.to_string())
}

fn config_map() -> Manifest {
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"},
        "data": {"token": "hunter2"},
    });
    Manifest::new(object, None).unwrap()
}

async fn refusal(cluster: &Cluster, manifest: &Manifest) -> String {
    let request = Request::patch("/api/v1/namespaces/a/configmaps/a");
    let failed = cluster.send(request, "application/json", manifest).await;
    failed.unwrap_err().to_string()
}

/// I1, S5: a ConfigMap that came out of decryption is refused without what the server quotes.
#[tokio::test]
async fn refusal_of_any_object_with_plaintext_quotes_nothing() {
    let cluster = refusing("Invalid value: \"hunter2\"");
    let mut decrypted = config_map();
    decrypted.conceal("/data/token");
    let text = refusal(&cluster, &decrypted).await;
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains("spec.replicas: FieldValueInvalid"), "{text}");
    // What stands in Git in the open is told in the server's words.
    assert!(refusal(&cluster, &config_map()).await.contains("hunter2"));
}

/// An API server that hangs does not hold a place among the requests in flight for ever.
#[tokio::test(start_paused = true)]
async fn hung_server_is_given_up() {
    let cluster = Cluster::of_service(tower::service_fn(|_: Request<Body>| {
        pending::<Result<Response<Body>, std::io::Error>>()
    }));
    let places = cluster.in_flight.free();
    let id = ObjectId::new(GroupKind::new("", "ConfigMap"), Some("a"), "a");
    let request = Request::get("/api/v1/namespaces/a/configmaps/a");
    let request = request.body(Vec::new()).unwrap();
    let failed = cluster.ask(&id, request).await.unwrap_err();
    assert!(matches!(failed, ApiError::NoAnswer { .. }), "{failed}");
    assert_eq!(cluster.in_flight.free(), places);
}

/// I2: a path that is not served says nothing about the object; only `NotFound` does.
#[tokio::test]
async fn path_that_is_not_served_does_not_mean_that_the_object_is_gone() {
    let id = ObjectId::new(GroupKind::new("example.com", "Thing"), Some("a"), "a");
    let get = || {
        let request = Request::get("/apis/example.com/v1/namespaces/a/things/a");
        request.body(Vec::new()).unwrap()
    };
    let unserved = answering(404, "404 page not found".to_owned());
    let failed = unserved.ask(&id, get()).await.unwrap_err();
    assert!(!failed.is_not_found() && failed.is_unserved(), "{failed}");
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404,
        "reason": "NotFound", "message": "things \"a\" not found",
    });
    let gone = answering(404, status.to_string());
    assert!(gone.ask(&id, get()).await.unwrap_err().is_not_found());
}
