//! Finds the configuration: the one that is named, or `.sops.yaml` from the working directory
//! upwards.

use std::path::{Path, PathBuf};

use sops_engine::AwsKeyOptions;
use sops_engine::config::{Config, CreationRule};

use super::error::Error;
use crate::{Environment, Io};

const NAME: &str = ".sops.yaml";
const MISSPELT: &str = ".sops.yml";
const LEVELS: usize = 100;

/// A configuration and the folder its rules are relative to.
pub(super) struct Found {
    config: Config,
    path: PathBuf,
}

impl Found {
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the rule for a file.
    pub(super) fn rule_for(
        &self,
        file: &Path,
        aws: &AwsKeyOptions,
    ) -> Result<Option<CreationRule>, Error> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let tested = file.strip_prefix(folder).unwrap_or(file);
        self.config
            .rule_for(&tested.to_string_lossy(), aws)
            .map_err(|source| Error::Config {
                path: self.path.clone(),
                source,
            })
    }
}

/// Reads the configuration; `None` when there is none.
pub(super) fn find(
    named: Option<&Path>,
    environment: &Environment,
    io: &mut Io,
) -> Result<Option<Found>, Error> {
    let named = named
        .map(Path::to_owned)
        .or_else(|| environment.variable("SOPS_CONFIG").map(PathBuf::from));
    if let Some(path) = named {
        return read(environment.absolute(&path), io).map(Some);
    }
    let mut misspelt = None;
    let mut found = None;
    for folder in environment.directory.ancestors().take(LEVELS) {
        let candidate = folder.join(NAME);
        if candidate.is_file() {
            found = Some(candidate);
            break;
        }
        if misspelt.is_none() && folder.join(MISSPELT).is_file() {
            misspelt = Some(folder.join(MISSPELT));
        }
    }
    if let Some(path) = misspelt {
        io.note(&format!(
            "ignoring {}: the configuration must be named {NAME}",
            path.display()
        ));
    }
    found.map(|path| read(path, io)).transpose()
}

fn read(path: PathBuf, io: &Io) -> Result<Found, Error> {
    let unreadable = |source| Error::Usage {
        message: format!("error loading config {}: {source}", path.display()),
        status: 1,
    };
    let bytes = io.read_file(&path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Error::usage(
            1,
            format!("error loading config {}: it is not UTF-8", path.display()),
        )
    })?;
    let config = Config::parse(&text).map_err(|source| Error::Config {
        path: path.clone(),
        source,
    })?;
    Ok(Found { config, path })
}
