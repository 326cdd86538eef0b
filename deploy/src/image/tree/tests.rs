use super::*;

/// Returns an image of programs that every machine has, in the parts of ours.
fn image(folder: &Path) -> Image {
    let certificates = folder.join("certificates.crt");
    fs::write(&certificates, "certificates").unwrap();
    let program = std::env::current_exe().unwrap();
    Image {
        controller: PathBuf::from("/bin/ls"),
        worker: program,
        certificates,
    }
}

#[test]
fn tree_holds_programs_libraries_certificates_and_user() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("tree");
    let report = assemble(&image(folder.path()), &out).unwrap();
    for place in [
        CONTROLLER,
        WORKER,
        CERTIFICATES,
        "etc/passwd",
        "etc/group",
        "tmp",
        "data",
    ] {
        assert!(out.join(place).exists(), "{place}");
    }
    for library in &report.libraries {
        assert!(
            out.join(library.strip_prefix("/").unwrap()).is_file(),
            "{library:?}"
        );
    }
    assert!(report.size > 0);
    let user = fs::read_to_string(out.join("etc/passwd")).unwrap();
    assert!(user.contains("signet:x:1001:1001:"), "{user}");
}

#[test]
fn folder_that_is_not_empty_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine"), "").unwrap();
    let error = assemble(&image(folder.path()), folder.path()).unwrap_err();
    assert!(error.to_string().contains("is not empty"), "{error}");
}

#[test]
fn script_in_place_of_a_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    fs::write(&script, "#!/bin/sh\n").unwrap();
    let image = Image {
        controller: script,
        ..image(folder.path())
    };
    let error = assemble(&image, &folder.path().join("tree")).unwrap_err();
    assert!(
        format!("{error:#}").contains("not a little-endian 64-bit ELF file"),
        "{error:#}"
    );
}
