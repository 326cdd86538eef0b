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
