//! Completion scripts, made from the flags of a tool.

use clap::Command;
use clap_complete::Shell;

/// Returns the script that completes the words of a command in a shell.
pub(crate) fn script(shell: Shell, mut command: Command) -> String {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
