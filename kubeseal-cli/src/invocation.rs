//! What a run is started with, so that a test can say it and a tool never asks the process.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;

/// What a run of a tool is started with. It may hold secrets, so it cannot be printed.
#[derive(Clone)]
pub struct Invocation {
    /// The arguments, the program's name first.
    pub arguments: Vec<OsString>,
    /// Where the tool runs.
    pub environment: Environment,
}

/// Where a tool runs: variables, working directory and time.
#[derive(Clone)]
pub struct Environment {
    /// The variables; of two with one name the later counts.
    pub variables: Vec<(String, String)>,
    /// The working directory.
    pub directory: PathBuf,
    /// The time against which certificates are checked, and which new files carry.
    pub now: Timestamp,
}

impl Invocation {
    /// Returns what this process was started with.
    pub fn of_process() -> Self {
        Self {
            arguments: std::env::args_os().collect(),
            environment: Environment::of_process(),
        }
    }
}

impl Environment {
    /// Returns the environment of this process. Variables that are not UTF-8 are left out.
    pub fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            variables,
            directory: std::env::current_dir().unwrap_or_default(),
            now: Timestamp::now(),
        }
    }

    /// Returns a variable; one that is set but empty is there.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables
            .iter()
            .rfind(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns a variable that is set and not empty.
    pub(crate) fn filled_variable(&self, name: &str) -> Option<&str> {
        self.variable(name).filter(|value| !value.is_empty())
    }

    /// Returns a path as seen from the working directory, without `.` and `..`.
    pub(crate) fn absolute(&self, path: &Path) -> PathBuf {
        let mut absolute = PathBuf::new();
        for component in self.directory.join(path).components() {
            match component {
                Component::CurDir => {}
                Component::ParentDir => {
                    absolute.pop();
                }
                component => absolute.push(component),
            }
        }
        absolute
    }
}

#[cfg(test)]
mod tests;
