use futures::FutureExt;

use super::*;

fn unit(family: Family, name: &str) -> UnitId {
    UnitId {
        family,
        namespace: "apps".to_owned(),
        name: name.to_owned(),
    }
}

fn secrets(names: &[&str]) -> BTreeSet<SecretName> {
    names
        .iter()
        .map(|name| SecretName::new("prod", *name))
        .collect()
}

/// Returns who was woken, by name.
fn woken(stream: &mut BoxStream<'static, UnitId>) -> Vec<String> {
    std::iter::from_fn(|| stream.next().now_or_never().flatten())
        .map(|unit| unit.name)
        .collect()
}

#[test]
fn touched_secret_wakes_those_that_wait_for_it_once() {
    let awaited = Awaited::default();
    let mut flux = awaited.woken(Family::Flux);
    let mut argo = awaited.woken(Family::Argo);
    awaited.add(&unit(Family::Flux, "a"), &secrets(&["db", "other"]));
    awaited.add(&unit(Family::Flux, "b"), &secrets(&["other"]));
    awaited.add(&unit(Family::Argo, "c"), &secrets(&["db"]));
    awaited.touched(&SecretName::new("prod", "db"));
    awaited.touched(&SecretName::new("prod", "db"));
    assert_eq!(woken(&mut flux), ["a"]);
    assert_eq!(woken(&mut argo), ["c"]);
}

#[test]
fn secret_that_was_found_wakes_nobody() {
    let awaited = Awaited::default();
    let mut flux = awaited.woken(Family::Flux);
    let looked_at = secrets(&["db", "other"]);
    awaited.add(&unit(Family::Flux, "a"), &looked_at);
    awaited.keep(&unit(Family::Flux, "a"), &looked_at, &secrets(&["other"]));
    awaited.touched(&SecretName::new("prod", "db"));
    assert_eq!(woken(&mut flux), Vec::<String>::new());
    assert!(!awaited.is_awaited(&SecretName::new("prod", "db")));
    assert!(awaited.is_awaited(&SecretName::new("prod", "other")));
}

/// What changes between the look and the end of the run wakes the unit once more.
#[test]
fn secret_that_changes_while_it_is_looked_at_is_not_missed() {
    let awaited = Awaited::default();
    let mut flux = awaited.woken(Family::Flux);
    let looked_at = secrets(&["db"]);
    awaited.add(&unit(Family::Flux, "a"), &looked_at);
    awaited.touched(&SecretName::new("prod", "db"));
    awaited.keep(&unit(Family::Flux, "a"), &looked_at, &looked_at);
    assert_eq!(woken(&mut flux), ["a"]);
}

/// Units that come and go with ever new Secrets leave nothing behind.
#[test]
fn unit_that_is_gone_waits_for_nothing() {
    let awaited = Awaited::default();
    awaited.add(&unit(Family::Flux, "a"), &secrets(&["db", "other"]));
    awaited.add(&unit(Family::Flux, "b"), &secrets(&["other"]));
    awaited.forget(&unit(Family::Flux, "a"));
    assert!(!awaited.is_awaited(&SecretName::new("prod", "db")));
    assert!(awaited.is_awaited(&SecretName::new("prod", "other")));
}

#[test]
fn what_is_waited_for_has_a_bound() {
    let awaited = Awaited::default();
    for number in 0..=CAPACITY {
        let secret = format!("secret-{number}");
        awaited.add(&unit(Family::Argo, "a"), &secrets(&[&secret]));
    }
    let newest = format!("secret-{CAPACITY}");
    assert!(awaited.is_awaited(&SecretName::new("prod", newest)));
    assert!(!awaited.is_awaited(&SecretName::new("prod", "secret-0")));
}
