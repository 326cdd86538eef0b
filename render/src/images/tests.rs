use manifests::{KustomizeOptions, Tree};
use serde_json::json;

use super::*;

fn unused(overrides: &[(&str, &str, &str, &str)], images: &[&str]) -> Vec<UnusedImage> {
    let text = |part: &str| part.to_owned();
    let options = BuildOptions {
        tool: Tool::Kustomize(KustomizeOptions {
            images: overrides
                .iter()
                .map(|(name, new_name, new_tag, digest)| manifests::Image {
                    name: text(name),
                    new_name: text(new_name),
                    new_tag: text(new_tag),
                    digest: text(digest),
                })
                .collect(),
            ..KustomizeOptions::default()
        }),
        ..BuildOptions::default()
    };
    let containers: Vec<_> = images.iter().map(|image| json!({"image": image})).collect();
    let object = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
        "spec": {"containers": containers},
    });
    let built = [Manifest::new(object, None).unwrap()];
    unused_images(&Tree::default(), &options, &built).unwrap()
}

#[test]
fn an_override_that_shows_in_an_image_is_used() {
    for (entry, image) in [
        (("app", "", "v2", ""), "app:v2"),
        (("app", "other", "", ""), "other:v1"),
        (("r.test:5000/app", "", "v2", ""), "r.test:5000/app:v2"),
        (("app", "", "", "sha256:aa"), "app@sha256:aa"),
        (("app", "", "v2", "sha256:aa"), "app@sha256:aa"),
    ] {
        assert_eq!(unused(&[entry], &["x:1", image]), [], "{image}");
    }
}

#[test]
fn one_that_shows_nowhere_is_reported_with_near_matches() {
    let found = unused(
        &[("app", "", "v2", "")],
        &[
            "r.test:5000/team/app:v1",
            "r.test:5000/team/app:v3",
            "unrelated",
        ],
    );
    assert_eq!(
        found,
        [UnusedImage {
            name: "app".to_owned(),
            similar: vec!["r.test:5000/team/app".to_owned()],
        }]
    );
    assert_eq!(unused(&[("app", "", "v2", "")], &["app:v1"]).len(), 1);
}
