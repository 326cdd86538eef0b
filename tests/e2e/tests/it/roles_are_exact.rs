//! The install's roles are what the controller uses: nothing is refused, and no right lies idle.

use components::{
    AuditEvent, AuditLog, ControlPlaneOptions, Credentials, GitServer, ServerOptions,
};
use deploy::family::Family;
use deploy::manifests::{Install, NAME};
use deploy::roles::{self, Rule};
use e2e::{Controller, ControllerOptions, World, eventually};
use serde_json::{Value, json};

use crate::applications::{ARGOCD, home};
use crate::encrypted::{Sops, age_key, encrypt, secret_file};
use crate::sealed::{certificate, seal, secret, synced, value};
use crate::shared::own_world;
use crate::tenant::{DEADLINE, Tenant, config_map};

/// Rights that no scenario here uses, and why they are granted.
const RARE: &[(&str, &str, &str, &str)] = &[
    (
        "external-secrets.io",
        "externalsecrets/finalizers",
        "update",
        "asked for by API servers that check who sets owner references, which this one does not",
    ),
    (
        "",
        "serviceaccounts",
        "get",
        "used when a unit is deleted whose account may do nothing any more, or to sign in to AWS",
    ),
    (
        "",
        "secrets",
        "patch",
        "used to put the family's label, and nothing else, on a Secret",
    ),
];

/// Leaves the controller with the rights of the families' install and no others.
fn grant(world: &World, families: &[Family]) {
    for name in Family::ALL.map(|family| format!("{NAME}-{family}")) {
        revoke(world, &name);
    }
    revoke(world, &format!("{NAME}-cluster-admin"));
    // Each controller makes the lease anew, as the first one of an install does.
    let leases = "/apis/coordination.k8s.io/v1/namespaces";
    let path = format!("{leases}/{}/leases/signet-controller", world.namespace());
    let _ = world.cluster().request("DELETE", &path, None);
    for object in Install::of(families).rights() {
        world.create(&object);
    }
    for family in Family::ALL {
        if let Some(rule) = roles::of_family(family)
            .iter()
            .find(|rule| is_own(family, rule))
        {
            may(world, rule, families.contains(&family));
        }
    }
}

fn is_own(family: Family, rule: &Rule) -> bool {
    Family::of_group(rule.group) == Some(family)
}

fn revoke(world: &World, binding: &str) {
    let path = format!("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{binding}");
    // It may be gone already.
    let _ = world.cluster().request("DELETE", &path, None);
}

fn account(world: &World) -> String {
    format!("system:serviceaccount:{}:{NAME}", world.namespace())
}

/// Waits until the API server knows whether the controller may do the first thing of a rule.
fn may(world: &World, rule: &Rule, allowed: bool) {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {"user": account(world), "resourceAttributes": {
            "group": rule.group, "resource": rule.resources[0], "verb": rule.verbs[0],
        }},
    });
    let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    eventually("the roles count", DEADLINE, || {
        let answer = world.cluster().request("POST", path, Some(&review));
        let answer = answer.map_err(|error| error.to_string())?;
        if answer["status"]["allowed"] == allowed {
            Ok(())
        } else {
            Err(answer["status"].to_string())
        }
    });
}

/// Runs the controller while `exercise` runs and returns what it asked the API server for.
fn asked(
    world: &World,
    options: &ControllerOptions,
    exercise: impl FnOnce(&Controller),
) -> Vec<AuditEvent> {
    let log = || world.cluster().audit_events().expect("there is a log");
    let before = log().len();
    let controller = Controller::start(world, options);
    exercise(&controller);
    // A watch is in the log once it has ended.
    assert!(controller.stop());
    drop(controller);
    eventually("the watches are in the log", DEADLINE, || {
        let events = log().split_off(before);
        let ours: Vec<AuditEvent> = events
            .into_iter()
            .filter(|event| event.user == account(world))
            .collect();
        let ended = ours.iter().any(|event| event.verb == "watch");
        ended.then_some(ours).ok_or("none is".to_owned())
    })
}

