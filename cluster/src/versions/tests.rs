use kube::core::{ObjectMeta, TypeMeta};

use super::*;

fn object(name: &str, version: &str) -> PartialObjectMeta<DynamicObject> {
    PartialObjectMeta {
        types: Some(TypeMeta {
            api_version: "v1".to_owned(),
            kind: "ConfigMap".to_owned(),
        }),
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some("apps".to_owned()),
            resource_version: Some(version.to_owned()),
            ..ObjectMeta::default()
        },
        _phantom: std::marker::PhantomData,
    }
}

fn kind() -> GroupKind {
    GroupKind::new("", "ConfigMap")
}

fn version(versions: &Versions, name: &str) -> Option<u64> {
    let id = ObjectId::new(kind(), Some("apps"), name);
    Some(versions.of(&id, Instant::now())?.version)
}

#[test]
fn nothing_is_known_before_the_first_list_is_whole() {
    let versions = Versions::default();
    let watch = versions.watch(&kind());
    watch.take(&Ok(Event::Init));
    watch.take(&Ok(Event::InitApply(object("a", "7"))));
    assert_eq!(version(&versions, "a"), None);
    watch.take(&Ok(Event::InitDone));
    assert_eq!(version(&versions, "a"), Some(7));
    assert_eq!(version(&versions, "b"), None);
}

#[test]
fn changes_are_followed_until_the_watch_fails() {
    let versions = Versions::default();
    let watch = versions.watch(&kind());
    watch.take(&Ok(Event::Init));
    watch.take(&Ok(Event::InitDone));
    watch.take(&Ok(Event::Apply(object("a", "8"))));
    watch.take(&Ok(Event::Apply(object("b", "9"))));
    watch.take(&Ok(Event::Delete(object("b", "10"))));
    assert_eq!(version(&versions, "a"), Some(8));
    assert_eq!(version(&versions, "b"), None);
    watch.take(&Err(Error::NoResourceVersion));
    assert_eq!(version(&versions, "a"), None);
    let id = ObjectId::new(kind(), Some("apps"), "a");
    let later = versions.of(&id, Instant::now() + 2 * DOUBT);
    assert_eq!(later.map(|known| known.version), Some(8));
}

#[test]
fn what_a_new_list_does_not_show_is_gone() {
    let versions = Versions::default();
    let watch = versions.watch(&kind());
    watch.take(&Ok(Event::Init));
    watch.take(&Ok(Event::InitApply(object("a", "7"))));
    watch.take(&Ok(Event::InitDone));
    watch.take(&Ok(Event::Init));
    assert_eq!(version(&versions, "a"), None);
    watch.take(&Ok(Event::InitDone));
    assert_eq!(version(&versions, "a"), None);
}

#[test]
fn of_two_watches_the_newer_version_counts_and_a_watch_that_ended_does_not() {
    let versions = Versions::default();
    let watches = [versions.watch(&kind()), versions.watch(&kind())];
    for (watch, version) in watches.iter().zip(["7", "8"]) {
        watch.take(&Ok(Event::Init));
        watch.take(&Ok(Event::InitApply(object("a", version))));
        watch.take(&Ok(Event::InitDone));
    }
    assert_eq!(version(&versions, "a"), Some(8));
    drop(watches);
    assert_eq!(version(&versions, "a"), None);
}

/// The run that a deletion woke must not take the object for unchanged because a slower watch has not
/// heard of it yet.
#[test]
fn what_one_watch_saw_go_is_gone_for_all_until_it_is_made_anew() {
    let versions = Versions::default();
    let watches = [versions.watch(&kind()), versions.watch(&kind())];
    for watch in &watches {
        watch.take(&Ok(Event::Init));
        watch.take(&Ok(Event::InitApply(object("a", "7"))));
        watch.take(&Ok(Event::InitApply(object("b", "9"))));
        watch.take(&Ok(Event::InitDone));
    }
    let [first, second] = &watches;
    first.take(&Ok(Event::Delete(object("a", "10"))));
    assert_eq!(version(&versions, "a"), None);
    assert_eq!(version(&versions, "b"), Some(9));
    second.take(&Ok(Event::Apply(object("a", "8"))));
    assert_eq!(version(&versions, "a"), None, "written before it went");
    first.take(&Ok(Event::Apply(object("a", "11"))));
    assert_eq!(version(&versions, "a"), Some(11));
    // A new list says the same as a deletion.
    second.take(&Ok(Event::Init));
    second.take(&Ok(Event::InitApply(object("b", "12"))));
    second.take(&Ok(Event::InitDone));
    assert_eq!(version(&versions, "a"), None);
    assert_eq!(version(&versions, "b"), Some(12));
}

/// Taking off the label that one of the watches looks for is no deletion.
#[test]
fn object_that_left_a_labelled_watch_only_is_still_known() {
    let versions = Versions::default();
    let [all, labelled] = [versions.watch(&kind()), versions.watch(&kind())];
    for watch in [&all, &labelled] {
        watch.take(&Ok(Event::Init));
        watch.take(&Ok(Event::InitApply(object("a", "7"))));
        watch.take(&Ok(Event::InitDone));
    }
    labelled.take(&Ok(Event::Delete(object("a", "8"))));
    assert_eq!(version(&versions, "a"), None);
    all.take(&Ok(Event::Apply(object("a", "8"))));
    assert_eq!(version(&versions, "a"), Some(8));
}

#[test]
fn deletions_are_remembered_up_to_a_number() {
    let mut gone = Gone::default();
    for name in 0..3 * LAST_GONE as u64 {
        gone.insert(name, 7);
    }
    assert!(gone.latest.len() + gone.before.len() <= 2 * LAST_GONE);
    assert_eq!(gone.at(3 * LAST_GONE as u64 - 1), 7);
    assert_eq!(gone.at(0), 0);
}

#[tokio::test(start_paused = true)]
async fn first_lists_are_waited_for_by_all_together_and_not_for_long() {
    let versions = Versions::default();
    let watch = versions.watch(&kind());
    let kinds = BTreeSet::from([kind()]);
    let listed = versions.wait(&kinds);
    let shows = async {
        watch.take(&Ok(Event::Init));
        watch.take(&Ok(Event::InitDone));
    };
    tokio::join!(listed, shows);
    assert!(versions.is_listed(&kind(), Instant::now()));
    // Nobody watches it.
    let unwatched = BTreeSet::from([GroupKind::new("", "Secret")]);
    versions.wait(&unwatched).await;
}
