//! The HTTP API of the sealing keys: certificate, verify and rotate. Protection is the API server's
//! proxy and its roles.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::bitnami::SealedSecret;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use manifests::Limits;
use secret_bytes::SecretBytes;
use serde_json::{Value, json};

use super::rate::{Rate, Verdict};
use crate::context::Context;
use crate::kinds::{SealedSecretWanted, parse_sealed_secret};

/// The largest body that is read.
const BODY: usize = 4 << 20;

/// What the routes share.
#[derive(Clone)]
struct Shared {
    context: Arc<Context>,
    verify: Arc<Rate>,
    rotate: Arc<Rate>,
}

/// Returns the routes.
pub(super) fn router(context: &Arc<Context>) -> Router {
    let shared = Shared {
        context: Arc::clone(context),
        verify: Arc::new(Rate::new(
            context.flags.rate_limit,
            context.flags.rate_limit_burst,
        )),
        rotate: Arc::new(Rate::new(20, 20)),
    };
    Router::new()
        .route("/v1/cert.pem", get(certificate))
        .route("/v1/verify", post(verify))
        .route("/v1/rotate", post(rotate))
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(shared)
}

/// The certificate new items are sealed with (K-090).
async fn certificate(State(shared): State<Shared>) -> Response {
    match shared.context.sealing_keys.ring().sealing_certificate() {
        Some(certificate) => (
            [(header::CONTENT_TYPE, "application/x-pem-file")],
            certificate.to_pem(),
        )
            .into_response(),
        None => (StatusCode::INTERNAL_SERVER_ERROR, "cannot get certificate").into_response(),
    }
}

/// Says whether everything opens, and nothing else: templates are never rendered here, or the
/// answer would tell about plaintext (K-091, K-093).
async fn verify(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let client = client_of(&headers);
    let verdict = shared.verify.ask(&client);
    if let Verdict::Wait { .. } = verdict {
        return limited(&verdict);
    }
    let mut response = match read(&body) {
        Err(reason) => (StatusCode::INTERNAL_SERVER_ERROR, reason).into_response(),
        Ok((_, wanted)) => match open(&shared.context, wanted).await {
            Ok(_) => StatusCode::OK.into_response(),
            Err(()) => StatusCode::CONFLICT.into_response(),
        },
    };
    verdict.write(response.headers_mut());
    response
}

/// Seals every item again under the newest key, with the same scope (K-095, K-096).
async fn rotate(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let verdict = shared.rotate.ask(&client_of(&headers));
    if let Verdict::Wait { .. } = verdict {
        return limited(&verdict);
    }
    let failed =
        |reason: &str| (StatusCode::INTERNAL_SERVER_ERROR, reason.to_owned()).into_response();
    let (mut object, wanted) = match read(&body) {
        Ok(read) => read,
        Err(reason) => return failed(&reason),
    };
    let label = wanted.label.clone();
    let Ok(items) = open(&shared.context, wanted).await else {
        return failed("the items cannot be opened");
    };
    let ring = shared.context.sealing_keys.ring();
    let Some(certificate) = ring.sealing_certificate() else {
        return failed("cannot get certificate");
    };
    let mut sealed = BTreeMap::new();
    for (key, plaintext) in &items {
        match sealing::seal(
            plaintext,
            &label,
            certificate.public_key(),
            &mut rand::rng(),
        ) {
            Ok(item) => sealed.insert(key.clone(), item.to_string()),
            Err(_) => return failed("the items cannot be sealed"),
        };
    }
    rotated(&mut object, &sealed);
    (
        [(header::CONTENT_TYPE, "application/json")],
        object.to_string(),
    )
        .into_response()
}

/// Reads one SealedSecret, JSON or YAML (K-091, K-092).
fn read(body: &[u8]) -> Result<(Value, SealedSecretWanted), String> {
    let found =
        manifests::read_yaml(body, None, &Limits::default()).map_err(|error| error.to_string())?;
    let [manifest] = found.as_slice() else {
        return Err(format!(
            "one SealedSecret is expected, the body holds {} objects",
            found.len()
        ));
    };
    if manifest.kind() != "SealedSecret" || manifest.group() != "bitnami.com" {
        return Err(format!(
            "a SealedSecret is expected, the body holds a {}",
            manifest.kind()
        ));
    }
    let object = manifest.object().clone();
    let typed: SealedSecret = serde_json::from_value(object.clone())
        .map_err(|_| "the SealedSecret is malformed".to_owned())?;
    // Templates are not looked at.
    let mut items_only = typed;
    items_only.spec.template = None;
    let wanted = parse_sealed_secret(&items_only).map_err(|error| error.to_string())?;
    Ok((object, wanted))
}

/// Opens everything; why something does not is nobody's business.
async fn open(
    context: &Context,
    wanted: SealedSecretWanted,
) -> Result<BTreeMap<String, SecretBytes>, ()> {
    let opened = context.sealing_keys.unseal(wanted.items, wanted.label);
    opened.await.map_err(|_| ())?.map_err(|_| ())
}

/// Puts the newly sealed items into the object. Its scope stays what the top-level metadata says,
/// whatever the template claims, and nothing the API server manages is carried over (K-096, K-097).
fn rotated(object: &mut Value, sealed: &BTreeMap<String, String>) {
    use api::names::sealed_secrets::{CLUSTER_WIDE, NAMESPACE_WIDE};
    let annotations = object
        .pointer("/metadata/annotations")
        .cloned()
        .unwrap_or_default();
    let metadata = &object["metadata"];
    let mut kept = json!({});
    for field in ["name", "namespace", "labels"] {
        if let Some(value) = metadata.get(field) {
            kept[field] = value.clone();
        }
    }
    if let Some(found) = annotations.as_object() {
        let mut found = found.clone();
        found.shift_remove("kubectl.kubernetes.io/last-applied-configuration");
        if !found.is_empty() {
            kept["annotations"] = Value::Object(found);
        }
    }
    let mut template = object
        .pointer("/spec/template")
        .cloned()
        .unwrap_or_else(|| json!({}));
    if !template["metadata"].is_object() {
        template["metadata"] = json!({});
    }
    if let Some(fields) = template["metadata"].as_object_mut() {
        fields.retain(|field, _| {
            matches!(
                field.as_str(),
                "name" | "namespace" | "labels" | "annotations" | "finalizers"
            )
        });
        let marks = fields.entry("annotations").or_insert_with(|| json!({}));
        if let Some(marks) = marks.as_object_mut() {
            marks.shift_remove("kubectl.kubernetes.io/last-applied-configuration");
            for scope in [CLUSTER_WIDE, NAMESPACE_WIDE] {
                match annotations.get(scope) {
                    Some(value) => marks.insert(scope.to_owned(), value.clone()),
                    None => marks.shift_remove(scope),
                };
            }
        }
        if fields
            .get("annotations")
            .and_then(Value::as_object)
            .is_some_and(serde_json::Map::is_empty)
        {
            fields.shift_remove("annotations");
        }
    }
    *object = json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": kept,
        "spec": {"encryptedData": sealed, "template": template},
    });
}

fn client_of(headers: &HeaderMap) -> String {
    headers
        .get("x-forwarded-for")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_lowercase()
}

fn limited(verdict: &Verdict) -> Response {
    let mut response = (StatusCode::TOO_MANY_REQUESTS, "limit exceeded").into_response();
    verdict.write(response.headers_mut());
    response
}

#[cfg(test)]
mod tests;
