//! The forms in which the sealed-secrets controller takes its flags.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::fmt::strtime;

/// The flags that have a variable `SEALED_SECRETS_…`; of two that mean the same the later wins.
const FLAGS: [&str; 18] = [
    "key-cutoff-time",
    "key-order-priority",
    "key-prefix",
    "key-renew-period",
    "key-size",
    "key-ttl",
    "listen-addr",
    "listen-metrics-addr",
    "log-level",
    "metrics-omit-secret-labels",
    "my-cn",
    "privatekey-annotations",
    "privatekey-labels",
    "rate-limit",
    "rate-limit-burst",
    "rotate-period",
    "skip-recreate",
    "update-status",
];

/// A name has room for a random ending.
const LONGEST_PREFIX: usize = 245;

/// Returns the command line with what the variables say in front of it, so that what was typed
/// wins.
pub(super) fn arguments(
    typed: impl IntoIterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Vec<OsString> {
    let mut typed = typed.into_iter();
    let mut arguments: Vec<OsString> = typed.next().into_iter().collect();
    for flag in FLAGS {
        let name = format!("SEALED_SECRETS_{}", flag.replace('-', "_").to_uppercase());
        if let Some(value) = variable(&name).filter(|value| !value.is_empty()) {
            let mut argument = OsString::from(format!("--{flag}="));
            argument.push(value);
            arguments.push(argument);
        }
    }
    arguments.extend(typed);
    arguments
}

/// Reads an address; without a host it means all of them.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let whole = match text.strip_prefix(':') {
        Some(port) => format!("0.0.0.0:{port}"),
        None => text.to_owned(),
    };
    whole.parse().map_err(|error| format!("{error}"))
}

/// Reads a truth value as Go does.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Ok(true),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}

/// Reads a prefix of names of Secrets (K-105).
pub(super) fn prefix(text: &str) -> Result<String, String> {
    if text.len() > LONGEST_PREFIX {
        return Err(format!(
            "name is too long, must be shorter than {LONGEST_PREFIX}, got {}",
            text.len()
        ));
    }
    let is_legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match text.chars().find(|&c| !is_legal(c)) {
        Some(illegal) => Err(format!("name contains illegal character {illegal}")),
        None => Ok(text.to_owned()),
    }
}

/// Reads a time as `date -R` prints it.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    strtime::parse("%a, %d %b %Y %H:%M:%S %z", text)
        .and_then(|time| time.to_timestamp())
        .map_err(|error| format!("{error}; expected a time like Mon, 02 Jan 2006 15:04:05 -0700"))
}

/// Labels or annotations, as `key=value,key=value`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairs(pub(crate) BTreeMap<String, String>);

impl FromStr for Pairs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|p| !p.is_empty());
        let pair = |part: &str| match part.split_once('=') {
            Some((key, value)) => Ok((key.trim().to_owned(), value.trim().to_owned())),
            None => Err(format!("{part:?} is no key=value")),
        };
        parts.map(pair).collect::<Result<_, _>>().map(Self)
    }
}
