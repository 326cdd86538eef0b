//! What the text of the code may not say, as far as no lint sees it.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, ensure};

/// A file longer than this holds two things.
const LONGEST_FILE: usize = 600;

/// A comment that explains a line stands at most this many lines above it.
const COMMENT_REACH: usize = 4;

/// Names of modules that say nothing about what they know.
const DRAWERS: &[&str] = &[
    "utils", "util", "helpers", "helper", "common", "misc", "types",
];

/// Returns one line for each place that breaks a rule.
pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    for path in files(root, &["*.rs"])? {
        let text = match fs::read_to_string(root.join(&path)) {
            Ok(text) => text,
            // Deleted, and not committed yet.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| format!("failed to read {path}")),
        };
        findings.extend(findings_in(&path, &text));
    }
    Ok(findings)
}

/// Returns the files of the given patterns that Git knows or would add.
pub(crate) fn files(root: &Path, patterns: &[&str]) -> anyhow::Result<Vec<String>> {
    let output = Command::new("git")
        .current_dir(root)
        .args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "--",
        ])
        .args(patterns)
        .output()
        .context("failed to run git")?;
    ensure!(
        output.status.success(),
        "git failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect())
}

fn findings_in(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() > LONGEST_FILE {
        findings.push(format!(
            "{path}: {} lines; split it at {LONGEST_FILE}",
            lines.len()
        ));
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let module = name.trim_end_matches(".rs");
    if DRAWERS.contains(&module) {
        findings.push(format!("{path}: a module is named for the thing it knows"));
    }
    if is_test(path) {
        return findings;
    }
    for (index, line) in lines.iter().enumerate() {
        if line.trim_start().starts_with("#[cfg(test)]") {
            break;
        }
        if line.trim_start().starts_with("//") {
            continue;
        }
        let place = format!("{path}:{}", index + 1);
        let above = &lines[index.saturating_sub(COMMENT_REACH)..=index];
        let explained = |word: &str| above.iter().any(|line| line.contains(word));
        if line.contains("#[instrument") || line.contains("tracing::instrument") {
            let attribute = lines[index..]
                .iter()
                .take(COMMENT_REACH)
                .copied()
                .collect::<String>();
            if !line.trim_start().starts_with("use ") && !attribute.contains("skip_all") {
                findings.push(format!(
                    "{place}: instrument without skip_all prints arguments"
                ));
            }
        }
        if (line.contains(".expose()") || line.contains(".expose_str()"))
            && !explained("// EXPOSE:")
        {
            findings.push(format!(
                "{place}: plaintext is read without an `// EXPOSE:` comment"
            ));
        }
        if line.contains(".expect(\"") && !explained("INVARIANT:") && !line.contains("because") {
            findings.push(format!(
                "{place}: expect without `// INVARIANT:` or the proof"
            ));
        }
        if let Some(word) = ["TODO", "FIXME", "XXX"]
            .iter()
            .find(|word| line.contains(*word))
        {
            findings.push(format!("{place}: {word}"));
        }
    }
    findings
}

/// Returns whether a file holds tests, or serves nothing but tests.
pub(crate) fn is_test(path: &str) -> bool {
    path.starts_with("tests/")
        || path.contains("/tests/")
        || path.ends_with("/tests.rs")
        || path.ends_with("/test_support.rs")
        || path.contains("/fixtures")
}

#[cfg(test)]
mod tests;
