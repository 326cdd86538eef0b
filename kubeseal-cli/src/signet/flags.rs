//! The command line as typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::error::Error;
use crate::completion;

mod diff;
mod tree;

pub(super) use diff::{DiffFlags, DiffOutputFlag};
pub(super) use tree::{TreeFlags, TreeOutputFlag};

const EXIT_STATUS: &str = "\
Exit status:
  0   done; also when nobody reads the output any more
  1   something that was referred to is absent, access is denied, or a service does not answer
  2   the command line or the repository has to be edited
  70  a fault of signet itself";

const BUILD_NOTES: &str = "\
What is read:
  The folder as it lies on disk: no Git, no cluster. Links are not followed. Files that a fetched
  source leaves out stay out here too: version control, media, archives, and what .gitignore and
  .sourceignore files say.

Environment:
  SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD   age identities, besides sops/age/keys.txt in
                          the user's configuration folder and the keys in ~/.ssh
  AWS_PROFILE, AWS_REGION, …   credentials for AWS KMS, found as the AWS tools find them
  VAULT_ADDR, VAULT_TOKEN      Vault server that transit keys may be used on, and the token for it
                          (else ~/.vault-token). Files that name another server are refused, unless
                          SOPS_HC_VAULT_ALLOWLIST lists it
  SIGNET_RENDER_WORKER    the render worker's program [default: signet-render-worker beside signet]

Examples:
  signet build . --path clusters/production
  signet build . --recursive --output json | jq '.items[].kind'
";

/// Show what a repository brings to a cluster, what it would change there, and what became of it
#[derive(Debug, Parser)]
#[command(name = "signet", version, after_help = EXIT_STATUS, max_term_width = 100)]
pub(super) struct Flags {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Render and decrypt a repository and print its manifests, the values of Secrets masked
    ///
    /// Builds directories as the cluster would: with kustomize, by their kustomization file or, where
    /// there is none, from all manifests below them. Encrypted files and objects are decrypted with
    /// the keys of the environment, and their integrity is checked. Values of Secrets and everything
    /// that was decrypted is shown as a token; within one run equal values have equal tokens. Nothing
    /// is printed when anything fails.
    #[command(after_help = EXIT_STATUS, after_long_help = format!("{BUILD_NOTES}\n{EXIT_STATUS}"))]
    Build(BuildFlags),
    /// Show what applying a folder or a unit would change in the cluster
    ///
    /// Builds it as `signet build` does, asks the API server by dry runs what would become of each
    /// object, and prints the difference. Nothing is written to the cluster.
    #[command(
        after_help = diff::EXIT_STATUS,
        after_long_help = format!("{}\n{}", diff::NOTES, diff::EXIT_STATUS)
    )]
    Diff(Box<DiffFlags>),
    /// Show units of the cluster, their objects and what these own, with health, age and revision
    #[command(after_help = EXIT_STATUS, after_long_help = format!("{}\n{EXIT_STATUS}", tree::NOTES))]
    Tree(Box<TreeFlags>),
    /// Print a script that completes this command's words in a shell
    Completion {
        /// Shell to complete in
        shell: Shell,
    },
    /// Print the version
    Version,
}

#[derive(Debug, clap::Args)]
pub(super) struct BuildFlags {
    /// Root of the repository
    #[arg(value_name = "DIR")]
    pub(super) directory: PathBuf,

    /// Directory to build, relative to DIR; can be repeated [default: DIR itself]
    #[arg(short, long = "path", value_name = "PATH")]
    pub(super) paths: Vec<String>,

    /// Build every directory that a Flux Kustomization in DIR names, as it says
    #[arg(short, long, conflicts_with = "paths")]
    pub(super) recursive: bool,

    /// Print plaintext instead of tokens
    #[arg(long)]
    pub(super) show_secrets: bool,

    /// What an encrypted document whose MAC does not match means; with --recursive, what the
    /// Kustomization says counts
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "POLICY",
        conflicts_with = "recursive"
    )]
    pub(super) mac_policy: MacPolicyFlag,

    /// How to print: yaml, or json as one List
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) output: OutputFlag,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum MacPolicyFlag {
    /// The build fails
    #[default]
    Refuse,
    /// The document is used, with a warning
    Warn,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFlag {
    #[default]
    Yaml,
    Json,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorFlag {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Parses the command line.
pub(super) fn parse(arguments: &[OsString]) -> Result<Flags, Error> {
    Flags::try_parse_from(arguments).map_err(|error| {
        let text = error.render().to_string();
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Error::Help { text },
            _ => Error::CommandLine { message: text },
        }
    })
}

/// Returns the completion script of a shell.
pub(super) fn completion(shell: Shell) -> String {
    completion::script(shell, Flags::command())
}

/// Returns the line that `--version` prints.
pub(super) fn version() -> String {
    Flags::command().render_version()
}
