use super::*;

fn of(text: &str) -> Vec<(String, Option<String>)> {
    citations("crate/src/thing/tests.rs", text)
}

fn cited(row: &str, test: &str) -> (String, Option<String>) {
    (row.to_owned(), Some(test.to_owned()))
}

#[test]
fn doc_comment_of_a_test_is_a_proof() {
    let text = "/// K-031, K-032: scopes hold.\n#[test]\nfn scopes_hold() {\n}\n";
    assert_eq!(
        of(text),
        [cited("K-031", "scopes_hold"), cited("K-032", "scopes_hold")]
    );
}

#[test]
fn comment_inside_a_test_is_a_proof_of_that_test_only() {
    let text = "#[tokio::test]\nasync fn a() {\n    // E-045: once a key.\n}\n\n/// I10\n#[test]\nfn b() {}\n";
    assert_eq!(of(text), [cited("E-045", "a"), cited("I10", "b")]);
}

#[test]
fn what_serves_several_tests_names_none() {
    let text = "//! G-101\n/// S-012\nconst CASES: &[&str] = &[];\n/// S-013\nfn case() {}\n#[test]\nfn a() {}\n";
    let several: Vec<_> = ["G-101", "S-012", "S-013"]
        .map(|row| (row.to_owned(), None))
        .into();
    assert_eq!(of(text), several);
}

#[test]
fn production_code_proves_nothing() {
    let text = "/// K-031\nfn seal() {}\n#[cfg(test)]\nmod tests {\n    /// K-032\n    #[test]\n    fn seals() {}\n}\n";
    assert_eq!(
        citations("crate/src/thing.rs", text),
        [cited("K-032", "seals")]
    );
}

#[test]
fn code_that_only_serves_tests_proves_nothing() {
    assert_eq!(
        citations("tests/e2e/src/canary.rs", "//! I1\nfn look() {}\n"),
        Vec::new()
    );
}

#[test]
fn go_tests_are_read_too() {
    let text = "// G-022: bases.\nfunc TestBases(t *testing.T) {\n}\n";
    assert_eq!(
        citations("render/worker/worker_test.go", text),
        [cited("G-022", "TestBases")]
    );
}

#[test]
fn rows_have_three_digits_and_invariants_end_at_ten() {
    assert_eq!(
        rows("K-1 K-0311 AK-031 X-031 K-031. I0 I11 I1 I01"),
        ["K-031", "I1"]
    );
}

#[test]
fn page_lists_each_row_under_its_family() {
    let place = (
        "sealing/src/label/tests.rs".to_owned(),
        Some("a".to_owned()),
    );
    let proofs = Proofs::from([
        ("K-031".to_owned(), BTreeSet::from([place.clone()])),
        ("I10".to_owned(), BTreeSet::from([place.clone()])),
        ("I9".to_owned(), BTreeSet::from([place])),
    ]);
    let page = page(&proofs);
    let line = |row: &str| page.find(&format!("| {row} | `sealing/src/label/tests.rs` · a |"));
    assert!(
        line("K-031") < line("I9") && line("I9") < line("I10"),
        "{page}"
    );
    assert!(page.contains("2 with a test."), "{page}");
}

#[test]
fn page_that_is_missing_is_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let git = std::process::Command::new("git")
        .args(["init", "--quiet"])
        .current_dir(folder.path())
        .status()
        .unwrap();
    assert!(git.success());
    assert_eq!(check(folder.path()).unwrap().len(), 1);
    fs::create_dir_all(folder.path().join("docs/reference")).unwrap();
    write(folder.path()).unwrap();
    assert_eq!(check(folder.path()).unwrap(), Vec::<String>::new());
}
