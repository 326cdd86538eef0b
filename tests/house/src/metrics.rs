//! The names of metrics, which people alert on: what the code tells and what the reference lists
//! must be the same.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::Context;

use crate::words;

/// The page that lists them.
const PAGE: &str = "docs/reference/metrics.md";

/// The files that name them; nothing else in these has the form of a metric's name.
const SOURCES: &[&str] = &["controller/src/metrics.rs", "controller/src/metrics/*.rs"];

/// What the text form adds to the name of a counter.
const COUNTER: &str = "_total";

/// Returns one line for each name that stands on one side only.
pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let read = |path: &str| {
        fs::read_to_string(root.join(path)).with_context(|| format!("failed to read {path}"))
    };
    let mut told = BTreeSet::new();
    for path in words::files(root, SOURCES)? {
        if !words::is_test(&path) && root.join(&path).is_file() {
            told.extend(told_in(&read(&path)?));
        }
    }
    Ok(differences(&told, &listed_in(&read(PAGE)?)))
}

fn differences(told: &BTreeSet<String>, listed: &BTreeSet<String>) -> Vec<String> {
    let missing = told
        .difference(listed)
        .map(|name| format!("{PAGE} does not list {name}"));
    let stale = listed
        .difference(told)
        .map(|name| format!("{PAGE} lists {name}, which no code tells"));
    missing.chain(stale).collect()
}

/// Returns the metrics that code names, in double quotes.
fn told_in(code: &str) -> BTreeSet<String> {
    code.split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| is_name(text))
        .map(str::to_owned)
        .collect()
}

/// Returns the metrics in the first column of a table, as code names them.
fn listed_in(page: &str) -> BTreeSet<String> {
    page.lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(|name| name.strip_suffix(COUNTER).unwrap_or(name))
        .filter(|name| is_name(name))
        .map(str::to_owned)
        .collect()
}

fn is_name(text: &str) -> bool {
    text.contains('_')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests;
