//! The figures of one piece of work.

use std::time::{Duration, Instant};

use components::Child;

use crate::limit::Limit;
use crate::process::{self, Usage};
use crate::requests::Requests;
use crate::rig::Rig;

/// What a piece of work took.
pub(crate) struct Measured {
    what: String,
    wall: Duration,
    requests: Requests,
    controller: Usage,
    workers: Usage,
    api_server: Usage,
}

/// A reading of clocks and counters.
pub(crate) struct Reading {
    at: Instant,
    requests: Requests,
    controller: Usage,
    workers: Usage,
    api_server: Usage,
}

impl Reading {
    /// Reads everything; a controller that is not there yet has used nothing.
    ///
    /// # Errors
    ///
    /// When the API server does not answer.
    pub(crate) async fn take(rig: &Rig, controller: Option<&Child>) -> anyhow::Result<Self> {
        let of = |usage: fn(u32) -> Usage| {
            controller.map_or_else(Usage::default, |child| usage(child.id()))
        };
        let at = Instant::now();
        Ok(Self {
            at,
            controller: of(process::usage),
            workers: of(process::usage_of_children),
            api_server: process::usage(rig.api_server()),
            requests: rig.requests().await?,
        })
    }

    /// Returns what the work since this reading took.
    ///
    /// # Errors
    ///
    /// When the API server does not answer.
    pub(crate) async fn done(
        &self,
        what: String,
        rig: &Rig,
        controller: &Child,
    ) -> anyhow::Result<Measured> {
        let now = Self::take(rig, Some(controller)).await?;
        let since = |now: Usage, before: Usage| Usage {
            cpu: now.cpu.saturating_sub(before.cpu),
            peak_memory: now.peak_memory,
        };
        Ok(Measured {
            what,
            wall: now.at - self.at,
            requests: now.requests.since(&self.requests),
            controller: since(now.controller, self.controller),
            workers: since(now.workers, self.workers),
            api_server: since(now.api_server, self.api_server),
        })
    }
}

impl Measured {
    /// Returns the figures in words, beside what bare requests reach.
    pub(crate) fn beside(&self, limit: &Limit) -> String {
        let total = self.requests.total();
        let rate = rate(total, self.wall);
        let mebibytes = |bytes: u64| bytes / (1024 * 1024);
        let workers = match self.workers.peak_memory {
            0 => String::new(),
            peak => format!(
                " + render workers {} MiB, {:.1} s CPU",
                mebibytes(peak),
                self.workers.cpu.as_secs_f64()
            ),
        };
        format!(
            "\n{}\n  wall {:.2} s, {total} requests, {rate:.0} requests/s = {:.0} % of the limit\n  \
             controller {} MiB peak, {:.1} s CPU{workers}; API server {:.1} s CPU\n  {}",
            self.what,
            self.wall.as_secs_f64(),
            100.0 * rate / limit.rate,
            mebibytes(self.controller.peak_memory),
            self.controller.cpu.as_secs_f64(),
            self.api_server.cpu.as_secs_f64(),
            self.requests.most_frequent(),
        )
    }
}

/// Returns how many requests there were in a second.
pub(crate) fn rate(requests: u64, wall: Duration) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a count of requests is a small whole number"
    )]
    let requests = requests as f64;
    requests / wall.as_secs_f64()
}