fn refused(events: &[AuditEvent]) -> Vec<String> {
    let mut refused: Vec<String> = events
        .iter()
        // What a tenant's account may not do is the tenant's concern.
        .filter(|event| event.code == 403 && event.impersonated_user.is_empty())
        .map(|event| format!("{} {}", event.verb, event.uri))
        .collect();
    refused.sort();
    refused.dedup();
    refused
}

fn is_used(events: &[AuditEvent], group: &str, resource: &str, verb: &str) -> bool {
    if verb == "impersonate" {
        return events
            .iter()
            .any(|event| !event.impersonated_user.is_empty());
    }
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    events.iter().any(|event| {
        event.impersonated_user.is_empty()
            && (event.group.as_str(), event.resource.as_str()) == (group, resource)
            && (event.subresource.as_str(), event.verb.as_str()) == (subresource, verb)
    })
}

/// Returns the rights that were not used.
fn idle<'a>(events: &[AuditEvent], rules: impl Iterator<Item = &'a Rule>) -> Vec<String> {
    let mut idle = Vec::new();
    for rule in rules {
        for (resource, verb) in rule
            .resources
            .iter()
            .flat_map(|resource| rule.verbs.iter().map(move |verb| (*resource, *verb)))
        {
            let is_rare = RARE.iter().any(|(group, rare, rarely, _)| {
                (*group, *rare, *rarely) == (rule.group, resource, verb)
            });
            if !is_rare && !is_used(events, rule.group, resource, verb) {
                idle.push(format!("{verb} {resource}.{}", rule.group));
            }
        }
    }
    idle
}

/// One object of the kind through its life: made, changed, broken twice the same way.
fn seals(world: &World, controller: &Controller, namespace: &str) {
    world
        .cluster()
        .create_namespace(namespace)
        .expect("it is made");
    let certificate = certificate(world, controller);
    for text in ["one", "two"] {
        let secret = secret(namespace, "a", &[("k", text)]);
        world.create(&seal(&certificate, &secret, &[]));
        eventually("the Secret has the value", DEADLINE, || {
            let secret = world.get("Secret", namespace, "a")?;
            let found = value(&secret, "k");
            (found == text).then_some(()).ok_or(found)
        });
    }
    world.delete("Secret", namespace, "a");
    world.appears("Secret", namespace, "a");
    for text in ["one", "two"] {
        let secret = secret(namespace, "elsewhere", &[("k", text)]);
        let mut moved = seal(&certificate, &secret, &[]);
        moved["metadata"]["name"] = json!("moved");
        world.create(&moved);
        synced(world, namespace, "moved", "False");
    }
    told_again(world, namespace, "moved");
}

/// Waits until an event on an object was counted instead of told a second time.
fn told_again(world: &World, namespace: &str, name: &str) {
    eventually("an event is counted", DEADLINE, || {
        let events = world.events(namespace, name);
        let counted = events.iter().any(|event| event["count"].as_u64() > Some(1));
        counted.then_some(()).ok_or(format!("{events:?}"))
    });
}

/// A repository that needs a password, applied as a tenant: encrypted files when there is a key.
fn syncs(world: &World, git: &GitServer, namespace: &str, decrypts: bool) {
    let key = age_key();
    let encrypted = decrypts.then(|| {
        let plain = secret_file("encrypted", "k", "v");
        let arguments = [
            "--age",
            key.recipient.as_str(),
            "--encrypted-regex=^stringData$",
        ];
        encrypt(world, Sops::Ours, "secret.yaml", &plain, &arguments, &[])
    });
    let (first, second) = (config_map("a", "one"), config_map("a", "two"));
    let gone = config_map("gone", "one");
    let mut files = vec![
        ("app/a.yaml", first.as_str()),
        ("app/gone.yaml", gone.as_str()),
    ];
    files.extend(encrypted.as_deref().map(|text| ("app/secret.yaml", text)));
    let tenant = Tenant::of(world, git, namespace, &files);
    world.create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "deployer", "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": namespace}],
    }));
    let mut spec = json!({"serviceAccountName": "default"});
    if decrypts {
        let mut age = secret(namespace, "age", &[]);
        age["stringData"] = json!({"key.agekey": key.identity});
        world.create(&age);
        spec["decryption"] = json!({"provider": "sops", "secretRef": {"name": "age"}});
    }
    tenant.unit("app", &spec);
    // Without the password it fails, and fails again the same way.
    told_again(world, namespace, "repo");
    let login = [("username", "git"), ("password", "of the test")];
    world.create(&secret(namespace, "login", &login));
    let url = tenant.repository.url().to_owned();
    tenant.source(&json!({"url": url, "secretRef": {"name": "login"}}));
    tenant.ready("app");
    tenant
        .repository
        .remove(&["app/gone.yaml"], "less")
        .expect("it is committed");
    let commit = tenant.commit(&[("app/a.yaml", &second)]);
    tenant.applied("app", &commit);
    world.disappears("ConfigMap", namespace, "gone");
    if decrypts {
        world.appears("Secret", namespace, "encrypted");
    }
    world.delete("Kustomization", namespace, "app");
    world.disappears("ConfigMap", namespace, "a");
}

