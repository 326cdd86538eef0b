use jiff::Timestamp;
use serde_json::json;

use super::{Health, Verdict, assess, judge, list};
use crate::fixtures::id;
use crate::unit::HealthModel;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// G-106: worst wins, in this order.
#[test]
fn order_is_from_healthy_to_unknown() {
    let mut all = [
        Health::Unknown,
        Health::Degraded,
        Health::Missing,
        Health::Progressing,
        Health::Suspended,
        Health::Healthy,
    ];
    all.sort();
    let words: Vec<_> = all.iter().map(Health::to_string).collect();
    assert_eq!(
        words,
        [
            "Healthy",
            "Suspended",
            "Progressing",
            "Missing",
            "Degraded",
            "Unknown"
        ]
    );
}

/// G-188: the text of a health check that ran out of time.
#[test]
fn waiting_objects_are_listed_with_their_status() {
    let deployment =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {}, "spec": {}});
    let mut web = id("Deployment", "apps", "web");
    web.group_kind.group = "apps".to_owned();
    let objects = [
        (web, Some(&deployment)),
        (id("ConfigMap", "apps", "gone"), None),
    ];
    let Verdict::Waiting(pending) = judge(HealthModel::Kstatus, objects, NOW) else {
        panic!("a deployment without replicas is on its way");
    };
    assert_eq!(
        list(&pending),
        "[Deployment/apps/web status: 'InProgress', ConfigMap/apps/gone status: 'NotFound']"
    );
}

/// G-188: fail fast.
#[test]
fn one_failed_object_fails_without_waiting_for_the_others() {
    let failed = json!({"apiVersion": "x/v1", "kind": "A", "status": {"conditions": [{"type": "Stalled", "status": "True", "reason": "Broken"}]}});
    let objects = [
        (id("A", "ns", "a"), Some(&failed)),
        (id("A", "ns", "b"), None),
    ];
    let Verdict::Failed(pending) = judge(HealthModel::Kstatus, objects, NOW) else {
        panic!("a stalled object has failed");
    };
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].assessment.message, "Broken");
}

#[test]
fn everything_current_passes() {
    let config = json!({"apiVersion": "v1", "kind": "ConfigMap"});
    for model in [HealthModel::Kstatus, HealthModel::Argo] {
        let verdict = judge(model, [(id("ConfigMap", "ns", "a"), Some(&config))], NOW);
        assert_eq!(verdict, Verdict::Passed);
    }
}

/// §13: the two sets of rules differ on purpose for these.
#[test]
fn families_see_failed_pods_and_load_balancers_differently() {
    let word = |model, object| assess(model, Some(&object), NOW).unwrap().word;
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "status": {"phase": "Failed"}});
    assert_eq!(word(HealthModel::Argo, pod.clone()), "Degraded");
    assert_eq!(word(HealthModel::Kstatus, pod), "Current");
    let service = json!({"apiVersion": "v1", "kind": "Service", "spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}});
    assert_eq!(word(HealthModel::Argo, service.clone()), "Progressing");
    assert_eq!(word(HealthModel::Kstatus, service), "Current");
}
