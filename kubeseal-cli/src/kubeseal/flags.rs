//! The command line as typed, and the environment variables that stand for it.
//!
//! Every flag but those for logging has an environment variable, `SEALED_SECRETS_` and its name.
//! They are read as if they stood first on the command line, so that flags win and lists add up.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, Command, CommandFactory, FromArgMatches, Parser};
use clap_complete::Shell;
use sealing::Scope;

use super::error::Error;
use crate::kubeconfig::ClusterFlags;
use crate::{Invocation, completion};

const PREFIX: &str = "SEALED_SECRETS_";

/// Seal Kubernetes Secrets so that only the controller in the cluster can open them
///
/// Reads Secrets as YAML or JSON from standard input or a file and prints SealedSecrets. Every
/// flag can also be set by an environment variable: its name in capitals, with underscores, after
/// `SEALED_SECRETS_`.
#[derive(Debug, Parser)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that a user may give"
)]
#[command(
    name = "kubeseal",
    disable_version_flag = true,
    disable_help_flag = true,
    args_override_self = true,
    next_line_help = false
)]
pub(super) struct Flags {
    /// Accept Secrets without data
    #[arg(long)]
    pub(super) allow_empty_data: bool,

    /// Certificate to seal with: a file or an http, https or file URL. The cluster is not contacted
    #[arg(
        long,
        default_value_t,
        hide_default_value = true,
        value_name = "FILE|URL"
    )]
    pub(super) cert: String,

    /// Name of the controller's Service
    #[arg(long, default_value = DEFAULT_CONTROLLER_NAME, value_name = "NAME")]
    pub(super) controller_name: String,

    /// Namespace of the controller's Service
    #[arg(long, default_value = "kube-system", value_name = "NAMESPACE")]
    pub(super) controller_namespace: String,

    /// Print the certificate, to be used later with --cert
    #[arg(long)]
    pub(super) fetch_cert: bool,

    /// Output format, json or yaml [default: json]
    #[arg(short = 'o', long, value_name = "FORMAT")]
    pub(super) format: Option<String>,

    /// File with the value to seal with --raw [default: standard input]
    #[arg(long, value_delimiter = ',', action = ArgAction::Append, value_name = "[NAME=]FILE")]
    pub(super) from_file: Vec<String>,

    /// Seal into this file, beside what it holds already, instead of printing
    #[arg(long, default_value_t, hide_default_value = true, value_name = "FILE")]
    pub(super) merge_into: String,

    /// Name of the Secret: needed with --raw and the strict scope, otherwise replaces that of the input
    #[arg(long, default_value_t, hide_default_value = true, value_name = "NAME")]
    pub(super) name: String,

    /// Seal one value and print nothing but the sealed item
    #[arg(long)]
    pub(super) raw: bool,

    /// Have the controller seal SealedSecrets again with its newest key
    #[arg(long)]
    pub(super) re_encrypt: bool,

    /// Former name of --re-encrypt
    #[arg(long, hide = true)]
    pub(super) rotate: bool,

    /// File with private keys for --recovery-unseal: PEM, or key Secrets as YAML or JSON. Can be repeated
    #[arg(long, value_delimiter = ',', action = ArgAction::Append, value_name = "FILE")]
    pub(super) recovery_private_key: Vec<PathBuf>,

    /// Open SealedSecrets with private keys, without a cluster
    #[arg(long)]
    pub(super) recovery_unseal: bool,

    /// What the result is bound to: strict, namespace-wide or cluster-wide
    #[arg(long, default_value = "strict", value_name = "SCOPE")]
    pub(super) scope: Scope,

    /// Write to this file instead of standard output. A name in .yaml or .yml means YAML
    #[arg(
        short = 'w',
        long,
        default_value_t,
        hide_default_value = true,
        value_name = "FILE"
    )]
    pub(super) sealed_secret_file: String,

    /// Read from this file instead of standard input
    #[arg(
        short = 'f',
        long,
        default_value_t,
        hide_default_value = true,
        value_name = "FILE"
    )]
    pub(super) secret_file: String,

    /// Ask the controller whether it can open SealedSecrets
    #[arg(long)]
    pub(super) validate: bool,

    /// Print the version
    #[arg(long)]
    pub(super) version: bool,

    /// Print this help
    #[arg(short = 'h', long)]
    pub(super) help: bool,

    /// Print a completion script for a shell
    #[arg(long, value_name = "SHELL")]
    pub(super) completion: Option<Shell>,

    #[command(flatten, next_help_heading = "Cluster")]
    pub(super) cluster: ClusterFlags,

    #[command(flatten)]
    pub(super) logging: LoggingFlags,

    /// Ignored, with a warning
    #[arg(hide = true)]
    pub(super) positional: Vec<OsString>,
}