/// An Application whose repository needs a password, in a namespace where the controller may edit.
fn deploys(world: &World, git: &GitServer, namespace: &str) {
    home(world);
    world.create(&json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
        "metadata": {"name": namespace, "namespace": ARGOCD},
        "spec": {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": namespace}]},
    }));
    let repository = git.create_repository(namespace).expect("it is made");
    let files = [("web/a.yaml", config_map("a", "one"))];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    repository.commit(&files, "first").expect("it is committed");
    let cluster = world.cluster();
    cluster.create_namespace(namespace).expect("it is made");
    let mut binding = in_namespace(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        namespace,
        "signet",
    );
    binding["roleRef"] =
        json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"});
    binding["subjects"] =
        json!([{"kind": "ServiceAccount", "name": NAME, "namespace": world.namespace()}]);
    world.create(&binding);
    let mut keys = secret(ARGOCD, &format!("{namespace}-keys"), &[]);
    keys["stringData"] = json!({"key.agekey": age_key().identity});
    world.create(&keys);
    let app = |path: &str| {
        json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": {"name": namespace, "namespace": ARGOCD, "annotations": {
                "signet.dev/decryption": "sops",
                "signet.dev/decryption-secret": format!("{namespace}-keys"),
            }},
            "spec": {
                "project": namespace,
                "source": {"repoURL": repository.url(), "path": path},
                "destination": {"name": "in-cluster", "namespace": namespace},
                "syncPolicy": {"automated": {"selfHeal": true}},
            },
        })
    };
    // Without the password it fails.
    world.create(&app("web"));
    world.event(ARGOCD, namespace, "ComparisonError");
    let login = [
        ("url", repository.url()),
        ("username", "git"),
        ("password", "of the test"),
    ];
    let mut login = secret(ARGOCD, namespace, &login);
    login["metadata"]["labels"] = json!({"argocd.argoproj.io/secret-type": "repository"});
    world.create(&login);
    world.appears("ConfigMap", namespace, "a");
    // Two syncs of the same commit say the same.
    for name in ["first", "second"] {
        let sync = json!({"operation": {"sync": {}, "initiatedBy": {"username": name}}});
        world.patch("Application", ARGOCD, namespace, &sync);
        eventually("the sync is done", DEADLINE, || {
            let app = world.get("Application", ARGOCD, namespace)?;
            let state = &app["status"]["operationState"];
            let is_done = state["phase"] == "Succeeded"
                && state["operation"]["initiatedBy"]["username"] == name;
            is_done.then_some(()).ok_or_else(|| state.to_string())
        });
    }
    told_again(world, ARGOCD, namespace);
}

