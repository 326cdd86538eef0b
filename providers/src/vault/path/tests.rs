use super::*;

fn data(path: Option<&str>, version: KvVersion, key: &str) -> String {
    Mount::new(path, version).data(key).unwrap()
}

/// E-140: every spelling of a path names the same secret.
#[test]
fn paths_of_both_versions_are_built() {
    use KvVersion::{V1, V2};

    for key in ["a/b", "secret/a/b", "data/a/b", "secret/data/a/b"] {
        assert_eq!(data(Some("secret"), V2, key), "secret/data/a/b", "{key}");
    }
    for key in ["secret/a/b", "secret/data/a/b"] {
        assert_eq!(data(None, V2, key), "secret/data/a/b", "{key}");
    }
    assert_eq!(data(Some("kv"), V1, "a/b"), "kv/a/b");
    assert_eq!(data(Some("kv"), V1, "kv/a/b"), "kv/a/b");
    assert_eq!(data(Some("kv"), V1, "data/a"), "kv/data/a");
    assert_eq!(data(None, V1, "kv/a/b"), "kv/a/b");
    assert_eq!(data(Some("team/kv/"), V2, "team/kv/a"), "team/kv/data/a");
}

/// E-144: metadata has a path of its own, and v1 has none.
#[test]
fn metadata_paths_are_built() {
    let metadata = |path, version, key| Mount::new(path, version).metadata(key);
    assert_eq!(
        metadata(Some("secret"), KvVersion::V2, "secret/data/a").unwrap(),
        "secret/metadata/a"
    );
    assert_eq!(
        metadata(None, KvVersion::V2, "secret/data/a").unwrap(),
        "secret/metadata/a"
    );
    assert_eq!(
        metadata(None, KvVersion::V2, "secret/a")
            .unwrap_err()
            .to_string(),
        "provided Path isn't a valid kv v2 path"
    );
    assert_eq!(
        metadata(Some("kv"), KvVersion::V1, "a")
            .unwrap_err()
            .to_string(),
        "cannot perform metadata fetch operations with kv version v1"
    );
}

#[test]
fn key_cannot_leave_the_mount() {
    for key in ["../../sys/mounts", "a/../../b", "./a"] {
        assert!(
            Mount::new(Some("secret"), KvVersion::V2).data(key).is_err(),
            "{key}"
        );
    }
}
