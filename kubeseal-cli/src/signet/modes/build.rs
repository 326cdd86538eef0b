//! `signet build`: renders and decrypts a repository and prints its manifests.
//!
//! All directories are built before anything is printed, and nothing is printed when one fails, so
//! that what reads the output never takes a part for the whole.

mod stages;
mod units;

use std::path::Path;

use manifests::{Artifact, ArtifactPath, BuildOptions, Manifest, Tool};
use pipeline::redact::Taint;
use pipeline::unit::{Decryption, MacPolicy};
use sources::{Limits, read_folder};

use crate::signet::error::Error;
use crate::signet::keys::Keys;
use crate::signet::mode::{Build, Targets};
use crate::signet::output;
use crate::signet::progress::Progress;
use crate::{Environment, Io, network};
use stages::Stages;

/// One directory to build.
pub(super) struct Target {
    /// As messages name it.
    pub(super) name: String,
    pub(super) options: BuildOptions,
    pub(super) decryption: Option<Decryption>,
}

/// Runs the build.
pub(in crate::signet) fn run(
    mode: &Build,
    environment: &Environment,
    io: &mut Io,
) -> Result<(), Error> {
    let progress = Progress::new(environment, io);
    let built = build(mode, environment, &progress, io);
    progress.clear(io);
    let built = built?;
    for warning in &built.warnings {
        io.note(&format!("warning: {warning}"));
    }
    let text = output::render(&built.manifests, &built.taint, mode.secrets, mode.format);
    // EXPOSE: masked unless the user asked for plaintext.
    output::print(io, text.expose())
}

/// Everything that was built.
#[derive(Default)]
pub(super) struct Everything {
    pub(super) manifests: Vec<Manifest>,
    pub(super) taint: Taint,
    pub(super) warnings: Vec<String>,
}

/// Builds what the mode names.
pub(super) fn build(
    mode: &Build,
    environment: &Environment,
    progress: &Progress,
    io: &mut Io,
) -> Result<Everything, Error> {
    progress.show(io, &format!("reading {}", mode.root.display()));
    let artifact = read(&mode.root, environment)?;
    let targets = targets(mode, &artifact)?;
    build_all(&artifact, &targets, environment, progress, io)
}

/// Reads a folder as a source.
pub(super) fn read(root: &Path, environment: &Environment) -> Result<Artifact, Error> {
    let place = environment.directory.join(root);
    read_folder(&place, &Limits::default()).map_err(|source| Error::ReadFolder {
        root: root.to_owned(),
        source: Box::new(source),
    })
}

/// Builds directories of one artifact.
pub(super) fn build_all(
    artifact: &Artifact,
    targets: &[Target],
    environment: &Environment,
    progress: &Progress,
    io: &mut Io,
) -> Result<Everything, Error> {
    let runtime = network::runtime().map_err(|source| Error::Runtime { source })?;
    let mut stages = Stages::new(artifact, Keys::new(environment), environment);
    let mut everything = Everything::default();
    let mut failures = Vec::new();
    for (index, target) in targets.iter().enumerate() {
        let place = format!("[{}/{}] {}", index + 1, targets.len(), target.name);
        progress.show(io, &format!("building {place}"));
        match runtime.block_on(stages.build(target)) {
            Ok(built) => everything.add(built, artifact, target)?,
            Err(error) => failures.push(error),
        }
    }
    if failures.is_empty() {
        Ok(everything)
    } else {
        Err(Error::Several(failures))
    }
}

impl Everything {
    fn add(
        &mut self,
        built: pipeline::decrypt::OpenedObjects,
        artifact: &Artifact,
        target: &Target,
    ) -> Result<(), Error> {
        let of_target = |text: &dyn std::fmt::Display| format!("{}: {text}", target.name);
        let below = &target.options.path;
        let omitted = artifact
            .tree
            .omissions()
            .filter(|(path, _)| path.is_within(below));
        let omitted = omitted.map(|(path, why)| format!("{path} {}", why.reason()));
        let unused = render::unused_images(&artifact.tree, &target.options, &built.manifests)
            .map_err(|source| Error::Render {
                target: target.name.clone(),
                source: Box::new(source),
            })?;
        let unused = unused
            .iter()
            .map(|image| format!("image override {:?} matches no image", image.name));
        let opened = built.warnings.iter().map(ToString::to_string);
        let warnings = omitted.chain(unused).chain(opened);
        self.warnings.extend(warnings.map(|text| of_target(&text)));
        self.manifests.extend(built.manifests);
        self.taint.extend(built.taint);
        Ok(())
    }
}

fn targets(mode: &Build, artifact: &Artifact) -> Result<Vec<Target>, Error> {
    match &mode.targets {
        Targets::Directories(paths, policy) => {
            Ok(paths.iter().map(|path| directory(path, *policy)).collect())
        }
        Targets::Units => {
            let found = units::find(&artifact.tree)?;
            if found.is_empty() {
                return Err(Error::NoUnits {
                    root: mode.root.clone(),
                });
            }
            Ok(found)
        }
    }
}

/// A directory nobody said more about: kustomize, and every key that is at hand.
fn directory(path: &ArtifactPath, mac_policy: MacPolicy) -> Target {
    Target {
        name: path.to_string(),
        options: BuildOptions {
            path: path.clone(),
            tool: Tool::default(),
        },
        decryption: Some(Decryption {
            mac_policy,
            ..Decryption::default()
        }),
    }
}
