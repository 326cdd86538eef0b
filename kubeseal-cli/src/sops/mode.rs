//! What was typed, made into one job with everything checked.

use std::path::{Path, PathBuf};

use sops_engine::{
    DecryptionOrder, Format, Indents, JsonIndent, KeyKind, MacScope, MasterKey, PathComponent,
    RuleKind, SelectionRule,
};

use super::error::Error;
use super::flags::{self, Command, Encrypt, Flags, Reading, Selection, Shared, Target};
use super::{VERSION, configuration, key_flags, tree_path};
use crate::{Environment, Io};

pub(super) enum Mode {
    Print { text: String },
    Encrypt(EncryptMode),
    Decrypt(DecryptMode),
    FileStatus(FileStatusMode),
}

pub(super) struct EncryptMode {
    pub(super) input: Input,
    pub(super) output: Output,
    pub(super) groups: Vec<Vec<MasterKey>>,
    pub(super) threshold: usize,
    pub(super) rule: SelectionRule,
    pub(super) mac_scope: MacScope,
    pub(super) indents: Indents,
}

pub(super) struct DecryptMode {
    pub(super) input: Input,
    pub(super) output: Output,
    pub(super) extract: Option<Vec<PathComponent>>,
    pub(super) mac: MacCheck,
    pub(super) order: DecryptionOrder,
    pub(super) indents: Indents,
}

pub(super) struct FileStatusMode {
    pub(super) input: Input,
}

/// Whether a file whose MAC does not hold is decrypted all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MacCheck {
    Required,
    Ignored,
}

/// What is read.
pub(super) struct Input {
    /// `None` is standard input.
    pub(super) path: Option<PathBuf>,
    pub(super) format: Format,
}

/// What is written.
pub(super) struct Output {
    /// `None` is standard output.
    pub(super) path: Option<PathBuf>,
    pub(super) format: Format,
}

/// Decides what to do.
pub(super) fn decide(flags: Flags, environment: &Environment, io: &mut Io) -> Result<Mode, Error> {
    let Flags {
        command,
        shared,
        legacy,
    } = flags;
    match command {
        Some(Command::Completion { shell }) => Ok(Mode::Print {
            text: flags::completion(shell),
        }),
        Some(Command::Encrypt(flags)) => {
            encrypt(&flags, &shared, environment, io).map(Mode::Encrypt)
        }
        Some(Command::Decrypt(flags)) => {
            decrypt(&flags.target, &flags.reading, &shared, environment, io).map(Mode::Decrypt)
        }
        Some(Command::Filestatus(flags)) => file_status(flags, environment).map(Mode::FileStatus),
        None if legacy.version => Ok(Mode::Print {
            text: format!("sops {VERSION}\n"),
        }),
        None => {
            if legacy.target.file.is_none() {
                return Err(Error::usage(100, "Error: no file specified"));
            }
            match (legacy.encrypt, legacy.decrypt) {
                (true, false) => {
                    let flags = Encrypt {
                        target: legacy.target,
                        keys: legacy.keys,
                        selection: legacy.selection,
                    };
                    encrypt(&flags, &shared, environment, io).map(Mode::Encrypt)
                }
                (false, true) => decrypt(&legacy.target, &legacy.reading, &shared, environment, io)
                    .map(Mode::Decrypt),
                (true, true) => Err(Error::usage(
                    1,
                    "-e and -d cannot be used together; hint: encrypt and decrypt are commands",
                )),
                (false, false) => Err(Error::usage(
                    1,
                    "this build does not edit files; hint: use sops encrypt FILE or sops decrypt \
                     FILE",
                )),
            }
        }
    }
}

fn encrypt(
    flags: &Encrypt,
    shared: &Shared,
    environment: &Environment,
    io: &mut Io,
) -> Result<EncryptMode, Error> {
    let Encrypt {
        target,
        keys,
        selection,
    } = flags;
    if target.file.is_none() && target.filename_override.is_none() {
        return Err(Error::usage(
            8,
            "Error: reading from standard input needs --filename-override",
        ));
    }
    let (input, output) = paths(target, environment)?;
    let found = configuration::find(shared.config.as_deref(), environment, io)?;
    let aws = key_flags::aws_options(keys)?;
    let given = key_flags::given(keys, environment, &aws)?;
    let name = named(target).unwrap_or(Path::new(""));
    let rule = match &found {
        Some(found) => found.rule_for(&environment.absolute(name), &aws)?,
        None => None,
    };
    let groups = match (given, &rule) {
        (Some(group), _) => vec![group],
        (None, Some(rule)) => rule.groups.clone(),
        (None, None) => {
            return Err(Error::usage(
                1,
                "config file not found, or has no creation rules, and no keys provided through \
                 command line options",
            ));
        }
    };
    let configured = rule.as_ref().and_then(|rule| rule.rule.as_ref());
    let chosen = select(selection, configured)?;
    if output.format == Format::Binary {
        warn_binary(selection, configured, io);
    }
    let configured_scope = rule.as_ref().map(|rule| rule.mac_scope).unwrap_or_default();
    Ok(EncryptMode {
        input,
        output,
        groups,
        threshold: keys
            .shamir_secret_sharing_threshold
            .or_else(|| rule.as_ref().map(|rule| rule.shamir_threshold))
            .unwrap_or_default(),
        rule: chosen,
        mac_scope: if shared.mac_only_encrypted {
            MacScope::EncryptedValues
        } else {
            configured_scope
        },
        indents: indents(shared, found.as_ref())?,
    })
}

