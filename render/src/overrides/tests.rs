use std::collections::BTreeMap;

use super::*;

#[test]
fn nothing_overridden_is_no_document() {
    assert_eq!(document(&KustomizeOptions::default(), &[]), None);
    let stamped = KustomizeOptions {
        common_labels: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
        ..KustomizeOptions::default()
    };
    assert_eq!(document(&stamped, &[]), None);
}

#[test]
fn empty_parts_of_a_target_and_an_image_are_left_out() {
    let options = KustomizeOptions {
        patches: vec![Patch {
            patch: "[]".to_owned(),
            target: Some(PatchTarget {
                kind: "Pod".to_owned(),
                ..PatchTarget::default()
            }),
        }],
        images: vec![Image {
            name: "a".to_owned(),
            new_tag: "1.10".to_owned(),
            ..Image::default()
        }],
        ..KustomizeOptions::default()
    };
    assert_eq!(
        document(&options, &[]),
        Some(json!({
            "patches": [{"patch": "[]", "target": {"kind": "Pod"}}],
            "images": [{"name": "a", "newTag": "1.10"}],
        }))
    );
}

#[test]
fn common_metadata_is_stamped_over_the_objects_own_g_192() {
    let options = KustomizeOptions {
        common_labels: BTreeMap::from([("team".to_owned(), "ours".to_owned())]),
        common_annotations: BTreeMap::from([("note".to_owned(), "new".to_owned())]),
        ..KustomizeOptions::default()
    };
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "a", "labels": {"team": "theirs", "kept": "yes"}, "annotations": null},
    });
    let mut manifest = Manifest::new(object, None).unwrap();
    stamp(&options, &mut manifest);
    assert_eq!(
        manifest.object()["metadata"],
        json!({
            "name": "a",
            "labels": {"team": "ours", "kept": "yes"},
            "annotations": {"note": "new"},
        })
    );
}
