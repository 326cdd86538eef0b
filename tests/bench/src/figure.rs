//! The figures of one step, as they are printed, recorded and drawn.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::process::Usage;
use crate::requests::Requests;

/// The part that measures what bare requests reach.
pub(crate) const LIMIT: &str = "limit";

/// What one step of a part took.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// The part, by its name on the command line.
    pub(crate) part: String,
    /// The step of the part.
    pub(crate) step: String,
    /// Whose controller did it, with its version.
    pub(crate) who: String,
    /// What was done, in words.
    pub(crate) what: String,
    /// How many objects were to be done.
    pub(crate) wanted: usize,
    /// How many were; fewer when the step was cut off.
    pub(crate) done: usize,
    /// How long it took, in seconds.
    pub(crate) wall: f64,
    /// What the API server was asked by everybody, by its own count.
    pub(crate) requests: Requests,
    /// What each program used.
    pub(crate) programs: BTreeMap<String, Used>,
    /// How the times of single objects spread, where they were taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) times: Option<Times>,
}

/// What a program used in a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Used {
    /// Processor time of the step, in seconds.
    pub(crate) cpu: f64,
    /// The most memory since the program started, in MiB.
    pub(crate) peak_memory: u64,
    /// The memory at the end of the step, in MiB.
    pub(crate) memory: u64,
}

/// How the times of single objects spread, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Times {
    /// How many were taken.
    pub(crate) samples: usize,
    /// Half of them were shorter.
    pub(crate) p50: u64,
    /// 95 of a hundred were shorter.
    pub(crate) p95: u64,
    /// The longest.
    pub(crate) longest: u64,
}

impl Used {
    /// Returns what was used between two readings.
    pub(crate) fn between(before: Usage, after: Usage) -> Self {
        const MEBIBYTE: u64 = 1024 * 1024;
        Self {
            cpu: after.cpu.saturating_sub(before.cpu).as_secs_f64(),
            peak_memory: after.peak_memory / MEBIBYTE,
            memory: after.memory / MEBIBYTE,
        }
    }
}

impl Times {
    /// Sorts times; `None` when there are none.
    pub(crate) fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort();
        let milliseconds = |time: &Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let at = |percent: usize| {
            let index = (times.len() * percent).div_ceil(100).saturating_sub(1);
            times.get(index).map(milliseconds)
        };
        Some(Self {
            samples: times.len(),
            p50: at(50)?,
            p95: at(95)?,
            longest: times.last().map(milliseconds)?,
        })
    }
}

impl Figure {
    /// Returns how many requests there were in a second.
    pub(crate) fn rate(&self) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a count of requests is a small whole number"
        )]
        let requests = self.requests.total() as f64;
        requests / self.wall.max(f64::EPSILON)
    }

    /// Whether everything was done.
    pub(crate) fn is_whole(&self) -> bool {
        self.done >= self.wanted
    }

    /// Returns the figures in words, beside what bare requests reach.
    pub(crate) fn beside(&self, limit: Option<f64>) -> String {
        let mut text = format!("\n{} · {} · {}\n", self.what, self.step, self.who);
        if !self.is_whole() {
            let (done, wanted) = (self.done, self.wanted);
            let _ = writeln!(text, "  cut off: {done} of {wanted} are done");
        }
        if let Some(times) = self.times {
            let _ = writeln!(
                text,
                "  {} times: p50 {} ms, p95 {} ms, longest {} ms",
                times.samples, times.p50, times.p95, times.longest
            );
        }
        let share = limit.map_or_else(String::new, |limit| {
            format!(" = {:.0} % of the limit", 100.0 * self.rate() / limit)
        });
        let total = self.requests.total();
        let _ = writeln!(
            text,
            "  wall {:.2} s, {total} requests, {:.0} requests/s{share}",
            self.wall,
            self.rate()
        );
        for (name, used) in &self.programs {
            let _ = writeln!(
                text,
                "  {name}: {:.2} s CPU, {} MiB, {} MiB at most",
                used.cpu, used.memory, used.peak_memory
            );
        }
        for (name, count) in self.requests.by_count() {
            let _ = writeln!(text, "  {count:>8} {name}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ninety_five_of_a_hundred_are_not_longer_than_p95() {
        let times = Times::of((1..=100).rev().map(Duration::from_millis).collect());
        let expected = Times {
            samples: 100,
            p50: 50,
            p95: 95,
            longest: 100,
        };
        assert_eq!(times, Some(expected));
        assert_eq!(Times::of(Vec::new()), None);
    }
}
