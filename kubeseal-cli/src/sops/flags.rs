//! The command line as typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use super::error::Error;
use crate::completion;

/// Encrypt the values of a file and leave its keys readable
///
/// Without a command, -e and -d encrypt and decrypt the file.
#[derive(Debug, Parser)]
#[command(
    name = "sops",
    disable_version_flag = true,
    disable_help_subcommand = true,
    args_override_self = true,
    subcommand_negates_reqs = true
)]
pub(super) struct Flags {
    #[command(subcommand)]
    pub(super) command: Option<Command>,

    #[command(flatten)]
    pub(super) shared: Shared,

    #[command(flatten)]
    pub(super) legacy: Legacy,
}

/// Taken before or behind a command.
#[derive(Debug, Default, Args)]
pub(super) struct Shared {
    /// Read this configuration file instead of looking for .sops.yaml
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// Indent YAML and JSON that is written afresh by so many blanks
    #[arg(
        long,
        global = true,
        value_name = "BLANKS",
        allow_negative_numbers = true
    )]
    pub(super) indent: Option<i64>,

    /// Let the MAC cover encrypted values only
    #[arg(long, global = true)]
    pub(super) mac_only_encrypted: bool,
}

/// The way of calling without a command.
#[derive(Debug, Default, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch as typed; the mode knows what they mean"
)]
pub(super) struct Legacy {
    /// Encrypt the file and print the result
    #[arg(short, long)]
    pub(super) encrypt: bool,

    /// Decrypt the file and print the result
    #[arg(short, long)]
    pub(super) decrypt: bool,

    /// Print the version
    #[arg(short, long)]
    pub(super) version: bool,

    /// Accepted: nothing here looks for newer versions
    #[arg(long)]
    pub(super) disable_version_check: bool,

    /// Accepted: nothing here looks for newer versions
    #[arg(long, hide = true)]
    pub(super) check_for_updates: bool,

    /// Accepted: messages are the same
    #[arg(long, hide = true)]
    pub(super) verbose: bool,

    #[command(flatten)]
    pub(super) target: Target,

    #[command(flatten)]
    pub(super) keys: Keys,

    #[command(flatten)]
    pub(super) selection: Selection,

    #[command(flatten)]
    pub(super) reading: Reading,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Encrypt a file and print the result
    Encrypt(Box<Encrypt>),
    /// Decrypt a file and print the result
    Decrypt(Box<Decrypt>),
    /// Say whether a file is encrypted
    Filestatus(FileStatus),
    /// Print a completion script
    Completion {
        /// For which shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(super) struct Encrypt {
    #[command(flatten)]
    pub(super) target: Target,

    #[command(flatten)]
    pub(super) keys: Keys,

    #[command(flatten)]
    pub(super) selection: Selection,
}

#[derive(Debug, Args)]
pub(super) struct Decrypt {
    #[command(flatten)]
    pub(super) target: Target,

    #[command(flatten)]
    pub(super) reading: Reading,
}

#[derive(Debug, Args)]
pub(super) struct FileStatus {
    /// Format of the file: yaml, json, dotenv or binary [default: by its name]
    #[arg(long, value_name = "FORMAT")]
    pub(super) input_type: Option<String>,

    /// The file
    pub(super) file: Option<PathBuf>,
}

/// What is read and where the result goes.
#[derive(Debug, Default, Args)]
pub(super) struct Target {
    /// Write the result back into the file
    #[arg(short, long)]
    pub(super) in_place: bool,

    /// Write the result into this file instead of printing it
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// Format of the input: yaml, json, dotenv or binary [default: by the file's name]
    #[arg(long, value_name = "FORMAT")]
    pub(super) input_type: Option<String>,

    /// Format of the output: yaml, json, dotenv or binary [default: by the input file's name]
    #[arg(long, value_name = "FORMAT")]
    pub(super) output_type: Option<String>,

    /// Choose format and rule as if the file had this name
    #[arg(long, value_name = "NAME")]
    pub(super) filename_override: Option<PathBuf>,

    /// The file [default: standard input, for the commands]
    pub(super) file: Option<PathBuf>,
}

/// The master keys of a new file. Each list is separated by commas.
#[derive(Debug, Default, Args)]
pub(super) struct Keys {
    /// ARNs of AWS KMS keys [env: SOPS_KMS_ARN]
    #[arg(short, long, value_name = "ARNS")]
    pub(super) kms: Option<String>,

    /// Profile for the AWS KMS keys
    #[arg(long, value_name = "NAME")]
    pub(super) aws_profile: Option<String>,

    /// Encryption context of the AWS KMS keys, key:value pairs separated by commas
    #[arg(long, value_name = "PAIRS")]
    pub(super) encryption_context: Option<String>,

    /// Resource ids of Google Cloud KMS keys [env: SOPS_GCP_KMS_IDS]
    #[arg(long, value_name = "IDS")]
    pub(super) gcp_kms: Option<String>,

    /// Huawei Cloud KMS keys, region:uuid [env: SOPS_HUAWEICLOUD_KMS_IDS]
    #[arg(long, value_name = "IDS")]
    pub(super) hckms: Option<String>,

