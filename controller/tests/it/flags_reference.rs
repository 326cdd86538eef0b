//! The page of the reference that lists the controller's flags is written from the flags.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use clap::{Arg, ArgAction, CommandFactory};
use controller::Flags;

const PAGE: &str = "docs/reference/controller-flags.md";

const HEAD: &str = "\
# Flags of the controller

Written from the flags of `signet-controller` by `just generate`; do not edit. Each flag can be given as its variable,
where it has one; the command line wins. Flags of the upstream sealed-secrets controller are also taken as
`SEALED_SECRETS_` with the flag's name in capitals, `SEALED_SECRETS_KEY_TTL`, so that an existing Deployment keeps its
environment.

| flag | variable | default | meaning |
|---|---|---|---|
";

/// With `SIGNET_WRITE_REFERENCE` set the page is written first.
#[test]
fn page_lists_the_flags_there_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PAGE);
    let page = page();
    if std::env::var_os("SIGNET_WRITE_REFERENCE").is_some() {
        fs::write(&path, &page).expect("the page is written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page,
        "{PAGE} is not up to date; hint: just generate"
    );
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for flag in Flags::command().get_arguments() {
        let Some(long) = flag.get_long() else {
            continue;
        };
        let names: Vec<String> = std::iter::once(long)
            .chain(flag.get_all_aliases().unwrap_or_default())
            .map(|name| format!("`--{name}`"))
            .collect();
        let variable = flag.get_env().map_or_else(String::new, |variable| {
            format!("`{}`", variable.to_string_lossy())
        });
        // A String takes every write.
        let _ = writeln!(
            page,
            "| {} | {variable} | {} | {} |",
            names.join(", "),
            default(flag),
            meaning(flag)
        );
    }
    page
}

fn default(flag: &Arg) -> String {
    let values: Vec<String> = flag
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy().into_owned())
        .collect();
    match values.join(",") {
        none if none.is_empty() => String::new(),
        value => format!("`{value}`"),
    }
}

fn meaning(flag: &Arg) -> String {
    let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
    let values: Vec<String> = flag
        .get_possible_values()
        .iter()
        .filter(|value| value.get_help().is_some())
        .map(|value| {
            let help = value.get_help().map(ToString::to_string);
            format!("`{}`: {}", value.get_name(), help.unwrap_or_default())
        })
        .collect();
    let is_switch = matches!(flag.get_action(), ArgAction::SetTrue);
    let text = if values.is_empty() {
        help
    } else {
        format!("{help}. {}", values.join("; "))
    };
    let text = if is_switch {
        format!("{text} (no value)")
    } else {
        text
    };
    text.replace('|', "\\|").replace('\n', " ")
}
