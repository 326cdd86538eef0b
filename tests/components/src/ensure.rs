//! Makes a component available: found on the machine, found in the cache, or built.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::cache::{self, BuildLock};
use crate::component::{Component, GoRecipe, Program, Recipe};
use crate::prerequisites::{Prerequisite, find_program};

/// Where a component's programs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    folder: PathBuf,
    programs: BTreeMap<Program, PathBuf>,
}

/// A component could not be made available.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnsureError {
    /// The machine lacks a program.
    #[error(
        "{needed_by:?} needs {missing}, which this machine lacks; hint: apt-get install {}",
        missing.debian_package()
    )]
    Missing {
        /// What needs it.
        needed_by: &'static str,
        /// What is missing.
        missing: Prerequisite,
    },
    /// `$KUBEBUILDER_ASSETS` points to programs of another release.
    #[error(
        "the programs in {folder:?} are not Kubernetes {wanted}; hint: unset KUBEBUILDER_ASSETS to have them built"
    )]
    OtherRelease {
        /// The folder that the variable names.
        folder: PathBuf,
        /// The release that the tests are written for.
        wanted: &'static str,
    },
    /// A file of the wrapper or the cache could not be read or written.
    #[error("failed to {act} {path:?}")]
    File {
        /// What was tried.
        act: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A build step failed.
    #[error(
        "failed to build {component:?}: {command} ended with {status}; its output: {log:?}\n{tail}"
    )]
    Build {
        /// The component.
        component: &'static str,
        /// The command that failed.
        command: String,
        /// How it ended.
        status: String,
        /// The whole output.
        log: PathBuf,
        /// The last lines of the output.
        tail: String,
    },
}

impl Installed {
    /// Returns the component's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the path of one of the component's programs.
    pub fn program(&self, program: Program) -> PathBuf {
        self.programs
            .get(&program)
            .cloned()
            .unwrap_or_else(|| self.folder.join(program.file()))
    }

    fn in_folder(component: Component, folder: &Path) -> Self {
        let programs = component
            .programs()
            .iter()
            .map(|program| (*program, folder.join(program.file())))
            .collect();
        Self {
            folder: folder.to_owned(),
            programs,
        }
    }
}

impl Program {
    /// Returns the program's path, building its component first when it is not there yet.
    ///
    /// # Errors
    /// When the component is not there and cannot be built.
    pub fn path(self) -> Result<PathBuf, EnsureError> {
        Ok(ensure(self.component())?.program(self))
    }
}

impl Component {
    /// Returns where the component is when nothing needs to be built.
    ///
    /// # Errors
    /// When `$KUBEBUILDER_ASSETS` is set and does not fit, or the wrapper folder cannot be read.
    pub fn find(self) -> Result<Option<Installed>, EnsureError> {
        if let Some(assets) = self.assets()? {
            return Ok(Some(assets));
        }
        let folder = self.cache_folder()?;
        if folder.is_dir() {
            return Ok(Some(Installed::in_folder(self, &folder)));
        }
        Ok(self.on_path())
    }

    /// Returns the folder in the cache that a build of this version fills.
    fn cache_folder(self) -> Result<PathBuf, EnsureError> {
        let wrapper = self.wrapper();
        let recipe = match self.recipe() {
            Recipe::Go(go) => {
                format!(
                    "{:?} {:?} {:?} {:?}",
                    go.target, go.variables, go.links, go.module_files
                )
            }
            Recipe::PythonEnvironment => String::new(),
        };
        let digest = cache::digest(&wrapper, &recipe).map_err(|source| EnsureError::File {
            act: "read",
            path: wrapper,
            source,
        })?;
        Ok(cache::root().join(format!("{}-{}-{digest}", self.name(), self.version())))
    }

    fn wrapper(self) -> PathBuf {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        match self.recipe() {
            // No wrapper: the program is ours.
            Recipe::Go(_) if self == Self::RenderWorker => package.join("../../render/worker"),
            Recipe::Go(_) => package.join("go").join(self.name()),
            Recipe::PythonEnvironment => package.join("python"),
        }
    }

    fn assets(self) -> Result<Option<Installed>, EnsureError> {
        let Some(folder) = env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from) else {
            return Ok(None);
        };
        if self != Self::ControlPlane || folder.as_os_str().is_empty() {
            return Ok(None);
        }
        let installed = Installed::in_folder(self, &folder);
        let server = installed.program(Program::KubeApiserver);
        if prints(&server, &["--version"], "Kubernetes v1.36.") {
            return Ok(Some(installed));
        }
        Err(EnsureError::OtherRelease {
            folder,
            wanted: "1.36",
        })
    }

    /// Returns the programs on `$PATH` when all are there and have the pinned version.
    fn on_path(self) -> Option<Installed> {
        let (arguments, wanted): (&[&str], &str) = match self {
            Self::ControlPlane => (&["--version"], "Kubernetes v1.36."),
            Self::OpenBao => (&["version"], "OpenBao v2.4.0"),
            Self::Kustomize => (&["version"], "v5.8.1"),
            Self::Sops => (&["--version", "--disable-version-check"], "sops 3.13.3"),
            Self::Helm => (&["version", "--short"], "v3.21.4"),
            Self::Age => (&["--version"], "v1.3.2"),
            // These come with files of their own, or under names that anything may have.
            Self::RenderWorker
            | Self::SealedSecrets
            | Self::Kwok
            | Self::Moto
            | Self::KustomizeController
            | Self::ExternalSecrets => return None,
        };
        let mut programs = BTreeMap::new();
        for program in self.programs() {
            programs.insert(*program, find_program(program.file())?);
        }
        let probed = match self {
            Self::ControlPlane => programs.get(&Program::KubeApiserver)?,
            _ => programs.values().next()?,
        };
        let folder = probed.parent()?.to_owned();
        prints(probed, arguments, wanted).then_some(Installed { folder, programs })
    }
}

