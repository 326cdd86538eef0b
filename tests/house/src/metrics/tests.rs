use super::*;

#[test]
fn code_names_metrics_in_quotes() {
    let code = r#"registry.register("signet_leading", "Whether this replica leads", x); env!("CARGO_PKG")"#;
    assert_eq!(told_in(code), BTreeSet::from(["signet_leading".to_owned()]));
}

#[test]
fn page_lists_them_in_its_first_column() {
    let page =
        "| name | type |\n|---|---|\n| `a_b_total` | counter |\n| `c_d` | gauge |\nSee `e_f`.\n";
    assert_eq!(
        listed_in(page),
        BTreeSet::from(["a_b".to_owned(), "c_d".to_owned()])
    );
}

#[test]
fn name_on_one_side_is_found() {
    let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(
        differences(&set(&["a_b", "c_d"]), &set(&["c_d", "e_f"])),
        [
            "docs/reference/metrics.md does not list a_b",
            "docs/reference/metrics.md lists e_f, which no code tells"
        ]
    );
}
