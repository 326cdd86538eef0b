//! Our controller, under the ServiceAccount of an install.

use std::time::{Duration, Instant};

use anyhow::bail;
use components::{Child, Endpoint, Launch, Program, free_port};
use deploy::family::Family;

use crate::flags::Flags;
use crate::measured::Watched;
use crate::rig::Rig;

/// Who it is in the figures.
pub(crate) const SIGNET: &str = concat!("signet ", env!("CARGO_PKG_VERSION"));

/// How many lines of its log are shown.
const LINES: usize = 60;

/// A running controller.
pub(crate) struct Ours {
    child: Child,
    metrics: Endpoint,
    shows_log: bool,
}

impl Ours {
    /// Starts a controller that serves some families. What it keeps on disk stays with the rig.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub(crate) fn start(
        rig: &Rig,
        flags: &Flags,
        families: &[Family],
        more: &[String],
    ) -> anyhow::Result<Self> {
        let account = deploy::manifests::NAME;
        let namespace = rig.system();
        let kubeconfig = rig
            .cluster()
            .service_account_kubeconfig(namespace, account)?;
        let families: Vec<_> = families.iter().map(|family| family.name()).collect();
        let (artifacts, metrics) = (free_port()?, free_port()?);
        let child = Launch::new("controller", flags.controller()?)
            .arguments([
                format!("--enable={}", families.join(",")),
                format!("--namespace={namespace}"),
                format!("--listen=127.0.0.1:{}", free_port()?),
                format!("--metrics-listen=127.0.0.1:{metrics}"),
                format!("--artifact-listen=127.0.0.1:{artifacts}"),
                format!("--artifact-host=127.0.0.1:{artifacts}"),
                format!("--data-dir={}", rig.folder().display()),
                format!("--log-level={}", flags.log_level),
            ])
            .arguments(more)
            .variable("KUBECONFIG", kubeconfig)
            .variable("SIGNET_RENDER_WORKER", Program::RenderWorker.path()?)
            .start()?;
        Ok(Self {
            child,
            metrics: Endpoint::local("controller", metrics),
            shows_log: flags.log,
        })
    }

    /// Returns its process.
    pub(crate) fn watched(&self) -> Watched {
        Watched {
            name: "controller",
            process: self.child.id(),
        }
    }

    /// Waits until it has reconciled so many objects of each kind, and returns how many it has.
    ///
    /// # Errors
    ///
    /// When it ended.
    pub(crate) async fn until_reconciled(
        &self,
        wanted: &[(&str, usize)],
        limit: Duration,
    ) -> anyhow::Result<usize> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.ended() {
                bail!("the controller ended with {status}");
            }
            let text = self
                .metrics
                .send("GET", "/metrics", None)
                .map(|reply| reply.text())
                .unwrap_or_default();
            // The sum of all is read faster than the series of each.
            let has_enough = |(kind, count): &(&str, usize)| successes(&text, kind) >= *count;
            let is_late = started.elapsed() > limit;
            if is_late || wanted.iter().all(has_enough) {
                let done: usize = wanted.iter().map(|(kind, _)| objects(&text, kind)).sum();
                if is_late || done >= wanted.iter().map(|(_, count)| count).sum() {
                    return Ok(done);
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Stops it in order.
    ///
    /// # Errors
    ///
    /// When it does not stop.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        self.child.terminate(Duration::from_secs(30))?;
        Ok(())
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        if self.shows_log {
            let log = self.child.log();
            let lines: Vec<_> = log.lines().collect();
            let from = lines.len().saturating_sub(LINES);
            crate::say(&lines.get(from..).unwrap_or_default().join("\n"));
        }
    }
}

/// Returns how many reconciles of a kind succeeded.
fn successes(metrics: &str, kind: &str) -> usize {
    let wanted = format!("controller=\"{}\"", kind.to_lowercase());
    let line = metrics.lines().find(|line| {
        line.starts_with("controller_runtime_reconcile_total{")
            && line.contains(&wanted)
            && line.contains("result=\"success\"")
    });
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap_or_default()
}

/// Returns how many objects of a kind have been reconciled at all.
fn objects(metrics: &str, kind: &str) -> usize {
    let wanted = format!("kind=\"{kind}\"");
    let series = metrics.lines().filter(|line| {
        line.starts_with("gotk_reconcile_duration_seconds_count{") && line.contains(&wanted)
    });
    series.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_counted_once_and_successes_each_time() {
        let text = "controller_runtime_reconcile_total{controller=\"a\",result=\"error\"} 3\n\
                    controller_runtime_reconcile_total{controller=\"a\",result=\"success\"} 7\n\
                    controller_runtime_reconcile_total{controller=\"b\",result=\"success\"} 9\n\
                    gotk_reconcile_duration_seconds_count{kind=\"A\",name=\"a\"} 5\n\
                    gotk_reconcile_duration_seconds_count{kind=\"A\",name=\"b\"} 5\n";
        assert_eq!(successes(text, "A"), 7);
        assert_eq!(objects(text, "A"), 2);
        assert_eq!(successes(text, "C"), 0);
    }
}
