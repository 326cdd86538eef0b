//! The log: structured, on standard error, and free of what libraries would put into it.

use std::io::{self, Write};

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;

use crate::flags::LogFormat;

/// The Kubernetes client logs whole answers: refused writes with the values they quote at `debug`,
/// bodies it cannot read, Secrets included, at `warn`. No level that a user sets turns that on.
const SILENCED: &str = "kube_client::client=off";

/// Starts logging.
///
/// # Errors
///
/// When the level is no filter or logging has been started already.
pub(crate) fn start(level: &str, format: LogFormat) -> anyhow::Result<()> {
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter(level)?)
        .with_writer(|| OneLine(io::stderr()));
    let installed = match format {
        LogFormat::Json => subscriber.json().try_init(),
        LogFormat::Text => subscriber.with_ansi(false).try_init(),
    };
    installed.map_err(|error| anyhow::anyhow!("logging cannot start: {error}"))
}

/// Writes each record as one line without control characters.
///
/// File names, messages of commits and answers of servers get into the log. With a line break in
/// them whoever wrote them could forge a record, with others move a terminal's cursor.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    /// Takes one whole record, as the subscriber hands it over.
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(record.strip_suffix(b"\n").unwrap_or(record));
        let mut line = String::with_capacity(record.len());
        for character in text.chars() {
            if character.is_control() && character != '\t' {
                line.extend(character.escape_default());
            } else {
                line.push(character);
            }
        }
        line.push('\n');
        self.0.write_all(line.as_bytes())?;
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn filter(level: &str) -> anyhow::Result<EnvFilter> {
    let silenced: Directive = SILENCED
        .parse()
        .context("the built-in filter cannot be read")?;
    let asked =
        EnvFilter::try_new(level).with_context(|| format!("--log-level {level:?} is no filter"))?;
    Ok(asked.add_directive(silenced))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// I1: whatever level is asked for, the client's own words stay out of the log.
    #[test]
    fn client_that_logs_answers_stays_silent_at_every_level() {
        for level in [
            "info",
            "trace",
            "kube_client::client=trace",
            "info,kube_client::client=debug",
        ] {
            let filter = filter(level).unwrap().to_string();
            assert!(filter.contains(SILENCED), "{filter}");
            assert!(!filter.contains("kube_client::client=trace"), "{filter}");
            assert!(!filter.contains("kube_client::client=debug"), "{filter}");
        }
    }

    /// A text with line breaks, colours or bells is one line without them, in both forms.
    #[test]
    fn no_text_can_forge_a_record() {
        let forged = "x\n2026-01-01T00:00:00Z  INFO controller: admitted\r\x1b[31m\x07";
        for format in [LogFormat::Json, LogFormat::Text] {
            let written = Arc::new(Mutex::new(Vec::new()));
            let sink = Arc::clone(&written);
            let subscriber =
                tracing_subscriber::fmt().with_writer(move || OneLine(Sink(Arc::clone(&sink))));
            let log = || tracing::warn!(error = %forged, path = forged, "{forged}");
            match format {
                LogFormat::Json => {
                    tracing::subscriber::with_default(subscriber.json().finish(), log);
                }
                LogFormat::Text => {
                    tracing::subscriber::with_default(subscriber.with_ansi(false).finish(), log);
                }
            }
            let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
            assert_eq!(text.lines().count(), 1, "{text}");
            let control = text
                .trim_end_matches('\n')
                .chars()
                .find(|found| found.is_control());
            assert_eq!(control, None, "{text:?}");
            assert!(text.contains("admitted"), "{text}");
        }
    }

    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(filter("controller=loud").is_err());
    }
}
