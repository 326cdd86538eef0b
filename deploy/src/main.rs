//! Writes the generated files of an install and assembles the image's file tree.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use deploy::{
    generated::{self, Stale},
    image::{Image, assemble},
};

/// Write what a cluster installs
#[derive(Debug, Parser)]
#[command(name = "deploy", version)]
struct Flags {
    #[command(subcommand)]
    job: Job,
}

#[derive(Debug, Subcommand)]
enum Job {
    /// Write definitions, roles, plain manifests and the generated parts of the chart
    Generate {
        /// Write nothing; fail when a file is not up to date
        #[arg(long)]
        check: bool,
        /// Folder to write to
        #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR")))]
        root: PathBuf,
    },
    /// Assemble and check the file tree of the image
    Image {
        /// Folder to assemble it in; it must not exist or be empty
        #[arg(long)]
        out: PathBuf,
        /// The controller's program
        #[arg(long, default_value = "target/release/signet-controller")]
        controller: PathBuf,
        /// The render worker's program
        #[arg(long, default_value = "target/release/signet-render-worker")]
        worker: PathBuf,
        /// File with the certificates that servers are checked against
        #[arg(long, default_value = "/etc/ssl/certs/ca-certificates.crt")]
        certificates: PathBuf,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match Flags::parse().job {
        Job::Generate { check, root } => generate(&root, check, &mut out),
        Job::Image {
            out: tree,
            controller,
            worker,
            certificates,
        } => image(
            &Image {
                controller,
                worker,
                certificates,
            },
            &tree,
            &mut out,
        ),
    }
}

fn generate(root: &Path, check: bool, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let stale = if check {
        generated::stale(root)?
    } else {
        generated::write(root)?
    };
    for entry in &stale {
        match (entry, check) {
            (Stale::Differs(path), false) => writeln!(out, "written  {}", path.display())?,
            (Stale::Leftover(path), false) => writeln!(out, "deleted  {}", path.display())?,
            (Stale::Differs(path), true) => writeln!(out, "stale    {}", path.display())?,
            (Stale::Leftover(path), true) => writeln!(out, "leftover {}", path.display())?,
        }
    }
    if check && !stale.is_empty() {
        writeln!(out, "hint: run `just generate`")?;
        return Ok(ExitCode::FAILURE);
    }
    writeln!(out, "generated files are up to date")?;
    Ok(ExitCode::SUCCESS)
}

fn image(image: &Image, tree: &Path, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let report = assemble(image, tree)?;
    writeln!(out, "assembled {} ({} bytes)", tree.display(), report.size)?;
    if report.libraries.is_empty() {
        writeln!(out, "all programs are statically linked")?;
    } else {
        writeln!(out, "dynamically linked; with these libraries:")?;
        for library in &report.libraries {
            writeln!(out, "  {}", library.display())?;
        }
    }
    match report.version {
        Some(version) => writeln!(out, "runs in the tree: {version}")?,
        None => writeln!(out, "not tried: only root can enter the tree")?,
    }
    Ok(ExitCode::SUCCESS)
}
