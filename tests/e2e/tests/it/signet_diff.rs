//! `signet diff` beside the controller: it foresees what the controller does, and changes nothing.

use components::Program;
use e2e::{Canary, Output, program, run};
use serde_json::json;

use crate::encrypted::{AgeKey, Sops, age_key, encrypt, secret_file};
use crate::shared::shared;
use crate::tenant::{Tenant, config_map};

const VALUES: [&str; 2] = ["diff before pa\"ss #1", "diff after pa\"ss #2"];

fn diff(tenant: &Tenant, key: &AgeKey, arguments: &[&str]) -> Output {
    let kubeconfig = tenant.world.cluster().kubeconfig().display().to_string();
    let worker = Program::RenderWorker.path().expect("it builds");
    let worker = worker.display().to_string();
    let fixed = ["diff", "--kubeconfig", &kubeconfig, "-n", &tenant.namespace];
    run(
        &program("signet"),
        [&fixed, arguments].concat(),
        &[
            ("SIGNET_RENDER_WORKER", &worker),
            ("SOPS_AGE_KEY", &key.identity),
        ],
        "",
    )
}

fn secret(tenant: &Tenant, key: &AgeKey, value: &str) -> String {
    let age = [
        "--age",
        &key.recipient,
        "--encrypted-regex",
        "^(data|stringData)$",
    ];
    let text = secret_file("db", "password", value);
    encrypt(tenant.world, Sops::Ours, "db.yaml", &text, &age, &[])
}

/// Asserts that no difference was found.
fn assert_nothing(none: &Output) {
    assert_eq!(
        (none.code, none.stdout.as_str()),
        (Some(0), ""),
        "{}",
        none.stderr
    );
}

/// S6, S7, S8: what is applied is no difference; what is committed and not applied is one, masked.
#[test]
fn diff_foresees_what_the_controller_does() {
    let shared = shared();
    let key = age_key();
    let tenant = Tenant::new(shared, "signet-diff", &[]);
    let first = secret(&tenant, &key, VALUES[0]);
    let commit = |files: &[(&str, &str)]| {
        let commit = tenant.repository.commit(files, "a commit");
        commit.expect("it is committed")
    };
    commit(&[
        ("apps/db.yaml", &first),
        ("apps/a.yaml", &config_map("a", "one")),
        ("apps/old.yaml", &config_map("old", "one")),
    ]);
    tenant.request("GitRepository", "repo");
    tenant.world.create(&json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "keys", "namespace": tenant.namespace},
        "stringData": {"team.agekey": key.identity},
    }));
    let decryption = json!({"decryption": {"provider": "sops", "secretRef": {"name": "keys"}}});
    tenant.unit("apps", &decryption);
    tenant.ready("apps");
    let none = diff(&tenant, &key, &["kustomization/apps"]);
    assert_nothing(&none);

    let second = secret(&tenant, &key, VALUES[1]);
    tenant
        .repository
        .remove(&["apps/old.yaml"], "removed")
        .expect("it is removed");
    let next = commit(&[
        ("apps/db.yaml", &second),
        ("apps/a.yaml", &config_map("a", "two")),
    ]);
    let foreseen = diff(&tenant, &key, &["kustomization/apps"]);
    let text = &foreseen.stdout;
    assert_eq!(foreseen.code, Some(1), "{}", foreseen.stderr);
    assert!(text.contains("-  key: one\n+  key: two\n"), "{text}");
    assert!(
        text.contains("-  password: ••••") && text.contains("+  password: ••••"),
        "{text}"
    );
    assert!(text.contains("ConfigMap/signet-diff/old deleted"), "{text}");
    assert!(
        foreseen
            .stderr
            .contains("the cluster has not fetched it yet"),
        "{}",
        foreseen.stderr
    );
    // Nothing was done by looking.
    let unchanged = tenant.get("ConfigMap", "a").expect("it is there");
    assert_eq!(unchanged["data"]["key"], "one");
    for value in VALUES {
        let shown = [&foreseen.stdout, &foreseen.stderr];
        assert!(
            shown.iter().all(|shown| !shown.contains(value)),
            "{shown:?}"
        );
    }

    tenant.request("GitRepository", "repo");
    tenant.applied("apps", &next);
    tenant
        .world
        .disappears("ConfigMap", &tenant.namespace, "old");
    let none = diff(&tenant, &key, &["kustomization/apps"]);
    assert_nothing(&none);
    // The folder itself, without the unit, says the same.
    let checkout = tenant.repository.work_tree().display().to_string();
    let none = diff(&tenant, &key, &[&checkout, "--path", "apps"]);
    assert_nothing(&none);
    Canary::of(&VALUES).assert_silent(tenant.world, &shared.controller);
}
