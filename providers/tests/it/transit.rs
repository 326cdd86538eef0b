//! The transit key service against OpenBao.

use std::sync::Arc;

use providers::keys::{VaultTransitOptions, VaultTransitService};
use providers::{AwsEndpoints, Connector};
use secret_bytes::SecretBytes;
use sops_engine::{DataKey, KeyService, KeyServiceError, MasterKey, VaultTransitKey, WrappedKey};

fn service(token: &str) -> VaultTransitService {
    let connector = Connector::new(AwsEndpoints::default()).unwrap();
    let options = VaultTransitOptions {
        token: Some(Arc::new(SecretBytes::from(token.to_owned()))),
        ..VaultTransitOptions::default()
    };
    VaultTransitService::new(&connector, options)
}

/// S-164, G-196: what transit wraps, transit unwraps; the text is the engine's own.
#[tokio::test]
async fn transit_wraps_and_unwraps() {
    let bao = crate::vault::bao().await;
    bao.create_transit_key("sops").unwrap();
    let key = MasterKey::VaultTransit(VaultTransitKey {
        vault_address: bao.url(),
        engine_path: "transit".to_owned(),
        key_name: "sops".to_owned(),
    });
    let data_key = DataKey::from_unwrapped(SecretBytes::new((0..32).collect()));
    let service_at_hand = service(bao.root_token());
    let enc = service_at_hand.wrap(&key, &data_key).await.unwrap();
    assert!(enc.starts_with("vault:v1:"), "{enc}");
    let mut wrapped = WrappedKey {
        key,
        enc,
        created_at: "2026-01-01T00:00:00Z".to_owned(),
    };
    assert_eq!(service_at_hand.unwrap(&wrapped).await.unwrap(), data_key);

    let refused = service("no-such-token").unwrap(&wrapped).await.unwrap_err();
    assert!(
        matches!(refused, KeyServiceError::Denied { .. }),
        "{refused:?}"
    );

    wrapped.enc.push_str("AAAA");
    assert!(service_at_hand.unwrap(&wrapped).await.is_err());

    let MasterKey::VaultTransit(key) = &mut wrapped.key else {
        panic!("a transit key is expected");
    };
    key.vault_address = "http://127.0.0.1:1".to_owned();
    assert!(
        service_at_hand
            .unwrap(&wrapped)
            .await
            .unwrap_err()
            .is_transient()
    );
}
