//! The report on a data key that could not be recovered.

use std::fmt::Write as _;

use sops_engine::{GroupAttempt, UnwrapDataKey};

use crate::error::Chain;

/// Writes what became of each key of each group.
pub(super) fn recovery(error: &UnwrapDataKey) -> String {
    let mut text = String::from("Failed to get the data key required to decrypt the SOPS file.\n");
    for (index, group) in error.groups().iter().enumerate() {
        match group {
            GroupAttempt::Opened => {
                let _ = write!(text, "\nGroup {index}: SUCCESS");
            }
            GroupAttempt::Failed(keys) => {
                let _ = write!(text, "\nGroup {index}: FAILED");
                for key in keys {
                    let _ = write!(text, "\n  {}: FAILED", key.key);
                    let cause = Chain(&key.error).to_string();
                    for (line, words) in wrapped(&cause, 60).into_iter().enumerate() {
                        let mark = if line == 0 { "- | " } else { "  | " };
                        let _ = write!(text, "\n    {mark}{words}");
                    }
                    text.push('\n');
                }
            }
        }
    }
    text.push_str("\n\n");
    let closing = if error.groups().len() > 1 {
        format!(
            "Recovery failed because {} of the key groups must be opened and {} were.",
            error.threshold(),
            error.recovered()
        )
    } else {
        "Recovery failed because no master key was able to decrypt the file. In order for SOPS to \
         recover the file, at least one key has to be successful, but none were."
            .into()
    };
    text.push_str(&wrapped(&closing, 75).join("\n"));
    text
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
