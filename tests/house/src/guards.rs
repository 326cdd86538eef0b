//! Tests that the security page names must be there.
//!
//! The page says for each class of weakness which test fails when its guard is taken out. A test
//! that was renamed or dropped would leave the claim standing alone.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::Context;

use crate::{rows, words};

/// The page that names tests.
const PAGE: &str = "SECURITY.md";

/// Returns the names on the page that no test has.
pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let page =
        fs::read_to_string(root.join(PAGE)).with_context(|| format!("failed to read {PAGE}"))?;
    let mut tests = BTreeSet::new();
    for path in words::files(root, &["*.rs", "*_test.go"])? {
        // A file may be deleted and not committed yet.
        let code = fs::read_to_string(root.join(&path)).unwrap_or_default();
        tests.extend(functions(&code));
    }
    let missing = named(&page)
        .into_iter()
        .filter(|name| !tests.contains(name));
    Ok(missing
        .map(|name| format!("{PAGE} names the test {name}, which there is none of"))
        .collect())
}

fn functions(code: &str) -> impl Iterator<Item = String> {
    let names = code
        .lines()
        .filter_map(|line| rows::function(line.trim_start()));
    names.map(str::to_owned)
}

/// Returns what looks like the name of a test: lower case, in backquotes, three words or more.
fn named(page: &str) -> BTreeSet<String> {
    let quoted = page
        .lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2));
    let is_name = |text: &&str| {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        text.bytes().all(is_plain) && text.matches('_').count() >= 2
    };
    quoted.filter(is_name).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tests_are_told_from_other_words() {
        let page = "| `sources` | `crafted_names_are_refused`, `--no-cross-namespace-refs`, `a::b`,\n`to_body` |";
        assert_eq!(
            named(page),
            BTreeSet::from(["crafted_names_are_refused".to_owned()])
        );
    }

    #[test]
    fn functions_are_found_with_their_attributes() {
        let code = "#[test]\nfn one_two_three() {}\n    async fn four() {}\nlet x = 1;\n";
        let found: Vec<_> = functions(code).collect();
        assert_eq!(found, ["one_two_three", "four"]);
    }
}
