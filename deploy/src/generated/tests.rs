use super::*;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn committed_files_are_up_to_date() {
    assert_eq!(stale(&root()).unwrap(), [], "run `just generate`");
}

#[test]
fn a_changed_file_an_absent_one_and_a_leftover_are_found_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path()).unwrap();
    assert_eq!(stale(folder.path()).unwrap(), []);

    let changed = PathBuf::from("manifests/10-rights.yaml");
    let absent = PathBuf::from("crds/sealedsecrets.bitnami.com.yaml");
    let leftover = PathBuf::from("crds/old.yaml");
    fs::write(folder.path().join(&changed), "changed").unwrap();
    fs::remove_file(folder.path().join(&absent)).unwrap();
    fs::write(folder.path().join(&leftover), "").unwrap();
    let expected = [
        Stale::Differs(absent),
        Stale::Differs(changed),
        Stale::Leftover(leftover),
    ];
    assert_eq!(stale(folder.path()).unwrap(), expected);
    assert_eq!(write(folder.path()).unwrap(), expected);
    assert_eq!(stale(folder.path()).unwrap(), []);
}
