//! Colours for a terminal, which never carry a meaning of their own.

use super::flags::ColorFlag;
use crate::{Environment, Io};

/// A colour, or another way to stand out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Cyan,
}

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    Shown,
    Plain,
}

impl Colours {
    /// Decides for standard output; `NO_COLOR` counts unless colours were asked for by flag.
    pub(super) fn new(asked: ColorFlag, environment: &Environment, io: &Io) -> Self {
        let is_shown = match asked {
            ColorFlag::Always => true,
            ColorFlag::Never => false,
            ColorFlag::Auto => {
                io.terminals().stdout
                    && environment.filled_variable("NO_COLOR").is_none()
                    && environment.filled_variable("TERM") != Some("dumb")
            }
        };
        if is_shown { Self::Shown } else { Self::Plain }
    }

    /// Returns text in a colour.
    pub(super) fn paint(self, colour: Colour, text: &str) -> String {
        let code = match colour {
            Colour::Bold => 1,
            Colour::Dim => 2,
            Colour::Red => 31,
            Colour::Green => 32,
            Colour::Yellow => 33,
            Colour::Cyan => 36,
        };
        match self {
            Self::Shown => format!("\x1b[{code}m{text}\x1b[0m"),
            Self::Plain => text.to_owned(),
        }
    }
}
