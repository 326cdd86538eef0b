//! What a scenario measured, for who reads its output.

use std::fmt::Arguments;

/// Prints a line; `--nocapture` shows it also where the scenario passes.
#[expect(
    clippy::print_stdout,
    reason = "figures are what a long scenario is run for"
)]
pub fn tell(line: Arguments<'_>) {
    println!("{line}");
}
