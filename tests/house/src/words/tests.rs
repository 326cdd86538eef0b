use super::*;

fn of(text: &str) -> Vec<String> {
    findings_in("crate/src/thing.rs", text)
}

#[test]
fn file_may_have_600_lines_and_no_more() {
    assert_eq!(of(&"\n".repeat(600)), Vec::<String>::new());
    assert_eq!(
        of(&"\n".repeat(601)),
        ["crate/src/thing.rs: 601 lines; split it at 600"]
    );
}

#[test]
fn instrument_needs_skip_all() {
    assert_eq!(
        of("#[instrument(skip_all, fields(name))]\nfn f() {}\n"),
        Vec::<String>::new()
    );
    assert_eq!(
        of("#[tracing::instrument(\n    skip_all,\n)]\nfn f() {}\n"),
        Vec::<String>::new()
    );
    assert_eq!(of("#[instrument]\nfn f() {}\n").len(), 1);
    assert_eq!(of("use tracing::instrument;\n"), Vec::<String>::new());
}

#[test]
fn plaintext_is_read_with_a_reason() {
    assert_eq!(
        of("// EXPOSE: the request needs it\nlet a = b.expose();\n"),
        Vec::<String>::new()
    );
    assert_eq!(of("let a = b.expose();\n").len(), 1);
}

#[test]
fn tests_need_no_reasons() {
    assert_eq!(
        of("#[cfg(test)]\nmod tests {\n    fn f() { b.expose(); }\n}\n"),
        Vec::<String>::new()
    );
    assert_eq!(
        findings_in("crate/src/thing/tests.rs", "b.expose();\n"),
        Vec::<String>::new()
    );
}

#[test]
fn expectation_needs_its_proof() {
    assert_eq!(of("a.expect(\"it is there\");\n").len(), 1);
    assert_eq!(
        of("// INVARIANT: checked above\na.expect(\"x\");\n"),
        Vec::<String>::new()
    );
}

#[test]
fn drawers_are_no_modules() {
    assert_eq!(findings_in("crate/src/utils.rs", "").len(), 1);
    assert_eq!(findings_in("crate/src/thing/types.rs", "").len(), 1);
}
