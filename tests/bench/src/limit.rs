//! The limit for everybody: bare server-side applies of small ConfigMaps, many in flight.

use serde_json::json;

use crate::figure::Figure;
use crate::flags::{Flags, Part};
use crate::measured::{Reading, Step};
use crate::rig::{IN_FLIGHT, NAMESPACE, Rig};

/// Measures what the API server gives when nothing else runs.
///
/// # Errors
///
/// When the cluster does not start or refuses.
pub(crate) async fn run(flags: &Flags) -> anyhow::Result<Vec<Figure>> {
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
    let before = Reading::take(&rig, &[]).await?;
    rig.apply(objects("limit", flags.applies)).await?;
    let step = Step {
        part: Part::Limit,
        name: "flood",
        who: "bare requests",
        what: &format!(
            "{} server-side applies of small ConfigMaps, {IN_FLIGHT} in flight",
            flags.applies
        ),
        wanted: flags.applies,
    };
    Ok(vec![before.done(step, flags.applies, &rig, &[]).await?])
}
