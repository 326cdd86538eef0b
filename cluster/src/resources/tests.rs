use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, Response};
use kube::client::Body;
use kube::core::{ApiResource, GroupVersionKind};
use manifests::{GroupKind, ObjectId};
use pipeline::normalise::Scope;
use serde_json::json;

use super::Kind;
use crate::clusters::Cluster;
use crate::error::ApiError;

fn config_maps() -> Kind {
    let kind = GroupVersionKind::gvk("", "v1", "ConfigMap");
    Kind {
        resource: ApiResource::from_gvk_with_plural(&kind, "configmaps"),
        scope: Scope::Namespaced,
    }
}

fn named(namespace: &str, name: &str) -> ObjectId {
    ObjectId::new(GroupKind::new("", "ConfigMap"), Some(namespace), name)
}

/// I3: a name from Git never reaches another object, a subresource or the query.
#[test]
fn names_that_reach_other_places_of_the_api_have_no_path() {
    let kind = config_maps();
    for name in [
        "web?x=",
        "web/status",
        "..",
        ".",
        "a%2fb",
        "a#b",
        "a b",
        "ä",
    ] {
        let path = kind.path(&named("a", name));
        assert!(matches!(path, Err(ApiError::NoName { .. })), "{name}");
    }
    assert!(kind.path(&named("a/configmaps/b?", "web")).is_err());
    assert_eq!(
        kind.path(&named("a", "system:node.x-1")).unwrap(),
        "/api/v1/namespaces/a/configmaps/system:node.x-1"
    );
}

/// I3: an entry of an inventory with such a name stands for no object.
#[tokio::test]
async fn what_cannot_be_a_name_is_not_there() {
    let cluster = Cluster::of_service(tower::service_fn(|_: Request<Body>| async {
        Err::<Response<Body>, _>(std::io::Error::other("nothing may be asked"))
    }));
    let id = named("a", "web?x=");
    assert_eq!(cluster.read(&config_maps(), &id).await.unwrap(), None);
    let preconditions = crate::Preconditions::default();
    cluster
        .delete(&config_maps(), &id, &preconditions)
        .await
        .unwrap();
}

/// A version that a definition got later is found without a restart.
#[tokio::test(start_paused = true)]
async fn version_that_is_served_later_is_found() {
    let asked = Arc::new(AtomicUsize::new(0));
    let cluster = Cluster::of_service(tower::service_fn({
        let asked = Arc::clone(&asked);
        move |request: Request<Body>| {
            let versions: &[&str] = match asked.fetch_add(1, Ordering::Relaxed) {
                // Each discovery asks for groups and for the core.
                0 | 1 => &["v1"],
                _ => &["v1", "v2"],
            };
            let items = if request.uri().path() == "/apis" {
                json!([{
                    "metadata": {"name": "example.com"},
                    "versions": versions.iter().map(|version| json!({
                        "version": version,
                        "resources": [{
                            "resource": "things", "scope": "Namespaced", "verbs": ["get"],
                            "responseKind": {
                                "group": "example.com", "version": version, "kind": "Thing",
                            },
                        }],
                    })).collect::<Vec<_>>(),
                }])
            } else {
                json!([])
            };
            let list = json!({
                "apiVersion": "apidiscovery.k8s.io/v2", "kind": "APIGroupDiscoveryList",
                "metadata": {}, "items": items,
            });
            async move {
                Ok::<_, std::io::Error>(Response::new(Body::from(list.to_string().into_bytes())))
            }
        }
    }));
    let kind = async |version: &str| cluster.kind("example.com", version, "Thing").await;
    assert!(kind("v1").await.is_ok());
    let refused = kind("v2").await.unwrap_err().to_string();
    assert!(
        refused.contains("the cluster serves it as example.com/v1"),
        "{refused}"
    );
    cluster.resources.let_ask_again().await;
    assert!(kind("v2").await.is_ok());
}
