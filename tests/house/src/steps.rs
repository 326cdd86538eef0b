//! Everything that has to hold before a change lands, step by step.

use std::{
    fmt::Write as _,
    io::{self, Write},
    path::Path,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use crate::{boundaries, dependencies, guards, metrics, rows, words};

/// One step.
struct Step {
    name: &'static str,
    work: Work,
}

/// What a step does.
enum Work {
    /// Runs cargo with these arguments.
    Cargo(&'static [&'static str]),
    /// Runs `cargo doc` with warnings denied.
    Docs,
    /// Lists findings.
    Findings(fn(&Path) -> anyhow::Result<Vec<String>>),
    /// Runs `cargo-deny`.
    Dependencies,
}

const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        work: Work::Cargo(&["fmt", "--all", "--check"]),
    },
    Step {
        name: "lint",
        work: Work::Cargo(&[
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ]),
    },
    Step {
        name: "boundaries",
        work: Work::Findings(boundaries::check),
    },
    Step {
        name: "words",
        work: Work::Findings(words::check),
    },
    Step {
        name: "generated",
        work: Work::Cargo(&[
            "run", "--quiet", "--locked", "-p", "deploy", "--", "generate", "--check",
        ]),
    },
    Step {
        name: "rows",
        work: Work::Findings(rows::check),
    },
    Step {
        name: "guards",
        work: Work::Findings(guards::check),
    },
    Step {
        name: "metrics",
        work: Work::Findings(metrics::check),
    },
    Step {
        name: "deny",
        work: Work::Dependencies,
    },
    Step {
        name: "doc",
        work: Work::Docs,
    },
    Step {
        name: "components",
        work: Work::Cargo(&[
            "run",
            "--quiet",
            "--locked",
            "-p",
            "components",
            "--bin",
            "tools",
            "--",
            "ensure",
        ]),
    },
    Step {
        name: "tests",
        work: Work::Cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]),
    },
];

/// Runs the named steps, or all, each even when an earlier one failed, and prints a summary.
pub(crate) fn run(root: &Path, names: &[String]) -> anyhow::Result<ExitCode> {
    if let Some(unknown) = names
        .iter()
        .find(|name| STEPS.iter().all(|step| step.name != **name))
    {
        let known: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        bail!(
            "there is no step {unknown:?}; the steps are {}",
            known.join(", ")
        );
    }
    let mut results = Vec::new();
    for step in STEPS {
        if !names.is_empty() && names.iter().all(|name| name != step.name) {
            continue;
        }
        writeln!(io::stdout(), "\n=== {}", step.name)?;
        let start = Instant::now();
        let passed = match step.work.passes(root) {
            Ok(passed) => passed,
            Err(error) => {
                writeln!(io::stdout(), "{error:#}")?;
                false
            }
        };
        results.push((step.name, passed, start.elapsed()));
    }
    write!(io::stdout(), "{}", summary(&results))?;
    let passed = results.iter().all(|(_, passed, _)| *passed);
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Work {
    fn passes(&self, root: &Path) -> anyhow::Result<bool> {
        match self {
            Self::Cargo(arguments) => cargo(root, arguments, &[]),
            Self::Docs => cargo(
                root,
                &["doc", "--quiet", "--workspace", "--no-deps", "--locked"],
                &[("RUSTDOCFLAGS", "-D warnings")],
            ),
            Self::Findings(check) => {
                let findings = check(root)?;
                for finding in &findings {
                    writeln!(io::stdout(), "{finding}")?;
                }
                Ok(findings.is_empty())
            }
            Self::Dependencies => {
                Ok(dependencies::run(root, dependencies::OFFLINE)? == ExitCode::SUCCESS)
            }
        }
    }
}

fn cargo(root: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<bool> {
    let status = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(arguments)
        .envs(environment.iter().copied())
        .status()
        .context("failed to run cargo")?;
    Ok(status.success())
}

fn summary(results: &[(&str, bool, Duration)]) -> String {
    let mut text = String::from("\n=== summary\n");
    for (name, passed, took) in results {
        let verdict = if *passed { "ok    " } else { "FAILED" };
        // INVARIANT: writing to a String cannot fail.
        let _ = writeln!(text, "{verdict} {name:<12} {:>7.1} s", took.as_secs_f64());
    }
    text
}

#[cfg(test)]
mod tests;
