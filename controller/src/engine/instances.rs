//! Definitions that are about to be pruned while there are objects of their kinds, which go with them
//! (§9.7).

use cluster::Cluster;
use manifests::ObjectId;
use pipeline::plan::is_prunable;
use serde_json::Value;

use super::{Engine, Prepared, look};

impl Engine {
    /// Says of each definition that a run is about to prune how many objects go with it.
    ///
    /// It only tells: what cannot be read or counted keeps nobody from anything.
    pub(crate) async fn instances_to_prune(
        &self,
        prepared: &Prepared,
        cluster: &Cluster,
    ) -> Vec<String> {
        let definitions = prepared.stale_definitions();
        if definitions.is_empty() {
            return Vec::new();
        }
        let live = look::objects(definitions, cluster)
            .await
            .unwrap_or_default();
        let mut said = Vec::new();
        for (id, live) in live {
            let Some(live) = live.filter(|live| is_prunable(prepared.unit(), live)) else {
                continue;
            };
            said.extend(said_of(&id, &live, count(&live, cluster).await));
        }
        said
    }
}

fn said_of(id: &ObjectId, definition: &Value, count: Option<u64>) -> Option<String> {
    let kind = definition["spec"]["names"]["kind"]
        .as_str()
        .unwrap_or_default();
    match count {
        Some(0) => None,
        Some(1) => Some(format!("{id} is pruned, and with it 1 instance of {kind}")),
        Some(count) => Some(format!(
            "{id} is pruned, and with it {count} instances of {kind}"
        )),
        None => Some(format!(
            "{id} is pruned, and with it every instance of {kind}; how many there are cannot be told"
        )),
    }
}

/// Returns the number of objects of a definition's kind, when it can be had.
async fn count(definition: &Value, cluster: &Cluster) -> Option<u64> {
    let spec = &definition["spec"];
    let (group, kind) = (spec["group"].as_str()?, spec["names"]["kind"].as_str()?);
    match cluster.preferred_kind(group, kind).await {
        Ok(Some(kind)) => cluster.count(&kind).await.ok(),
        // Nobody serves it, so nobody has one.
        Ok(None) => Some(0),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use manifests::GroupKind;
    use serde_json::json;

    use super::*;

    #[test]
    fn definition_with_instances_is_named_with_their_number() {
        let group_kind = GroupKind::new("apiextensions.k8s.io", "CustomResourceDefinition");
        let id = ObjectId::new(group_kind, None, "widgets.example.test");
        let definition = json!({"spec": {"names": {"kind": "Widget"}}});
        let said = |count| said_of(&id, &definition, count);
        assert_eq!(said(Some(0)), None);
        assert_eq!(
            said(Some(1)).unwrap(),
            "CustomResourceDefinition/widgets.example.test is pruned, and with it 1 instance of Widget"
        );
        assert!(said(Some(2)).unwrap().ends_with("2 instances of Widget"));
        assert!(said(None).unwrap().contains("cannot be told"));
    }
}
