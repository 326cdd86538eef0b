//! All files this crate writes, and whether they are up to date.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde_json::{Value, json};

use crate::{chart, family::Family, manifests::Install, yaml};

/// Folders below the root that hold nothing but generated files.
const OWNED: &[&str] = &["crds", "manifests", "chart/files/crds"];

/// Returns the generated files by their path below the folder `deploy`.
///
/// # Errors
///
/// When an object cannot be written as YAML, which would be a fault of ours.
pub fn files() -> anyhow::Result<BTreeMap<PathBuf, String>> {
    let mut files = BTreeMap::new();
    let mut put = |path: String, objects: &[Value], comment: &str| -> anyhow::Result<()> {
        let text = format!(
            "# Generated; do not edit. {comment}\n{}",
            yaml::stream(objects)?
        );
        files.insert(PathBuf::from(path), text);
        Ok(())
    };
    for family in Family::ALL {
        for definition in family.definitions() {
            let name = definition
                .metadata
                .name
                .clone()
                .context("a definition has a name")?;
            let definition = serde_json::to_value(definition)?;
            put(
                format!("crds/{name}.yaml"),
                std::slice::from_ref(&definition),
                FROM_TYPES,
            )?;
            // Helm would delete the definition with the release, and with it every object of it.
            let mut kept = definition;
            kept["metadata"]["annotations"]["helm.sh/resource-policy"] = json!("keep");
            put(
                format!("chart/files/crds/{family}/{name}.yaml"),
                &[kept],
                FROM_TYPES,
            )?;
        }
    }
    let install = Install::of(&Family::ALL);
    put(
        "manifests/00-namespace.yaml".to_owned(),
        &[install.namespace()],
        "",
    )?;
    put(
        "manifests/10-rights.yaml".to_owned(),
        &install.rights(),
        FROM_ROLES,
    )?;
    put(
        "manifests/20-controller.yaml".to_owned(),
        &install.workload(),
        "",
    )?;
    put(
        "manifests/optional/cluster-admin.yaml".to_owned(),
        &[install.cluster_admin()],
        OPT_IN,
    )?;
    files.insert(
        "chart/templates/roles.yaml".into(),
        chart::roles_template()?,
    );
    files.insert(
        "chart/templates/people.yaml".into(),
        chart::people_template()?,
    );
    Ok(files)
}

const FROM_TYPES: &str = "From the types in api/src.";
const FROM_ROLES: &str = "From the table in deploy/src/roles.rs.";
const OPT_IN: &str = "Lets units that name no serviceAccountName apply anything.";

/// A file that is not what it would be if it were generated now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stale {
    /// The content differs, or the file is absent.
    Differs(PathBuf),
    /// Nothing generates the file.
    Leftover(PathBuf),
}

/// Returns the files below `root` that are not up to date.
///
/// # Errors
///
/// When a file or folder cannot be read.
pub fn stale(root: &Path) -> anyhow::Result<Vec<Stale>> {
    let files = files()?;
    let mut stale = Vec::new();
    for (path, text) in &files {
        let present = match fs::read_to_string(root.join(path)) {
            Ok(present) => Some(present),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(error).with_context(|| format!("failed to read {}", path.display()));
            }
        };
        if present.as_ref() != Some(text) {
            stale.push(Stale::Differs(path.clone()));
        }
    }
    for folder in OWNED {
        for path in below(&root.join(folder))? {
            let path = path.strip_prefix(root).unwrap_or(&path).to_owned();
            if !files.contains_key(&path) {
                stale.push(Stale::Leftover(path));
            }
        }
    }
    Ok(stale)
}

/// Writes the files below `root` that are not up to date, deletes leftovers, and returns both.
///
/// # Errors
///
/// When a file or folder cannot be read, written or deleted.
pub fn write(root: &Path) -> anyhow::Result<Vec<Stale>> {
    let files = files()?;
    let stale = stale(root)?;
    for entry in &stale {
        match entry {
            Stale::Differs(path) => {
                let target = root.join(path);
                if let Some(folder) = target.parent() {
                    fs::create_dir_all(folder)?;
                }
                let text = files.get(path).context("a stale file is a generated one")?;
                fs::write(&target, text)
                    .with_context(|| format!("failed to write {}", path.display()))?;
            }
            Stale::Leftover(path) => fs::remove_file(root.join(path))
                .with_context(|| format!("failed to delete {}", path.display()))?,
        }
    }
    Ok(stale)
}

fn below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(error).with_context(|| format!("failed to list {}", folder.display()));
        }
    };
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            paths.extend(below(&entry.path())?);
        } else {
            paths.push(entry.path());
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests;
