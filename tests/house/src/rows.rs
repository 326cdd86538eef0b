//! Which behaviours and invariants are proved, and by which test.
//!
//! A test cites the row of the compatibility promise it proves, `K-031`, or the security invariant
//! it guards, `I6`, in its doc comment or its body. [`fn@write`] gathers the citations into a page of
//! the reference, [`check`] says when that page is not up to date. A citation outside of a test
//! proves nothing and is not listed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    io::ErrorKind,
    path::Path,
};

use anyhow::Context;

use crate::words;

/// The page this module writes.
const PAGE: &str = "docs/reference/proved-rows.md";

/// What rows begin with, and what they are about.
const FAMILIES: &[(char, &str)] = &[
    (
        'K',
        "Sealed Secrets: resource, controller, HTTP API, `kubeseal`",
    ),
    ('S', "SOPS: files, keys, `sops`"),
    ('E', "External Secrets: resources, stores, providers"),
    ('G', "GitOps: sources, rendering, apply, prune, health"),
    ('I', "Security invariants (SECURITY.md)"),
];

const HEAD: &str = "\
# Which test proves which behaviour

Written by `cargo run -p house -- rows`; do not edit. [CONTRIBUTING.md](../../CONTRIBUTING.md) says what the rows are. A
row that is not here has no test that cites it, and counts as not done.
";

/// Row → where it is cited: the path of a file, and the name of a test where one is meant.
type Proofs = BTreeMap<String, BTreeSet<(String, Option<String>)>>;

/// Returns a finding when the page is not what the tests say.
pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let found = match fs::read_to_string(root.join(PAGE)) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        found => found.with_context(|| format!("failed to read {PAGE}"))?,
    };
    let is_current = found == page(&proofs(root)?);
    Ok(if is_current {
        Vec::new()
    } else {
        vec![format!(
            "{PAGE} is not up to date; hint: cargo run -p house -- rows"
        )]
    })
}

/// Writes the page.
pub(crate) fn write(root: &Path) -> anyhow::Result<()> {
    let text = page(&proofs(root)?);
    fs::write(root.join(PAGE), text).with_context(|| format!("failed to write {PAGE}"))
}

fn proofs(root: &Path) -> anyhow::Result<Proofs> {
    let mut proofs = Proofs::new();
    for path in words::files(root, &["*.rs", "*_test.go"])? {
        // What this tool is tested with are no citations.
        if path.starts_with("tests/house/") {
            continue;
        }
        let code = match fs::read_to_string(root.join(&path)) {
            Ok(code) => code,
            // Deleted, and not committed yet.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| format!("failed to read {path}")),
        };
        for (row, test) in citations(&path, &code) {
            proofs.entry(row).or_default().insert((path.clone(), test));
        }
    }
    Ok(proofs)
}

/// A function that is being read.
struct Function {
    /// Its name when it is a test.
    test: Option<String>,
    /// The line that ends it.
    end: String,
}

/// Returns the rows that the tests of a file cite, each with the test's name, or without one where
/// what cites it serves several tests.
fn citations(path: &str, code: &str) -> Vec<(String, Option<String>)> {
    let mut citations = Vec::new();
    let is_go = path.ends_with("_test.go");
    if !is_go && !code.contains("test]") && !code.contains("test(") {
        // What only serves tests proves nothing by itself.
        return citations;
    }
    let mut is_test_code = words::is_test(path) || is_go;
    let mut announced = Vec::new();
    let mut has_test_attribute = false;
    let mut current: Option<Function> = None;
    for line in code.lines() {
        let trimmed = line.trim_start();
        is_test_code |= trimmed.starts_with("#[cfg(test)]");
        if !is_test_code {
            continue;
        }
        if trimmed.starts_with("#[") {
            has_test_attribute |= trimmed.contains("test]") || trimmed.contains("test(");
        } else if trimmed.starts_with("///") || (is_go && line.starts_with("//")) {
            announced.extend(rows(trimmed));
        } else if let Some(name) = function(trimmed) {
            let is_test = has_test_attribute || name.starts_with("Test");
            let indent = line.strip_suffix(trimmed).unwrap_or_default();
            let test = is_test.then(|| name.to_owned());
            let cited = announced.drain(..).chain(rows(trimmed));
            citations.extend(cited.map(|row| (row, test.clone())));
            has_test_attribute = false;
            current = Some(Function {
                test,
                end: format!("{indent}}}"),
            });
        } else {
            let test = current.as_ref().and_then(|function| function.test.clone());
            if !trimmed.is_empty() && !trimmed.starts_with("//") {
                // The comment was about something that is no function.
                citations.extend(announced.drain(..).map(|row| (row, None)));
            }
            citations.extend(rows(trimmed).into_iter().map(|row| (row, test.clone())));
            if current
                .as_ref()
                .is_some_and(|function| line == function.end)
            {
                current = None;
            }
        }
    }
    citations
}

/// Returns the name of the function that a line begins.
pub(crate) fn function(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    words
        .find(|word| {
            !matches!(
                *word,
                "pub" | "pub(crate)" | "pub(super)" | "async" | "const"
            )
        })
        .filter(|word| matches!(*word, "fn" | "func"))?;
    let name = words.next()?.split(['(', '<']).next()?;
    (!name.is_empty()).then_some(name)
}

/// Returns the rows and invariants that a line names.
fn rows(line: &str) -> Vec<String> {
    line.split(|character: char| !(character.is_ascii_alphanumeric() || character == '-'))
        .filter(|word| is_row(word) || is_invariant(word))
        .map(str::to_owned)
        .collect()
}

fn is_row(word: &str) -> bool {
    let is_family = |family: &str| {
        FAMILIES
            .iter()
            .any(|(letter, _)| family == letter.to_string())
    };
    word.split_once('-').is_some_and(|(family, number)| {
        is_family(family)
            && family != "I"
            && number.len() == 3
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_invariant(word: &str) -> bool {
    word.strip_prefix('I')
        .and_then(|number| number.parse::<u8>().ok())
        .is_some_and(|number| (1..=10).contains(&number) && word == format!("I{number}"))
}

fn page(proofs: &Proofs) -> String {
    let mut page = HEAD.to_owned();
    for (letter, about) in FAMILIES {
        let mut cited: Vec<_> = proofs
            .iter()
            .filter(|(row, _)| row.starts_with(*letter))
            .collect();
        cited.sort_by_key(|(row, _)| (row.len(), row.as_str()));
        // INVARIANT: writing to a String cannot fail.
        let _ = write!(
            page,
            "\n## {about}\n\n{} with a test.\n\n| row | test |\n|---|---|\n",
            cited.len()
        );
        for (row, places) in cited {
            for (path, test) in places {
                let test = test.as_deref().unwrap_or("several tests");
                let _ = writeln!(page, "| {row} | `{path}` · {test} |");
            }
        }
    }
    page
}

#[cfg(test)]
mod tests;
