use futures::FutureExt;

use super::*;
use crate::{AgeRecipient, PgpKey};

/// Says what it was told to say; stands for a service of one kind.
struct Answers(KeyKind, Result<&'static str, &'static str>);

impl KeyService for Answers {
    fn wrap<'a>(
        &'a self,
        key: &'a MasterKey,
        _: &'a DataKey,
    ) -> BoxFuture<'a, Result<String, KeyServiceError>> {
        let answer = if key.kind() == self.0 {
            self.1
                .map(Into::into)
                .map_err(|reason| KeyServiceError::Malformed {
                    key: key.identity(),
                    reason: reason.into(),
                })
        } else {
            Err(KeyServiceError::Unsupported { kind: key.kind() })
        };
        Box::pin(async { answer })
    }

    fn unwrap<'a>(
        &'a self,
        key: &'a WrappedKey,
    ) -> BoxFuture<'a, Result<DataKey, KeyServiceError>> {
        Box::pin(async {
            Err(KeyServiceError::NoIdentity {
                key: key.key.identity(),
            })
        })
    }
}

fn wrap(services: Vec<Answers>, key: &MasterKey) -> Result<String, KeyServiceError> {
    let services = KeyServices::new(
        services
            .into_iter()
            .map(|service| Arc::new(service) as Arc<dyn KeyService>)
            .collect(),
    );
    let data_key = DataKey::from_unwrapped(vec![7; 32].into());
    services
        .wrap(key, &data_key)
        .now_or_never()
        .expect("nothing to wait for")
}

fn age() -> MasterKey {
    MasterKey::Age(AgeRecipient {
        recipient: "age1x".into(),
    })
}

#[test]
fn the_first_service_that_succeeds_decides() {
    let services = vec![
        Answers(KeyKind::Pgp, Ok("pgp")),
        Answers(KeyKind::Age, Err("bad")),
        Answers(KeyKind::Age, Ok("second")),
    ];
    assert_eq!(wrap(services, &age()).expect("wrapped"), "second");
}

#[test]
fn a_kind_nobody_takes_is_named() {
    let key = MasterKey::Pgp(PgpKey {
        fingerprint: "F".into(),
    });
    let error = wrap(vec![Answers(KeyKind::Age, Ok("x"))], &key).expect_err("no service");
    assert_eq!(error.to_string(), "no key service for pgp keys");
}

#[test]
fn all_failures_are_reported_together() {
    let services = vec![
        Answers(KeyKind::Age, Err("one")),
        Answers(KeyKind::Age, Err("two")),
    ];
    let error = wrap(services, &age()).expect_err("both fail");
    assert_eq!(
        error.to_string(),
        "\"age1x\" cannot be used: one; \"age1x\" cannot be used: two"
    );
}
