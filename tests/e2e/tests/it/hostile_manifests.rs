//! Manifests that mean harm fail their own unit with a clear message; others are applied (I6, I7).

use serde_json::json;
use std::fmt::Write as _;

use crate::crafted::{blob, set_main, tree};
use crate::shared::shared;
use crate::tenant::{Tenant, config_map};

fn bomb() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let before = format!("*a{}", level - 1);
        let list = [before.as_str(); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{list}]").expect("a String takes it");
    }
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: bomb}}\n{text}")
}

fn nested() -> String {
    let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: nested}}\ndeep: {open}{close}\n")
}

/// G-191, I6, I7.
#[test]
fn hostile_manifests_fail_their_own_unit_alone() {
    let shared = shared();
    let duplicate =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: twice}\ndata:\n  a: one\n  a: two\n";
    let encoding =
        b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bytes}\ndata:\n  a: \"\xff\xfe\"\n";
    let hostile: [(&str, Vec<u8>, &[&str]); 4] = [
        ("bomb", bomb().into_bytes(), &["a.yaml"]),
        ("nested", nested().into_bytes(), &["a.yaml", "levels deep"]),
        ("encoding", encoding.to_vec(), &["a.yaml", "UTF-8"]),
        ("duplicate", duplicate.into(), &["a.yaml", "duplicate key"]),
    ];
    let tenant = Tenant::new(
        shared,
        "hostile-yaml",
        &[("good/a.yaml", &config_map("a", "x"))],
    );
    let repository = &tenant.repository;
    let mut folders = Vec::new();
    for (name, content, _) in &hostile {
        let file = blob(repository, content);
        folders.push((*name, tree(repository, &[("100644", "a.yaml", &file)])));
    }
    let good = blob(repository, config_map("a", "good").as_bytes());
    folders.push(("good", tree(repository, &[("100644", "a.yaml", &good)])));
    folders.sort();
    let entries: Vec<(&str, &str, &str)> = folders
        .iter()
        .map(|(name, id)| ("40000", *name, id.as_str()))
        .collect();
    set_main(repository, &tree(repository, &entries));
    tenant.reconcile("GitRepository", "repo");
    for (name, ..) in &hostile {
        tenant.unit(name, &json!({}));
    }
    tenant.unit("good", &json!({}));
    tenant.ready("good");
    for (name, _, parts) in &hostile {
        let message = tenant.fails(name, "BuildFailed");
        for part in *parts {
            assert!(message.contains(part), "{name}: {message}");
        }
        assert!(
            message.len() < 2_000,
            "{name}: a message of {} bytes",
            message.len()
        );
    }
    let live = tenant.get("ConfigMap", "a").expect("it is applied");
    assert_eq!(live["data"]["key"], "good");
    assert_eq!(shared.controller.get("/healthz").as_deref(), Ok("ok\n"));
}
