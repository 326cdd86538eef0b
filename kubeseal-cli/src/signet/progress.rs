//! One line on the terminal that says what is being done, and goes away.

use crate::{Environment, Io};

/// Progress of one run; silent unless standard error is a terminal.
pub(super) struct Progress {
    is_shown: bool,
}

impl Progress {
    pub(super) fn new(environment: &Environment, io: &Io) -> Self {
        let can_redraw = environment.filled_variable("TERM") != Some("dumb");
        Self {
            is_shown: io.terminals().stderr && can_redraw,
        }
    }

    /// Says what is being done now.
    pub(super) fn show(&self, io: &mut Io, doing: &str) {
        if self.is_shown {
            // Nobody is told that progress cannot be shown.
            drop(write!(io.stderr(), "\r\x1b[2K{doing}"));
            drop(io.stderr().flush());
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&self, io: &mut Io) {
        self.show(io, "");
    }
}
