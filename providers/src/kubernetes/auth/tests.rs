use super::*;

fn kubeconfig(user: &str, cluster: &str) -> Kubeconfig {
    Kubeconfig::from_yaml(&format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
         contexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n\
         clusters: [{{name: k, cluster: {{server: 'https://k.test', {cluster}}}}}]\n\
         users: [{{name: u, user: {{{user}}}}}]\n"
    ))
    .unwrap()
}

/// E-156: a kubeconfig from a Secret signs in by what it holds, not by our files and programs.
#[test]
fn kubeconfig_cannot_reach_our_files_or_run_programs() {
    assert!(check(&kubeconfig("token: t", "")).is_ok());
    let exec = "exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/true}";
    for (user, cluster) in [
        (exec, ""),
        (
            "tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token",
            "",
        ),
        ("client-key: /etc/key.pem", ""),
        ("client-certificate: /etc/cert.pem", ""),
        ("token: t", "certificate-authority: /etc/ca.pem"),
    ] {
        assert!(
            check(&kubeconfig(user, cluster)).is_err(),
            "{user} {cluster}"
        );
    }
}
