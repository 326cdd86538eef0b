//! `signet`, run in this process, before anything is built.

use std::path::Path;

use kubeseal_cli::io::Terminals;

use crate::tool::{Outcome, SIGNET, Tool};

fn run(signet: &Tool, arguments: &[&str]) -> Outcome {
    signet.run(arguments, b"", &[], Path::new("/nonexistent"))
}

fn signet(arguments: &[&str]) -> Outcome {
    run(&SIGNET, arguments)
}

#[test]
fn version_is_printed_by_flag_and_by_command() {
    for word in ["version", "--version"] {
        let line = format!("signet {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!(signet(&[word]).output(), line);
    }
}

#[test]
fn help_is_data_and_a_wrong_command_line_is_not() {
    let help = signet(&["build", "--help"]);
    assert_eq!(help.stderr, "");
    let help = help.output();
    for word in [
        "--path",
        "--recursive",
        "--show-secrets",
        "SOPS_AGE_KEY",
        "Exit status",
    ] {
        assert!(help.contains(word), "{word} is missing in {help}");
    }
    let refusal = signet(&["build", ".", "--nonsense"]).refusal(2);
    assert!(refusal.contains("--nonsense"), "{refusal}");
}

#[test]
fn a_missing_folder_is_named_and_exits_with_one() {
    let refusal = signet(&["build", "gone"]).refusal(1);
    assert!(
        refusal.starts_with("error: failed to read repository gone: "),
        "{refusal}"
    );
    assert!(!refusal.contains('\x1b'));
}

#[test]
fn progress_is_for_terminals_and_goes_away() {
    let watched = Tool {
        terminals: Terminals {
            stderr: true,
            ..Terminals::default()
        },
        ..SIGNET
    };
    let refusal = run(&watched, &["build", "gone"]).refusal(1);
    assert!(
        refusal.starts_with("\r\x1b[2Kreading gone\r\x1b[2Kerror: "),
        "{refusal:?}"
    );
}

#[test]
fn help_of_every_command_fits_a_hundred_columns() {
    for command in ["build", "diff", "tree"] {
        let help = signet(&[command, "--help"]).output();
        assert!(help.contains("Exit status"), "{help}");
        for line in help.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}
