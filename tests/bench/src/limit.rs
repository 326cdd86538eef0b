//! The limit for everybody: bare server-side applies of small ConfigMaps, many in flight.

use std::fmt;
use std::time::Duration;

use serde_json::json;

use crate::flags::Flags;
use crate::measured::rate;
use crate::process;
use crate::rig::{IN_FLIGHT, NAMESPACE, Rig};

/// What the API server gives when nothing else runs.
pub(crate) struct Limit {
    /// Requests in a second.
    pub(crate) rate: f64,
    applies: usize,
    wall: Duration,
    api_server: Duration,
}

/// Measures the limit.
///
/// # Errors
///
/// When the cluster does not start or refuses.
pub(crate) async fn run(flags: &Flags) -> anyhow::Result<Limit> {
    let rig = Rig::start(&[]).await?;
    let objects = |prefix: &str, count: usize| {
        let object = |index| {
            json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": { "name": format!("{prefix}-{index}"), "namespace": NAMESPACE },
                "data": { "key": format!("value {index}") },
            })
        };
        (0..count).map(object).collect()
    };
    // Connections are made and the API server's code is warm before the clock starts.
    rig.apply(objects("warm", flags.applies.min(500))).await?;
    let before = process::usage(rig.api_server()).cpu;
    let wall = rig.apply(objects("limit", flags.applies)).await?;
    Ok(Limit {
        rate: rate(u64::try_from(flags.applies)?, wall),
        applies: flags.applies,
        wall,
        api_server: process::usage(rig.api_server()).cpu.saturating_sub(before),
    })
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "limit: {} server-side applies of small ConfigMaps, {IN_FLIGHT} in flight\n  \
             wall {:.2} s, {:.0} requests/s; API server {:.1} s CPU",
            self.applies,
            self.wall.as_secs_f64(),
            self.rate,
            self.api_server.as_secs_f64(),
        )
    }
}
