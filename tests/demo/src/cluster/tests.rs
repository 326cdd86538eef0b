use super::*;

fn kubeconfig() -> Kubeconfig {
    serde_json::from_value(json!({
        "clusters": [{"name": "home", "cluster": {"server": "https://192.0.2.1"}}],
        "contexts": [
            {"name": "work", "context": {"cluster": "home"}},
            {"name": "adrift", "context": {"cluster": "gone"}},
        ],
    }))
    .unwrap()
}

#[test]
fn context_leads_to_its_server() {
    let kubeconfig = kubeconfig();
    let found = server(&kubeconfig, "work").unwrap();
    assert_eq!(found.server.as_deref(), Some("https://192.0.2.1"));
}

#[test]
fn unknown_context_is_named_with_those_there_are() {
    let said = |name: &str| server(&kubeconfig(), name).unwrap_err().to_string();
    assert_eq!(
        said("wrok"),
        "the kubeconfig has no context \"wrok\"; hint: it has work, adrift"
    );
    assert!(said("adrift").contains("\"gone\""), "{}", said("adrift"));
}