    /// URLs of Azure Key Vault keys [env: SOPS_AZURE_KEYVAULT_URLS]
    #[arg(long, value_name = "URLS")]
    pub(super) azure_kv: Option<String>,

    /// URIs of HashiCorp Vault or OpenBao transit keys [env: SOPS_VAULT_URIS]
    #[arg(long, value_name = "URIS")]
    pub(super) hc_vault_transit: Option<String>,

    /// Fingerprints of OpenPGP keys [env: SOPS_PGP_FP]
    #[arg(short, long, value_name = "FINGERPRINTS")]
    pub(super) pgp: Option<String>,

    /// age recipients [env: SOPS_AGE_RECIPIENTS]
    #[arg(short, long, value_name = "RECIPIENTS")]
    pub(super) age: Option<String>,

    /// How many key groups are needed to decrypt [default: all]
    #[arg(long, value_name = "GROUPS")]
    pub(super) shamir_secret_sharing_threshold: Option<usize>,
}

/// Which values are encrypted.
#[derive(Debug, Default, Args)]
pub(super) struct Selection {
    /// Leave values plain whose key ends with this [default: _unencrypted]
    #[arg(long, value_name = "SUFFIX")]
    pub(super) unencrypted_suffix: Option<String>,

    /// Encrypt only values whose key ends with this
    #[arg(long, value_name = "SUFFIX")]
    pub(super) encrypted_suffix: Option<String>,

    /// Leave values plain whose key matches this
    #[arg(long, value_name = "REGEX")]
    pub(super) unencrypted_regex: Option<String>,

    /// Encrypt only values whose key matches this
    #[arg(long, value_name = "REGEX")]
    pub(super) encrypted_regex: Option<String>,

    /// Leave values plain that follow a comment that matches this
    #[arg(long, value_name = "REGEX")]
    pub(super) unencrypted_comment_regex: Option<String>,

    /// Encrypt only values that follow a comment that matches this
    #[arg(long, value_name = "REGEX")]
    pub(super) encrypted_comment_regex: Option<String>,
}

/// How an encrypted file is opened.
#[derive(Debug, Default, Args)]
pub(super) struct Reading {
    /// Print only the value at this path, for example '["database"]["hosts"][0]'
    #[arg(long, value_name = "PATH")]
    pub(super) extract: Option<String>,

    /// Decrypt even when the file was changed by hand
    #[arg(long)]
    pub(super) ignore_mac: bool,

    /// Kinds of keys in the order in which they are tried [env: SOPS_DECRYPTION_ORDER]
    #[arg(long, value_name = "KINDS")]
    pub(super) decryption_order: Option<String>,
}

/// What the tool of this name does besides, and this build does not.
const ELSEWHERE: [&str; 11] = [
    "edit",
    "exec-env",
    "exec-file",
    "groups",
    "keyservice",
    "publish",
    "rotate",
    "set",
    "unset",
    "updatekeys",
    "update-keys",
];

/// The same as flags.
const ELSEWHERE_FLAGS: [&str; 4] = ["-r", "--rotate", "-s", "--set"];

/// Refuses what is asked for by the name of a command that is not here: it would be taken for a
/// file.
fn refuse_elsewhere(arguments: &[OsString]) -> Result<(), Error> {
    let words = || arguments.iter().skip(1).filter_map(|word| word.to_str());
    let command = words().next().filter(|word| ELSEWHERE.contains(word));
    let flag = words().find(|word| ELSEWHERE_FLAGS.contains(word));
    match command.or(flag) {
        None => Ok(()),
        Some(word) => Err(Error::usage(
            1,
            format!(
                "sops {word} is not in this build; hint: decrypt the file, change it and encrypt it \
                 again, or use the upstream sops, which reads and writes the same files"
            ),
        )),
    }
}

/// Parses the arguments.
pub(super) fn parse(arguments: &[OsString]) -> Result<Flags, Error> {
    refuse_elsewhere(arguments)?;
    let arguments = arguments.iter().map(long_flag);
    Flags::try_parse_from(arguments).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Error::Help {
            text: error.render().to_string(),
        },
        _ => Error::CommandLine {
            usage: Flags::command().render_usage().to_string(),
            message: error.render().to_string(),
        },
    })
}

/// Short flags are never combined here, so `-input-type` means `--input-type`.
fn long_flag(argument: &OsString) -> OsString {
    let Some(text) = argument.to_str() else {
        return argument.clone();
    };
    let long = text.strip_prefix('-').is_some_and(|name| {
        let mut characters = name.chars();
        characters.next().is_some_and(|c| c.is_ascii_alphabetic())
            && characters
                .next()
                .is_some_and(|c| c.is_ascii_alphabetic() || c == '-')
    });
    if long {
        format!("-{text}").into()
    } else {
        argument.clone()
    }
}

/// Returns the completion script of a shell.
pub(super) fn completion(shell: Shell) -> String {
    completion::script(shell, Flags::command())
}
