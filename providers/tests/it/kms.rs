//! The KMS key service against moto.

use std::collections::BTreeMap;

use providers::AwsSession;
use providers::keys::{AwsCredentials, AwsKmsService};
use secret_bytes::SecretBytes;
use serde_json::json;
use sops_engine::{AwsKmsKey, DataKey, KeyService, KeyServiceError, MasterKey, WrappedKey};

use crate::aws::{endpoints, moto};

fn credentials() -> AwsCredentials {
    let entry = "aws_access_key_id: AKIAIOSFODNN7EXAMPLE\naws_secret_access_key: test\n";
    AwsCredentials::from_yaml(&SecretBytes::from(entry.to_owned())).unwrap()
}

fn data_key() -> DataKey {
    DataKey::from_unwrapped(SecretBytes::new((0..32).collect()))
}

/// S-157, S-159, G-196: wrap and unwrap, bound to the encryption context.
#[tokio::test]
async fn kms_wraps_and_unwraps_under_its_context() {
    let moto = moto().await;
    let created = moto
        .call("kms", "TrentService.CreateKey", &json!({}))
        .unwrap();
    let arn = created["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let service = AwsKmsService::new(&AwsSession::new(endpoints(moto)), credentials(), "host");
    let key = |app: &str| {
        MasterKey::AwsKms(AwsKmsKey {
            arn: arn.clone(),
            context: BTreeMap::from([("app".to_owned(), app.to_owned())]),
            ..AwsKmsKey::default()
        })
    };
    let enc = service.wrap(&key("shop"), &data_key()).await.unwrap();
    let wrapped = |key: MasterKey| WrappedKey {
        key,
        enc: enc.clone(),
        created_at: "2026-01-01T00:00:00Z".to_owned(),
    };
    assert_eq!(
        service.unwrap(&wrapped(key("shop"))).await.unwrap(),
        data_key()
    );
    let other = service.unwrap(&wrapped(key("other"))).await.unwrap_err();
    assert!(matches!(other, KeyServiceError::Denied { .. }), "{other:?}");

    let malformed = MasterKey::AwsKms(AwsKmsKey {
        arn: "alias/shop".to_owned(),
        ..AwsKmsKey::default()
    });
    let refused = service.wrap(&malformed, &data_key()).await.unwrap_err();
    assert!(
        matches!(refused, KeyServiceError::Malformed { .. }),
        "{refused:?}"
    );
}

/// S-158: a role is assumed first.
#[tokio::test]
async fn kms_is_asked_as_the_assumed_role() {
    let moto = moto().await;
    let created = moto
        .call("kms", "TrentService.CreateKey", &json!({}))
        .unwrap();
    let key = MasterKey::AwsKms(AwsKmsKey {
        arn: created["KeyMetadata"]["Arn"].as_str().unwrap().to_owned(),
        role: Some("arn:aws:iam::123456789012:role/sops".to_owned()),
        ..AwsKmsKey::default()
    });
    let service = AwsKmsService::new(&AwsSession::new(endpoints(moto)), credentials(), "host");
    let enc = service.wrap(&key, &data_key()).await.unwrap();
    let wrapped = WrappedKey {
        key,
        enc,
        created_at: "2026-01-01T00:00:00Z".to_owned(),
    };
    assert_eq!(service.unwrap(&wrapped).await.unwrap(), data_key());
}

/// A service that does not answer is a reason to try again.
#[tokio::test]
async fn unreachable_kms_is_transient() {
    let session = AwsSession::new(providers::AwsEndpoints {
        all: Some("http://127.0.0.1:1".to_owned()),
        ..providers::AwsEndpoints::default()
    });
    let service = AwsKmsService::new(&session, credentials(), "host");
    let key = MasterKey::AwsKms(AwsKmsKey {
        arn: "arn:aws:kms:eu-central-1:123456789012:key/a".to_owned(),
        ..AwsKmsKey::default()
    });
    assert!(
        service
            .wrap(&key, &data_key())
            .await
            .unwrap_err()
            .is_transient()
    );
}
