//! Keys made by the age tools, for this run of the tests.

use std::process::Command;

use components::Program;

use crate::tool::run_program;

/// A pair of age keys.
pub(crate) struct AgeKey {
    pub(crate) identity: String,
    pub(crate) recipient: String,
}

impl AgeKey {
    pub(crate) fn generate() -> Self {
        let program = Program::AgeKeygen.path().unwrap();
        let text = run_program(&mut Command::new(program), b"").output();
        let word_after = |start: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(start))
                .unwrap()
        };
        Self {
            recipient: word_after("# public key: ").to_owned(),
            identity: format!("AGE-SECRET-KEY-{}", word_after("AGE-SECRET-KEY-")),
        }
    }
}