pub(super) const DEFAULT_CONTROLLER_NAME: &str = "sealed-secrets-controller";

/// Flags of a logging library that scripts may pass. Only `-v` means something here.
#[derive(Debug, Args)]
pub(super) struct LoggingFlags {
    /// Show requests on standard error from 6 on
    #[arg(
        short = 'v',
        long = "v",
        default_value = "0",
        hide_default_value = true,
        allow_negative_numbers = true,
        value_name = "LEVEL"
    )]
    pub(super) verbosity: i32,
    #[arg(long, hide = true)]
    vmodule: Option<String>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    logtostderr: Option<String>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    alsologtostderr: Option<String>,
    #[arg(long, hide = true)]
    stderrthreshold: Option<String>,
    #[arg(long, hide = true)]
    alsologtostderrthreshold: Option<String>,
    #[arg(long = "log_dir", alias = "log-dir", hide = true)]
    log_dir: Option<String>,
    #[arg(long = "log_file", alias = "log-file", hide = true)]
    log_file: Option<String>,
    #[arg(long = "log_file_max_size", alias = "log-file-max-size", hide = true)]
    log_file_max_size: Option<String>,
    #[arg(long = "log_backtrace_at", alias = "log-backtrace-at", hide = true)]
    log_backtrace_at: Option<String>,
    #[arg(long = "add_dir_header", alias = "add-dir-header", hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    add_dir_header: Option<String>,
    #[arg(long = "skip_headers", alias = "skip-headers", hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    skip_headers: Option<String>,
    #[arg(long = "skip_log_headers", alias = "skip-log-headers", hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    skip_log_headers: Option<String>,
    #[arg(long = "one_output", alias = "one-output", hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    one_output: Option<String>,
    #[arg(long = "legacy_stderr_threshold_behavior", hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    legacy_stderr_threshold_behavior: Option<String>,
}

/// Flags that no environment variable stands for.
const WITHOUT_VARIABLE: [&str; 3] = ["completion", "positional", "help"];

/// Parses the command line and the environment.
pub(super) fn parse(invocation: &Invocation) -> Result<Flags, Error> {
    let mut arguments = invocation.arguments.iter().cloned();
    let program = arguments
        .next()
        .unwrap_or_else(|| OsString::from("kubeseal"));
    let from_environment = environment_arguments(&invocation.environment.variables)?;
    let all = std::iter::once(program)
        .chain(from_environment.into_iter().map(OsString::from))
        .chain(arguments);
    let matches = command()
        .try_get_matches_from(all)
        .map_err(|error| refused(&error))?;
    Flags::from_arg_matches(&matches).map_err(|error| refused(&error))
}

/// Returns the command as clap sees it. A switch may have a value, as in `--raw=false`.
fn command() -> Command {
    Flags::command().mut_args(|argument| {
        if !matches!(argument.get_action(), ArgAction::SetTrue) {
            return argument;
        }
        argument
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .default_value("false")
            .hide_default_value(true)
            .hide_possible_values(true)
            .value_parser(boolean)
            .value_name("BOOL")
    })
}

/// Returns the text of `--help`.
pub(super) fn help() -> String {
    command().render_long_help().to_string()
}

/// Returns the completion script for a shell.
pub(super) fn completion(shell: Shell) -> String {
    completion::script(shell, command())
}

fn refused(error: &clap::Error) -> Error {
    Error::CommandLine {
        message: error.render().to_string(),
    }
}

/// Turns `SEALED_SECRETS_X=y` into `--x=y`, after checking each alone so that the message can
/// name the variable.
fn environment_arguments(variables: &[(String, String)]) -> Result<Vec<String>, Error> {
    let mut arguments = Vec::new();
    for (variable, value) in variables {
        let Some(name) = variable.strip_prefix(PREFIX) else {
            continue;
        };
        let name = name.to_ascii_lowercase().replace('_', "-");
        if value.is_empty() || !has_variable(&name) {
            continue;
        }
        let argument = format!("--{name}={value}");
        if let Err(error) = command().try_get_matches_from(["kubeseal", &argument]) {
            let message = error.render().to_string();
            let message = message.lines().next().unwrap_or_default();
            let message = message
                .strip_prefix("error: ")
                .unwrap_or(message)
                .to_owned();
            return Err(Error::Environment {
                name: variable.clone(),
                message,
            });
        }
        arguments.push(argument);
    }
    Ok(arguments)
}

fn has_variable(name: &str) -> bool {
    let logging = LoggingFlags::augment_args(Command::new("logging"));
    let is = |argument: &clap::Arg| argument.get_long() == Some(name);
    command().get_arguments().any(is)
        && !logging.get_arguments().any(is)
        && !WITHOUT_VARIABLE.contains(&name)
}

/// Reads a boolean as the flags of upstream do.
fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Ok(true),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}