fn decrypt(
    target: &Target,
    reading: &Reading,
    shared: &Shared,
    environment: &Environment,
    io: &mut Io,
) -> Result<DecryptMode, Error> {
    let (input, output) = paths(target, environment)?;
    let found = configuration::find(shared.config.as_deref(), environment, io)?;
    let extract = reading
        .extract
        .as_deref()
        .map(tree_path::parse)
        .transpose()?;
    let order = reading
        .decryption_order
        .as_deref()
        .or_else(|| environment.variable("SOPS_DECRYPTION_ORDER"));
    Ok(DecryptMode {
        input,
        output,
        extract,
        mac: if reading.ignore_mac {
            MacCheck::Ignored
        } else {
            MacCheck::Required
        },
        order: order.map_or(Ok(DecryptionOrder::default()), decryption_order)?,
        indents: indents(shared, found.as_ref())?,
    })
}

fn file_status(
    flags: flags::FileStatus,
    environment: &Environment,
) -> Result<FileStatusMode, Error> {
    let Some(file) = flags.file else {
        return Err(Error::usage(100, "Error: no file specified"));
    };
    let target = Target {
        input_type: flags.input_type,
        file: Some(file),
        ..Target::default()
    };
    let (input, _) = paths(&target, environment)?;
    Ok(FileStatusMode { input })
}

/// The name that chooses format and rule.
fn named(target: &Target) -> Option<&Path> {
    target
        .filename_override
        .as_deref()
        .or(target.file.as_deref())
}

fn paths(target: &Target, environment: &Environment) -> Result<(Input, Output), Error> {
    if target.in_place && target.output.is_some() {
        return Err(Error::usage(
            8,
            "Error: cannot operate on both --output and --in-place",
        ));
    }
    if target.in_place && target.file.is_none() {
        return Err(Error::usage(
            8,
            "Error: cannot use --in-place when reading from standard input",
        ));
    }
    let path = target.file.as_ref().map(|file| environment.absolute(file));
    if let Some(path) = &path
        && !path.exists()
    {
        return Err(Error::NoSuchFile { path: path.clone() });
    }
    let by_name = named(target).map_or(Format::Binary, |name| {
        Format::from_path(&name.to_string_lossy())
    });
    // A type that does not exist counts as not given, as scripts have come to rely on.
    let typed = |text: &Option<String>| text.as_deref().and_then(Format::from_name);
    let input = Input {
        format: typed(&target.input_type).unwrap_or(by_name),
        path: path.clone(),
    };
    let output = Output {
        format: typed(&target.output_type).unwrap_or(by_name),
        path: if target.in_place {
            path
        } else {
            target
                .output
                .as_ref()
                .map(|output| environment.absolute(output))
        },
    };
    Ok((input, output))
}

/// The one rule of flags and configuration; a flag replaces the configured rule of its kind.
fn select(flags: &Selection, configured: Option<&SelectionRule>) -> Result<SelectionRule, Error> {
    let mut given = Vec::new();
    for (kind, flag) in by_kind(flags) {
        let own = configured.filter(|rule| rule.kind() == kind);
        let text = flag.or_else(|| own.map(SelectionRule::text));
        given.push((kind, text.unwrap_or_default()));
    }
    let rule = SelectionRule::one_of(given).map_err(|error| match error {
        sops_engine::SelectionRuleError::Several { .. } => {
            Error::usage(8, format!("Error: {error}"))
        }
        error => Error::Selection(error),
    })?;
    Ok(rule.unwrap_or_default())
}

fn by_kind(flags: &Selection) -> [(RuleKind, Option<&str>); 6] {
    [
        (
            RuleKind::UnencryptedSuffix,
            flags.unencrypted_suffix.as_deref(),
        ),
        (RuleKind::EncryptedSuffix, flags.encrypted_suffix.as_deref()),
        (
            RuleKind::UnencryptedRegex,
            flags.unencrypted_regex.as_deref(),
        ),
        (RuleKind::EncryptedRegex, flags.encrypted_regex.as_deref()),
        (
            RuleKind::UnencryptedCommentRegex,
            flags.unencrypted_comment_regex.as_deref(),
        ),
        (
            RuleKind::EncryptedCommentRegex,
            flags.encrypted_comment_regex.as_deref(),
        ),
    ]
}

fn warn_binary(flags: &Selection, configured: Option<&SelectionRule>, io: &mut Io) {
    for (kind, flag) in by_kind(flags) {
        let given = flag.is_some() || configured.is_some_and(|rule| rule.kind() == kind);
        if given && kind != RuleKind::UnencryptedCommentRegex {
            io.note(&format!(
                "[CMD]\tlevel=warning msg=\"{} is ignored for binary files\"",
                kind.name()
            ));
        }
    }
}

fn decryption_order(text: &str) -> Result<DecryptionOrder, Error> {
    let names: Vec<&str> = text.split(',').map(str::trim).collect();
    for (index, name) in names.iter().enumerate() {
        if names.iter().take(index).any(|earlier| earlier == name) {
            return Err(Error::usage(
                112,
                format!("Duplicate decryption key type: {name}"),
            ));
        }
    }
    Ok(DecryptionOrder::new(
        names.into_iter().filter_map(KeyKind::from_name).collect(),
    ))
}

fn indents(shared: &Shared, found: Option<&configuration::Found>) -> Result<Indents, Error> {
    let mut indents = found
        .map(|found| found.config().indents())
        .unwrap_or_default();
    if let Some(width) = shared.indent {
        indents.yaml = usize::try_from(width)
            .map_err(|_| Error::usage(4, "Error dumping file: the indentation is negative"))?;
        indents.json = JsonIndent::Blanks(indents.yaml);
    }
    Ok(indents)
}