/// A store that signs in with a ServiceAccount and one for chosen namespaces; values that are made,
/// change, fail and go.
fn fetches(world: &World, namespace: &str) {
    let name = format!("for-{namespace}");
    stores(world, namespace, &name);
    let fetch = |own: &str, store: Value, remote: Value| {
        let mut object = in_namespace(EXTERNAL, "ExternalSecret", namespace, own);
        object["spec"] = json!({
            "secretStoreRef": store, "refreshInterval": "1s",
            "target": {"deletionPolicy": "Delete"},
            "data": [{"secretKey": "k", "remoteRef": remote}],
        });
        world.create(&object);
    };
    let here = json!({"name": "here", "kind": "SecretStore"});
    fetch("a", here.clone(), json!({"key": "origin", "property": "k"}));
    fetch(
        "b",
        json!({"name": name, "kind": "ClusterSecretStore"}),
        json!({"key": "a"}),
    );
    fetch(
        "broken",
        here,
        json!({"key": "origin", "property": "other"}),
    );
    world.appears("Secret", namespace, "b");
    for text in ["one", "two"] {
        world.create(&secret(namespace, "origin", &[("k", text)]));
        eventually("the Secret has the value", DEADLINE, || {
            let found = value(&world.get("Secret", namespace, "a")?, "k");
            (found == text).then_some(()).ok_or(found)
        });
    }
    told_again(world, namespace, "broken");
    world.create(&secret(namespace, "merged", &[("own", "o")]));
    let mut merged = in_namespace(EXTERNAL, "ExternalSecret", namespace, "merged");
    merged["spec"] = json!({
        "secretStoreRef": {"name": name, "kind": "ClusterSecretStore"},
        "target": {"creationPolicy": "Merge"},
        "data": [{"secretKey": "k", "remoteRef": {"key": "a"}}],
    });
    world.create(&merged);
    world.condition("ExternalSecret", namespace, "merged", "Ready", "True");
    world.delete("Secret", namespace, "origin");
    world.disappears("Secret", namespace, "a");
    for name in ["a", "b", "broken", "merged"] {
        world.delete("ExternalSecret", namespace, name);
        world.disappears("ExternalSecret", namespace, name);
    }
}

const EXTERNAL: &str = "external-secrets.io/v1";

fn in_namespace(api_version: &str, kind: &str, namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": api_version, "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
    })
}

/// Makes a store over the namespace's own Secrets, and one over fake values called `name`.
fn stores(world: &World, namespace: &str, name: &str) {
    let cluster = world.cluster();
    cluster.create_namespace(namespace).expect("it is made");
    let mut binding = in_namespace(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        namespace,
        "reader",
    );
    binding["roleRef"] =
        json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"});
    binding["subjects"] =
        json!([{"kind": "ServiceAccount", "name": "default", "namespace": namespace}]);
    world.create(&binding);
    let mut authority = in_namespace("v1", "ConfigMap", namespace, "authority");
    authority["data"] = json!({"ca.crt": cluster.ca_pem()});
    world.create(&authority);
    world.create(&secret(namespace, "origin", &[("k", "one")]));
    let provider = json!({"kubernetes": {
        "server": {
            "url": cluster.url(),
            "caProvider": {"type": "ConfigMap", "name": "authority", "key": "ca.crt"},
        },
        "remoteNamespace": namespace, "auth": {"serviceAccount": {"name": "default"}},
    }});
    let mut store = in_namespace(EXTERNAL, "SecretStore", namespace, "here");
    store["spec"] = json!({"provider": provider});
    world.create(&store);
    world.create(&json!({
        "apiVersion": EXTERNAL, "kind": "ClusterSecretStore", "metadata": {"name": name},
        "spec": {
            "provider": {"fake": {"data": [{"key": "a", "value": "v"}]}},
            "conditions": [{"namespaceSelector": {"matchLabels": {
                "kubernetes.io/metadata.name": namespace,
            }}}],
        },
    }));
}

fn options(families: &[Family], arguments: &[&str]) -> ControllerOptions {
    let mut options = ControllerOptions::default();
    options.families = families.to_vec();
    "debug".clone_into(&mut options.log_level);
    options.arguments = arguments.iter().map(|&text| text.to_owned()).collect();
    options
}

fn exact(events: &[AuditEvent], families: &[Family]) {
    let rules = families.iter().flat_map(|&family| roles::of_family(family));
    let idle = idle(events, rules.chain(roles::OWN_NAMESPACE));
    let refused = refused(events);
    assert!(
        refused.is_empty() && idle.is_empty(),
        "{families:?}: refused {refused:#?}, never used {idle:#?}"
    );
}

