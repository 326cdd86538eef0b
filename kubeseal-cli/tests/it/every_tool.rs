//! What holds for each of the programs.

use std::process::{Command, Stdio};

use crate::tool::{Outcome, run_program};

struct Program {
    name: &'static str,
    path: &'static str,
    completion: &'static str,
    /// A flag that only this one has.
    flag: &'static str,
}

const PROGRAMS: [Program; 3] = [
    Program {
        name: "kubeseal",
        path: env!("CARGO_BIN_EXE_kubeseal"),
        completion: "--completion",
        flag: "recovery-unseal",
    },
    Program {
        name: "signet",
        path: env!("CARGO_BIN_EXE_signet"),
        completion: "completion",
        flag: "show-secrets",
    },
    Program {
        name: "sops",
        path: env!("CARGO_BIN_EXE_sops"),
        completion: "completion",
        flag: "ignore-mac",
    },
];

impl Program {
    fn run(&self, arguments: &[&str]) -> Outcome {
        run_program(Command::new(self.path).args(arguments), b"")
    }
}

#[test]
fn help_says_what_the_program_does_in_a_hundred_columns() {
    for program in PROGRAMS {
        let help = program.run(&["--help"]).output();
        let summary = help.lines().next().unwrap();
        assert!(!summary.is_empty() && !summary.ends_with('.'), "{summary}");
        assert!(help.contains(&format!("\nUsage: {} ", program.name)));
        for line in help.lines() {
            assert!(line.chars().count() <= 100, "{line}");
            assert!(!line.contains('\x1b'), "{line:?}");
        }
    }
}

#[test]
fn version_is_one_line_that_starts_with_the_name() {
    for program in PROGRAMS {
        let version = program.run(&["--version"]).output();
        assert!(version.starts_with(&format!("{} ", program.name)));
        assert_eq!(version.matches('\n').count(), 1, "{version}");
    }
}

#[test]
fn every_shell_gets_a_completion_script() {
    for program in PROGRAMS {
        for shell in ["bash", "zsh", "fish"] {
            let script = program.run(&[program.completion, shell]).output();
            assert!(script.contains(program.name), "{shell}");
            assert!(script.contains(program.flag), "{shell}");
        }
    }
}

#[test]
fn nobody_reading_is_a_quiet_success() {
    for program in PROGRAMS {
        for arguments in [
            &["--help"][..],
            &["--version"],
            &[program.completion, "bash"],
        ] {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            let output = Command::new(program.path)
                .args(arguments)
                .stdout(writer)
                .stderr(Stdio::piped())
                .output()
                .unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stderr), "");
            assert!(output.status.success(), "{} {arguments:?}", program.name);
        }
    }
}
