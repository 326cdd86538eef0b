use manifests::{GroupKind, ObjectId};
use pipeline::health::{Assessment, Health};

use super::{age, short, text};
use crate::signet::colours::Colours;
use crate::signet::modes::tree::node::{Maker, Node, State};

fn id(kind: &str, name: &str) -> ObjectId {
    ObjectId::new(GroupKind::new("", kind), Some("apps"), name)
}

fn node(kind: &str, name: &str, health: Health, message: &str) -> Node {
    let assessment = Assessment {
        health,
        word: "",
        message: message.to_owned(),
    };
    let mut node = Node::new(id(kind, name), "v1", State::Seen(Some(assessment)));
    node.created = Some("2025-12-31T23:58:00Z".parse().unwrap());
    node
}

fn tree() -> Node {
    let mut unit = node("Kustomization", "web", Health::Progressing, "hidden");
    unit.revision = Some("main@sha1:0123456789abcdef0123456789abcdef01234567".to_owned());
    unit.waits = Some("Progressing: waiting\nfor \x1b[31mDeployment".to_owned());
    let mut deployment = node("Deployment", "web", Health::Progressing, "1 of 2 ready");
    let mut set = node("ReplicaSet", "web-1", Health::Healthy, "not said");
    set.children
        .push(node("Pod", "web-1-a", Health::Healthy, ""));
    deployment.children.push(set);
    let mut secret = node("Secret", "db", Health::Healthy, "");
    secret.maker = Some(Maker {
        id: id("ExternalSecret", "db"),
        store: Some("SecretStore/vault".to_owned()),
        refreshed: Some("2025-12-31T22:00:00Z".parse().unwrap()),
    });
    let mut maker = node("ExternalSecret", "db", Health::Healthy, "");
    maker.children.push(secret);
    let hidden = State::Unreadable("forbidden: no".to_owned());
    maker.deleted = Some("2025-12-31T23:59:48Z".parse().unwrap());
    unit.children = vec![
        deployment,
        maker,
        Node::new(id("Secret", "hidden"), "v1", hidden),
    ];
    unit
}

#[test]
fn a_tree_is_drawn_with_columns_and_one_line_for_each_object() {
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let expected = "\
Kustomization/apps/web       Progressing  2m  main@sha1:0123456789ab; Progressing: waiting for \u{fffd}[31mDeployment
├─ Deployment/apps/web       Progressing  2m  1 of 2 ready
│  └─ ReplicaSet/apps/web-1  Healthy      2m
│     └─ Pod/apps/web-1-a    Healthy      2m
├─ ExternalSecret/apps/db    Healthy      2m  being deleted for 12s
│  └─ Secret/apps/db         Healthy      2m  made by ExternalSecret/apps/db from SecretStore/vault, 2h ago
└─ Secret/apps/hidden        Unreadable       forbidden: no
";
    assert_eq!(text(&[tree()], now, Colours::Plain), expected);
    let coloured = text(&[tree()], now, Colours::Shown);
    assert!(coloured.contains("\x1b[32mHealthy    \x1b[0m"));
    assert!(!coloured.contains("\x1b[31mDeployment"));
}

#[test]
fn ages_are_in_their_largest_unit_and_never_negative() {
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    for (since, expected) in [
        ("2025-12-31T23:59:01Z", "59s"),
        ("2025-12-31T23:00:01Z", "59m"),
        ("2025-12-31T00:00:01Z", "23h"),
        ("2025-01-01T00:00:00Z", "365d"),
        ("2026-02-01T00:00:00Z", "0s"),
    ] {
        assert_eq!(age(since.parse().unwrap(), now), expected);
    }
}

#[test]
fn revisions_that_are_no_commits_stay_as_they_are() {
    assert_eq!(short("0123456789abcdef"), "0123456789ab");
    for whole in ["v1.2.3", "main", "latest@sha256:abc"] {
        assert_eq!(short(whole), whole);
    }
}
