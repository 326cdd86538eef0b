use super::*;

#[test]
fn every_prerequisite_names_its_package() {
    for prerequisite in Prerequisite::ALL {
        assert!(!prerequisite.debian_package().is_empty(), "{prerequisite}");
    }
}

#[test]
fn missing_program_is_not_found() {
    assert_eq!(find_program("no-program-has-this-name"), None);
    assert!(find_program("sh").is_some());
}

#[test]
fn minor_version_of_go_is_read() {
    assert_eq!(minor_version("go version go1.26.8 linux/amd64"), Some(26));
    assert_eq!(minor_version("go version go1.19 linux/arm64"), Some(19));
    assert_eq!(minor_version("go version devel"), None);
}
