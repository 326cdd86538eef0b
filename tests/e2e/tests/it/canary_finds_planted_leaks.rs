//! The canary can fail: what is planted on a surface is found there.

use e2e::Canary;
use serde_json::json;

use crate::shared::shared;
use crate::tenant::{Tenant, config_map};

const PLANTED: &str = "planted-plaintext-4711";

/// I1.
#[test]
fn planted_plaintext_is_found_on_every_surface() {
    let shared = shared();
    let (world, controller) = (&shared.world, &shared.controller);
    let canary = Canary::of(&[PLANTED]);
    assert_eq!(canary.leaks(world, controller), Vec::<String>::new());

    let tenant = Tenant::new(shared, "canary", &[("a/a.yaml", &config_map("a", PLANTED))]);
    // A folder's name reaches message, event and log.
    tenant.unit("b", &json!({"path": format!("./{PLANTED}")}));
    tenant.fails("b", "BuildFailed");
    let file = controller.temp().join("planted");
    std::fs::write(&file, "x cGxhbnRlZC1wbGFpbnRleHQtNDcxMQ== x").expect("it is written");
    let leaks = canary.leaks(world, controller);
    std::fs::remove_file(&file).expect("it is removed");
    world.delete("Kustomization", "canary", "b");
    for surface in [
        "Kustomization canary/b: plaintext 0 (as it is)",
        "event on b: plaintext 0 (as it is)",
        "log: plaintext 0 (as it is)",
        "temp/planted: plaintext 0 (Base64)",
    ] {
        assert!(
            leaks.iter().any(|leak| leak == surface),
            "{surface}: {leaks:#?}"
        );
    }
    let archive = leaks
        .iter()
        .any(|leak| leak.starts_with("data/") && leak.contains("unpacked"));
    assert!(archive, "{leaks:#?}");

    for text in [
        "planted-plaintext-4711",
        "706c616e7465642d706c61696e746578742d34373131",
        "eHBsYW50ZWQtcGxhaW50ZXh0LTQ3MTE=",
        "112, 108, 97, 110, 116, 101, 100, 45, 112, 108, 97, 105, 110, 116, 101, 120, 116, 45, 52, 55, 49, 49",
    ] {
        assert!(!canary.found_in(text.as_bytes()).is_empty(), "{text}");
    }
    assert!(canary.found_in(b"planted-plaintext-4712").is_empty());
}
