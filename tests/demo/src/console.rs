//! What the person at the terminal sees: steps on stderr, tables on stdout.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often a running step is drawn again.
const FRAME: Duration = Duration::from_millis(120);

/// The two outputs, and what may be written to them.
pub(crate) struct Console {
    progress: bool,
    colour: bool,
}

/// One line of a table.
pub(crate) struct Row {
    /// Kind and name of what arrived.
    pub(crate) object: String,
    /// Where its value came from.
    pub(crate) origin: &'static str,
    /// How long it took; nothing when it did not arrive.
    pub(crate) took: Option<Duration>,
}

impl Console {
    /// Returns the console of this process.
    pub(crate) fn new() -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            progress: io::stderr().is_terminal(),
            colour: io::stdout().is_terminal() && !plain,
        }
    }

    /// Does some work, and shows that and for how long it runs.
    pub(crate) async fn step<T>(
        &self,
        what: &str,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let started = Instant::now();
        tokio::pin!(work);
        let outcome = loop {
            if self.progress {
                let seconds = started.elapsed().as_secs();
                write(
                    &mut io::stderr(),
                    &format!("\r\x1b[2K  {what} … {seconds} s"),
                );
            }
            tokio::select! {
                outcome = &mut work => break outcome,
                () = tokio::time::sleep(FRAME) => {}
            }
        };
        if outcome.is_ok() {
            self.note(&format!(
                "✓ {what} ({:.1} s)",
                started.elapsed().as_secs_f32()
            ));
        }
        outcome
    }

    /// Says something about the course of things.
    pub(crate) fn note(&self, text: &str) {
        self.wipe();
        write(&mut io::stderr(), &format!("{text}\n"));
    }

    /// Says what may need attention.
    pub(crate) fn warn(&self, text: &str) {
        self.note(&format!("warning: {text}"));
    }

    /// Says that Ctrl-C was understood.
    pub(crate) fn interrupted(&self) {
        self.note("interrupted: cleaning up");
    }

    /// Says why it ends here.
    pub(crate) fn fail(&self, error: &anyhow::Error) {
        self.note(&format!("demo: {error:#}"));
    }

    /// Prints a line of the result.
    pub(crate) fn say(&self, text: &str) {
        self.wipe();
        write(&mut io::stdout(), &format!("{text}\n"));
    }

    /// Prints a table under a heading.
    pub(crate) fn table(&self, heading: &str, rows: &[Row]) {
        let objects = width(rows.iter().map(|row| row.object.as_str()));
        let origins = width(rows.iter().map(|row| row.origin));
        let mut lines = vec![format!("\n{}", self.paint("1", heading))];
        for row in rows {
            let (mark, time) = match row.took {
                Some(took) => (self.paint("32", "✓"), format!("{:>6} ms", took.as_millis())),
                None => (self.paint("31", "✗"), "   did not arrive".to_owned()),
            };
            let (object, origin) = (&row.object, row.origin);
            lines.push(format!(
                "  {mark} {object:<objects$}  {origin:<origins$}  {time}"
            ));
        }
        self.say(&lines.join("\n"));
    }

    /// Takes the line of a running step away.
    fn wipe(&self) {
        if self.progress {
            write(&mut io::stderr(), "\r\x1b[2K");
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

fn width<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

/// Writes to an output that may be closed: the work is worth doing all the same.
fn write(output: &mut impl Write, text: &str) {
    let _ = output.write_all(text.as_bytes());
    let _ = output.flush();
}