/// The rights of an existing installation of sealed-secrets, for our account.
fn grant_upstream(world: &World) {
    grant(world, &[]);
    let subjects =
        json!([{"kind": "ServiceAccount", "name": NAME, "namespace": world.namespace()}]);
    let rbac = "rbac.authorization.k8s.io";
    let rule = |group: &str, resource: &str, verbs: &[&str]| json!({"apiGroups": [group], "resources": [resource], "verbs": verbs});
    let all = ["get", "list", "create", "update", "delete", "watch"];
    world.create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "secrets-unsealer"},
        "rules": [
            rule("bitnami.com", "sealedsecrets", &["get", "list", "watch"]),
            rule("bitnami.com", "sealedsecrets/status", &["update"]),
            rule("", "secrets", &all),
            rule("", "events", &["create", "patch"]),
        ],
    }));
    world.create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "sealed-secrets-controller"}, "subjects": subjects,
        "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "secrets-unsealer"},
    }));
    let mut of_prefix = rule("", "secrets", &["get"]);
    of_prefix["resourceNames"] = json!(["sealed-secrets-key"]);
    world.create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "sealed-secrets-key-admin", "namespace": world.namespace()},
        "rules": [of_prefix, rule("", "secrets", &["create", "list"])],
    }));
    world.create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "sealed-secrets-key-admin", "namespace": world.namespace()},
        "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "sealed-secrets-key-admin"},
        "subjects": subjects,
    }));
    world.delete(
        "RoleBinding",
        world.namespace(),
        &format!("{NAME}-leader-election"),
    );
    may(world, &roles::of_family(Family::SealedSecrets)[0], true);
    let lease = &roles::OWN_NAMESPACE[0];
    may(world, lease, false);
}

/// I9, K-088: each family alone, all together, and sealed secrets under the upstream roles.
#[test]
fn controller_uses_every_right_it_has_and_needs_no_other() {
    let _place = own_world();
    let mut planned = ControlPlaneOptions::default();
    planned.audit_log = AuditLog::Metadata;
    let world = World::start_with(&planned, &Family::ALL);
    let mut served = ServerOptions::default();
    served.credentials = Some(Credentials {
        user: "git".to_owned(),
        password: "of the test".to_owned(),
    });
    let git = GitServer::start_with(&served).expect("the Git server starts");

    let alone = [Family::SealedSecrets];
    grant(&world, &alone);
    let events = asked(&world, &options(&alone, &[]), |controller| {
        seals(&world, controller, "sealed-alone");
    });
    exact(&events, &alone);

    let alone = [Family::Flux];
    grant(&world, &alone);
    let events = asked(&world, &options(&alone, &[]), |_| {
        syncs(&world, &git, "flux-alone", false);
    });
    exact(&events, &alone);

    let alone = [Family::Argo, Family::Sops];
    grant(&world, &alone);
    let events = asked(&world, &options(&alone, &[]), |_| {
        deploys(&world, &git, "argo-alone");
    });
    // What it applies it applies with rights that somebody granted besides.
    exact(&events, &alone);

    let alone = [Family::ExternalSecrets];
    grant(&world, &alone);
    let events = asked(&world, &options(&alone, &[]), |_| {
        fetches(&world, "fetched-alone");
    });
    exact(&events, &alone);

    let together = Family::ALL;
    grant(&world, &together);
    let events = asked(&world, &options(&together, &[]), |controller| {
        seals(&world, controller, "sealed-together");
        fetches(&world, "fetched-together");
        syncs(&world, &git, "flux-together", true);
        deploys(&world, &git, "argo-together");
    });
    exact(&events, &together);

    let alone = [Family::SealedSecrets];
    grant_upstream(&world);
    let plain = options(&alone, &["--leader-elect=false"]);
    let events = asked(&world, &plain, |controller| {
        seals(&world, controller, "upstream-roles");
    });
    assert_eq!(refused(&events), Vec::<String>::new());
    // With an election asked for and no lease granted it leads all the same.
    let events = asked(&world, &options(&alone, &[]), |controller| {
        seals(&world, controller, "upstream-roles-elected");
        assert!(controller.log().contains("leases are not granted"));
    });
    let refused = refused(&events);
    assert!(!refused.is_empty());
    assert!(
        refused.iter().all(|request| request.contains("/leases/")),
        "{refused:?}"
    );
}
