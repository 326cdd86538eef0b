//! What the API server was asked, by its own count.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Requests by verb and resource. Watches and leases are left out: they belong to no piece of work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Requests(BTreeMap<String, u64>);

const METRIC: &str = "apiserver_request_total{";

/// What is said behind a request that only asked what would happen.
const DRY_RUN: &str = " (dry run)";

impl Requests {
    /// Reads the API server's metrics.
    pub(crate) fn parse(metrics: &str) -> Self {
        let mut requests = BTreeMap::new();
        for line in metrics.lines() {
            let Some((labels, count)) = line
                .strip_prefix(METRIC)
                .and_then(|rest| rest.rsplit_once("} "))
            else {
                continue;
            };
            let label = |name: &str| {
                let start = labels.find(&format!("{name}=\""))? + name.len() + 2;
                labels.get(start..)?.split('"').next()
            };
            let verb = label("verb").unwrap_or_default();
            let resource = label("resource").unwrap_or_default();
            if verb == "WATCH" || resource == "leases" || resource.is_empty() {
                continue;
            }
            let dry_run = match label("dry_run") {
                Some("") | None => "",
                Some(_) => DRY_RUN,
            };
            let subresource = match label("subresource") {
                Some("") | None => String::new(),
                Some(subresource) => format!("/{subresource}"),
            };
            let name = format!("{verb} {resource}{subresource}{dry_run}");
            // Prometheus writes large counts as 1.2e+06.
            let count: f64 = count.trim().parse().unwrap_or_default();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a count of requests is a small whole number"
            )]
            let count = count as u64;
            *requests.entry(name).or_default() += count;
        }
        Self(requests)
    }

    /// Returns what was asked since an earlier reading.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let more = self.0.iter().filter_map(|(name, count)| {
            let before = earlier.0.get(name).copied().unwrap_or_default();
            let more = count.saturating_sub(before);
            (more > 0).then(|| (name.clone(), more))
        });
        Self(more.collect())
    }

    /// Returns how many requests there were.
    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Returns them by name, the most frequent ones first.
    pub(crate) fn by_count(&self) -> Vec<(&str, u64)> {
        let names = self.0.iter().map(|(name, count)| (name.as_str(), *count));
        let mut counts: Vec<_> = names.collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }

    /// Returns how many of them changed something.
    pub(crate) fn writes(&self) -> u64 {
        let is_write = |name: &str| {
            let verb = name.split(' ').next().unwrap_or_default();
            !matches!(verb, "GET" | "LIST" | "CONNECT" | "PROXY") && !name.ends_with(DRY_RUN)
        };
        let names = self.0.iter().filter(|(name, _)| is_write(name));
        names.map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests;
