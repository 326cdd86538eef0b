use super::*;

/// S-123, S-191
#[test]
fn the_suffix_decides_and_case_matters() {
    for (path, format) in [
        ("a.yaml", Format::Yaml),
        ("d/a.yml", Format::Yaml),
        ("a.json", Format::Json),
        (".env", Format::Dotenv),
        ("a.ini", Format::Ini),
        ("a.YAML", Format::Binary),
        ("foo.env.local", Format::Binary),
    ] {
        assert_eq!(Format::from_path(path), format, "{path}");
    }
}

/// The marks of G-199.
#[test]
fn marks_of_encrypted_files_are_found() {
    assert!(is_encrypted(Format::Yaml, b"a: 1\nsops:\n  mac: ENC[x"));
    assert!(!is_encrypted(Format::Yaml, b"a: 1\n"));
    assert!(is_encrypted(Format::Json, b"{\"mac\": \"ENC[x"));
    assert!(is_encrypted(Format::Binary, b"{\"mac\":\"ENC[x"));
    assert!(is_encrypted(Format::Dotenv, b"A=1\nsops_mac=ENC[x"));
    assert!(is_encrypted(Format::Ini, b"[sops]\n"));
    assert!(is_encrypted_object(
        &serde_json::json!({"sops": {"mac": "x"}})
    ));
    assert!(!is_encrypted_object(
        &serde_json::json!({"sops": {"mac": ""}})
    ));
}
