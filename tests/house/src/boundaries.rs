//! Who may import whom.
//!
//! Arrows point from crates that do input and output to pure ones, never back. What a crate
//! imports itself is held against the list of our crates it may import; what it reaches over any
//! number of steps, against what it must never see.

use std::{collections::BTreeSet, path::Path, process::Command};

use anyhow::{Context, ensure};

/// What one crate may import and must never reach.
struct Boundary {
    name: &'static str,
    imports: &'static [&'static str],
    never: &'static [&'static [&'static str]],
}

const CLIENT: &[&str] = &["kube-client", "kube-runtime"];
const KUBERNETES: &[&str] = &[
    "k8s-openapi",
    "kube",
    "kube-core",
    "kube-client",
    "kube-runtime",
];
const RUNTIME: &[&str] = &["tokio", "async-std", "smol"];
const NETWORK: &[&str] = &[
    "hyper",
    "reqwest",
    "ureq",
    "isahc",
    "curl",
    "aws-config",
    "vaultrs",
];

const BOUNDARIES: &[Boundary] = &[
    Boundary {
        name: "secret-bytes",
        imports: &[],
        never: &[KUBERNETES, RUNTIME, NETWORK],
    },
    Boundary {
        name: "api",
        imports: &[],
        never: &[CLIENT, RUNTIME, NETWORK],
    },
    Boundary {
        name: "sealing",
        imports: &["secret-bytes"],
        never: &[KUBERNETES, RUNTIME, NETWORK],
    },
    Boundary {
        name: "sops-engine",
        imports: &["secret-bytes"],
        never: &[KUBERNETES, RUNTIME, NETWORK],
    },
    Boundary {
        name: "manifests",
        imports: &["secret-bytes"],
        never: &[CLIENT, RUNTIME, NETWORK],
    },
    Boundary {
        name: "sources",
        imports: &["secret-bytes", "manifests"],
        never: &[KUBERNETES],
    },
    Boundary {
        name: "render",
        imports: &["secret-bytes", "manifests"],
        never: &[KUBERNETES, NETWORK],
    },
    Boundary {
        name: "pipeline",
        imports: &["api", "secret-bytes", "sops-engine", "sealing", "manifests"],
        never: &[CLIENT, RUNTIME, NETWORK],
    },
    Boundary {
        name: "cluster",
        imports: &["api", "secret-bytes", "manifests", "pipeline"],
        never: &[],
    },
    Boundary {
        name: "providers",
        imports: &["api", "secret-bytes", "sops-engine"],
        never: &[],
    },
    Boundary {
        name: "kubeseal-cli",
        imports: ALL_BUT_PROGRAMS,
        never: &[],
    },
    Boundary {
        name: "controller",
        imports: ALL_BUT_PROGRAMS,
        never: &[],
    },
    Boundary {
        name: "deploy",
        imports: &["api"],
        never: &[CLIENT, RUNTIME, NETWORK],
    },
];

const ALL_BUT_PROGRAMS: &[&str] = &[
    "secret-bytes",
    "api",
    "sealing",
    "sops-engine",
    "manifests",
    "sources",
    "render",
    "pipeline",
    "cluster",
    "providers",
];

/// Returns one line for each arrow that must not be.
pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    for boundary in BOUNDARIES {
        let direct = dependencies(root, boundary.name, &["--depth", "1"])?;
        let all = dependencies(root, boundary.name, &[])?;
        findings.extend(crossings(boundary, &direct, &all));
    }
    Ok(findings)
}

fn crossings(
    boundary: &Boundary,
    direct: &BTreeSet<String>,
    all: &BTreeSet<String>,
) -> Vec<String> {
    let name = boundary.name;
    let ours = |package: &&String| {
        BOUNDARIES
            .iter()
            .any(|other| other.name == package.as_str())
    };
    let imported = direct
        .iter()
        .filter(ours)
        .filter(|package| *package != name && !boundary.imports.contains(&package.as_str()))
        .map(|package| format!("{name} may not import {package}"));
    let reached = boundary
        .never
        .iter()
        .flat_map(|packages| packages.iter())
        .filter(|package| all.contains(**package))
        .map(|package| {
            format!(
                "{name} must never reach {package} (cargo tree -p {name} -e normal -i {package})"
            )
        });
    imported.chain(reached).collect()
}

/// Returns the names of the packages a crate depends on in production.
fn dependencies(root: &Path, name: &str, more: &[&str]) -> anyhow::Result<BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root)
        .args([
            "tree", "--locked", "-p", name, "-e", "normal", "--prefix", "none", "-f", "{p}",
        ])
        .args(more)
        .output()
        .context("failed to run cargo tree")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "cargo tree failed for {name}: {errors}"
    );
    Ok(names(&String::from_utf8_lossy(&output.stdout)))
}

/// Returns the package names in what `cargo tree` prints.
fn names(tree: &str) -> BTreeSet<String> {
    tree.lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests;
