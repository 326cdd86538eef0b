use super::*;

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn boundary(name: &str) -> &'static Boundary {
    BOUNDARIES
        .iter()
        .find(|boundary| boundary.name == name)
        .unwrap()
}

#[test]
fn allowed_imports_are_no_finding() {
    let direct = set(&["sealing", "secret-bytes", "rsa"]);
    assert_eq!(
        crossings(boundary("sealing"), &direct, &direct),
        Vec::<String>::new()
    );
}

#[test]
fn import_of_a_forbidden_crate_of_ours_is_found() {
    let direct = set(&["sealing", "api"]);
    let findings = crossings(boundary("sealing"), &direct, &direct);
    assert_eq!(findings, ["sealing may not import api"]);
}

#[test]
fn client_is_found_over_any_number_of_steps() {
    let findings = crossings(
        boundary("api"),
        &set(&["api", "kube"]),
        &set(&["api", "kube", "kube-client"]),
    );
    assert_eq!(findings.len(), 1);
    assert!(
        findings[0].starts_with("api must never reach kube-client"),
        "{findings:?}"
    );
}

#[test]
fn tree_is_read_by_its_first_words() {
    let tree = "api v0.1.0 (/somewhere/api)\nserde v1.0.0\nserde v1.0.0 (*)\n";
    assert_eq!(names(tree), set(&["api", "serde"]));
}

#[test]
fn every_crate_of_ours_that_ships_has_a_boundary() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let members = manifest
        .split("members = [")
        .nth(1)
        .unwrap()
        .split(']')
        .next()
        .unwrap();
    for member in members
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|m| !m.starts_with("tests/"))
    {
        assert!(
            BOUNDARIES.iter().any(|b| b.name == member),
            "{member} has no boundary"
        );
    }
}
