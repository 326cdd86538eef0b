//! The log: structured, on standard error, and free of what libraries would put into it.

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
        .with_writer(std::io::stderr);
    let installed = match format {
        LogFormat::Json => subscriber.json().try_init(),
        LogFormat::Text => subscriber.with_ansi(false).try_init(),
    };
    installed.map_err(|error| anyhow::anyhow!("logging cannot start: {error}"))
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

    #[test]
    fn nonsense_is_refused() {
        assert!(filter("controller=loud").is_err());
    }
}
