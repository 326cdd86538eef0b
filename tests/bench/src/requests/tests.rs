use super::*;

const EARLIER: &str = r#"
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="secrets",scope="resource",subresource="",verb="GET",version="v1"} 5
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="secrets",scope="cluster",subresource="",verb="WATCH",version="v1"} 9
"#;

const LATER: &str = r#"
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="secrets",scope="resource",subresource="",verb="GET",version="v1"} 6
apiserver_request_total{code="404",component="apiserver",dry_run="",group="",resource="secrets",scope="resource",subresource="",verb="GET",version="v1"} 2
apiserver_request_total{code="200",component="apiserver",dry_run="All",group="",resource="configmaps",scope="resource",subresource="",verb="APPLY",version="v1"} 4
apiserver_request_total{code="200",component="apiserver",dry_run="",group="bitnami.com",resource="sealedsecrets",scope="resource",subresource="status",verb="PUT",version="v1alpha1"} 1e+03
apiserver_request_total{code="200",component="apiserver",dry_run="",group="coordination.k8s.io",resource="leases",scope="resource",subresource="",verb="PUT",version="v1"} 7
"#;

#[test]
fn difference_counts_by_verb_and_resource_without_watches_and_leases() {
    let more = Requests::parse(LATER).since(&Requests::parse(EARLIER));
    assert_eq!(more.total(), 1007);
    assert_eq!(more.writes(), 1000);
    let expected = [
        ("PUT sealedsecrets/status", 1000),
        ("APPLY configmaps (dry run)", 4),
        ("GET secrets", 3),
    ];
    assert_eq!(more.by_count(), expected);
}
