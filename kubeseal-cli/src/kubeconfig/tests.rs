use std::time::Duration;

use kube::config::{AuthInfo, Cluster};

use super::{ClusterFlags, Error, overlaid_cluster, overlaid_user, timeout};

#[test]
fn flags_lie_over_the_kubeconfig() {
    let flags = ClusterFlags {
        server: Some("https://flag".to_owned()),
        certificate_authority: Some("/ca".to_owned()),
        client_certificate: Some("/crt".to_owned()),
        impersonate: Some("somebody".to_owned()),
        impersonate_groups: vec!["group".to_owned()],
        insecure_skip_tls_verify: true,
        ..ClusterFlags::default()
    };
    let configured = Cluster {
        server: Some("https://configured".to_owned()),
        certificate_authority_data: Some("data".to_owned()),
        tls_server_name: Some("name".to_owned()),
        ..Cluster::default()
    };
    let cluster = overlaid_cluster(Some(configured), &flags);
    assert_eq!(cluster.server.as_deref(), Some("https://flag"));
    assert_eq!(cluster.certificate_authority.as_deref(), Some("/ca"));
    assert_eq!(cluster.certificate_authority_data, None);
    assert_eq!(cluster.tls_server_name.as_deref(), Some("name"));
    assert_eq!(cluster.insecure_skip_tls_verify, Some(true));
    let configured = AuthInfo {
        client_certificate_data: Some("data".to_owned()),
        ..AuthInfo::default()
    };
    let user = overlaid_user(Some(configured), &flags);
    assert_eq!(user.client_certificate.as_deref(), Some("/crt"));
    assert_eq!(user.client_certificate_data, None);
    assert_eq!(user.impersonate.as_deref(), Some("somebody"));
    assert_eq!(user.impersonate_groups, Some(vec!["group".to_owned()]));
}

#[test]
fn what_was_looked_for_is_named() {
    let absent = Some("/home/somebody/.kube/config".into());
    let text = Error::NoConfiguration { absent }.to_string();
    let expected =
        "no configuration has been provided and /home/somebody/.kube/config cannot be read; give";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn time_limits_have_units_and_zero_is_none() {
    assert_eq!(timeout("0").unwrap(), None);
    assert_eq!(timeout("2m").unwrap(), Some(Duration::from_mins(2)));
    assert_eq!(timeout("500ms").unwrap(), Some(Duration::from_millis(500)));
    for wrong in ["5", "m", "1 d", "-1s"] {
        assert!(timeout(wrong).is_err(), "{wrong}");
    }
}