/// Makes `component` available, building it when it is neither on the machine nor in the cache.
///
/// Two processes that ask at the same time build once. Progress goes to stderr.
///
/// # Errors
/// When the machine lacks a program or the build fails.
pub fn ensure(component: Component) -> Result<Installed, EnsureError> {
    static KNOWN: Mutex<BTreeMap<Component, Installed>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(installed) = known.get(&component) {
        return Ok(installed.clone());
    }
    let installed = match component.find()? {
        Some(installed) => installed,
        None => build(component)?,
    };
    known.insert(component, installed.clone());
    Ok(installed)
}

fn build(component: Component) -> Result<Installed, EnsureError> {
    let folder = component.cache_folder()?;
    let file_error = |act, path: &Path| {
        let path = path.to_owned();
        move |source| EnsureError::File { act, path, source }
    };
    let _lock = BuildLock::acquire(&folder, || {
        say(&format!(
            "another process builds {}: waiting",
            component.name()
        ));
    })
    .map_err(file_error("lock", &folder))?;
    if folder.is_dir() {
        return Ok(Installed::in_folder(component, &folder));
    }
    let started = Instant::now();
    say(&format!(
        "building {} {} (about {} s on two cores) …",
        component.name(),
        component.version(),
        component.expected_build_time().as_secs()
    ));
    let staging = cache::beside(&folder, "building");
    if staging.exists() {
        fs::remove_dir_all(&staging).map_err(file_error("remove", &staging))?;
    }
    fs::create_dir_all(&staging).map_err(file_error("create", &staging))?;
    match component.recipe() {
        Recipe::Go(recipe) => build_go(component, &recipe, &staging)?,
        Recipe::PythonEnvironment => build_environment(component, &staging)?,
    }
    fs::rename(&staging, &folder).map_err(file_error("rename", &staging))?;
    say(&format!(
        "built {} in {} s",
        component.name(),
        started.elapsed().as_secs()
    ));
    Ok(Installed::in_folder(component, &folder))
}

fn build_go(component: Component, recipe: &GoRecipe, staging: &Path) -> Result<(), EnsureError> {
    let go = Prerequisite::Go.find().ok_or(EnsureError::Missing {
        needed_by: component.name(),
        missing: Prerequisite::Go,
    })?;
    let mut linker_flags = String::from("-s -w");
    for variable in recipe.variables {
        linker_flags.push_str(" -X ");
        linker_flags.push_str(variable);
    }
    let wrapper = component.wrapper();
    let mut command = go_command(&go, &wrapper);
    command.args(["build", "-trimpath", "-ldflags", &linker_flags, "-o"]);
    command
        .arg(format!("{}/", staging.display()))
        .arg(recipe.target);
    run(component, command)?;

    for (link, target) in recipe.links {
        let path = staging.join(link);
        std::os::unix::fs::symlink(target, &path).map_err(|source| EnsureError::File {
            act: "link",
            path,
            source,
        })?;
    }
    for (module, file) in recipe.module_files {
        let mut list = go_command(&go, &wrapper);
        list.args(["list", "-m", "-f", "{{.Dir}}", module]);
        let from = Path::new(run(component, list)?.trim()).join(file);
        let to = staging.join(Path::new(file).file_name().unwrap_or_default());
        fs::read(&from)
            .and_then(|content| fs::write(to, content))
            .map_err(|source| EnsureError::File {
                act: "copy",
                path: from,
                source,
            })?;
    }
    Ok(())
}

fn go_command(go: &Path, wrapper: &Path) -> Command {
    let mut command = Command::new(go);
    command
        .current_dir(wrapper)
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off")
        // What the machine sets must not change what is built: no module outside go.sum, no vendor folder.
        .env("GOFLAGS", "-mod=readonly -buildvcs=false");
    command
}

fn build_environment(component: Component, staging: &Path) -> Result<(), EnsureError> {
    let python = Prerequisite::PythonVenv
        .find()
        .and(find_program("python3"))
        .ok_or(EnsureError::Missing {
            needed_by: component.name(),
            missing: Prerequisite::PythonVenv,
        })?;
    let mut create = Command::new(python);
    create.args(["-m", "venv"]).arg(staging);
    run(component, create)?;
    let mut install = Command::new(staging.join("bin/python"));
    install
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .arg(component.wrapper().join("requirements.txt"));
    run(component, install)?;
    Ok(())
}

/// Runs one build step and returns what it printed to stdout.
fn run(component: Component, mut command: Command) -> Result<String, EnsureError> {
    let log = cache::root().join(format!("{}.log", component.name()));
    let shown = format!("{command:?}");
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| EnsureError::File {
            act: "start",
            path: shown.clone().into(),
            source,
        })?;
    let mut text = output.stdout.clone();
    text.extend_from_slice(&output.stderr);
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    // Without the log the error's tail still tells the cause.
    let _ = fs::write(&log, &text);
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    Err(EnsureError::Build {
        component: component.name(),
        command: shown,
        status: output.status.to_string(),
        log,
        tail: lines[lines.len().saturating_sub(15)..].join("\n"),
    })
}

fn prints(program: &Path, arguments: &[&str], wanted: &str) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(wanted))
}

/// Tells the person who waits what is going on; the test runner does not capture this.
fn say(line: &str) {
    // Nobody can be told when stderr is closed.
    let _ = writeln!(io::stderr(), "tools: {line}");
}
