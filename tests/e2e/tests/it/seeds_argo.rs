//! The Argo CD manifests that users have today work as they are, with another URL and, because
//! several of them have one name, other names.

use std::path::Path;

use components::Repository;
use e2e::{Canary, World, eventually};
use serde_json::{Value, json};

use crate::applications::{ARGOCD, home, message, resource};
use crate::sealed::value;
use crate::shared::shared;
use crate::tenant::DEADLINE;

const M_05: &str = include_str!("../../../vectors/seeds/M-05-application-payment-service.yaml");
const M_05_TWIN: &str =
    include_str!("../../../vectors/seeds/M-05-application-payment-service-kustomize-twin.yaml");
const M_06: &str = include_str!("../../../vectors/seeds/M-06-application-production-apps.yaml");
const M_20: &str = include_str!("../../../vectors/seeds/M-20-deployment-api-server.yaml");
const M_21: &str = include_str!("../../../vectors/seeds/M-21-application-api-server.yaml");
const M_21_TWIN: &str =
    include_str!("../../../vectors/seeds/M-21-application-api-server-twin.yaml");
const M_22: &str = include_str!("../../../vectors/seeds/M-22-application-all-apps.yaml");
const M_30: &str = include_str!("../../../vectors/seeds/M-30-secret-api-secrets.yaml");
const M_30_TWIN: &str = include_str!("../../../vectors/seeds/M-30-secret-api-secrets-twin.yaml");
const IDENTITY: &str = include_str!("../../../vectors/seeds/M-30-twin-age-identity.txt");
const M_38: &str = include_str!("../../../vectors/seeds/M-38-application-frontend.yaml");
const M_39: &str = include_str!("../../../vectors/seeds/M-39-application-root.yaml");
const M_49: &str = include_str!("../../../vectors/seeds/M-49-application-root-app.yaml");

/// One repository of the seeds, and what its manifests are called here.
struct Seed {
    world: &'static World,
    repository: Repository,
    /// Before the names of Applications and projects; the namespace they deploy to.
    id: &'static str,
    /// The repository as the manifests name it.
    url: &'static str,
}

impl Seed {
    fn new(id: &'static str, url: &'static str, folder: Option<&str>) -> Self {
        let shared = shared();
        home(&shared.world);
        let seed = Self {
            world: &shared.world,
            repository: shared.git.create_repository(id).expect("it is made"),
            id,
            url,
        };
        if let Some(folder) = folder {
            let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/seeds/repos");
            seed.copy(&seeds.join(folder), seed.repository.work_tree());
            seed.repository
                .commit_all("as the seeds have it")
                .expect("it is committed");
        }
        seed
    }

    fn copy(&self, from: &Path, to: &Path) {
        std::fs::create_dir_all(to).expect("the folder is made");
        let entries = std::fs::read_dir(from).expect("the folder is there");
        for entry in entries.flatten() {
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                self.copy(&entry.path(), &target);
            } else {
                let text = std::fs::read_to_string(entry.path()).expect("it is text");
                std::fs::write(target, self.own(&text)).expect("it is written");
            }
        }
    }

    /// Returns a manifest with this repository, this namespace and names that nobody else has.
    fn own(&self, text: &str) -> String {
        let mut own = text
            .replace(self.url, self.repository.url())
            .replace("namespace: production", &format!("namespace: {}", self.id))
            .replace("project: production", &format!("project: {}", self.id));
        if text.contains("argoproj.io/v1alpha1") {
            own = own.replacen("\n  name: ", &format!("\n  name: {}-", self.id), 1);
        }
        own
    }

    fn apply(&self, manifest: &str) {
        let applied = self.world.cluster().apply(&self.own(manifest));
        applied.expect("it is applied");
    }

    fn until(&self, app: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let name = format!("{}-{app}", self.id);
        eventually(&format!("{name} {what}"), DEADLINE, || {
            let app = self.world.get("Application", ARGOCD, &name)?;
            if is(&app) {
                Ok(app)
            } else {
                Err(format!("{:#}", app["status"]))
            }
        })
    }

    fn synced(&self, app: &str) -> Value {
        let head = self.repository.head().expect("there is a commit");
        self.until(app, "is synced", |app| {
            let sync = &app["status"]["sync"];
            sync["status"] == "Synced" && sync["revision"] == head.as_str()
        })
    }

    /// Has an Application compared anew and waits until it was.
    fn refresh(&self, app: &str) -> Value {
        const REFRESH: &str = "argocd.argoproj.io/refresh";
        let ask = json!({"metadata": {"annotations": {REFRESH: "normal"}}});
        let name = format!("{}-{app}", self.id);
        self.world.patch("Application", ARGOCD, &name, &ask);
        self.until(app, "is compared", |app| {
            app["metadata"]["annotations"][REFRESH].is_null()
        })
    }

    /// Makes a project for this repository.
    fn project(&self, name: &str) {
        self.world.create(&json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
            "metadata": {"name": name, "namespace": ARGOCD},
            "spec": {
                "sourceRepos": ["*"],
                "destinations": [{"server": "https://kubernetes.default.svc", "namespace": "*"}],
                "clusterResourceWhitelist": [{"group": "", "kind": "Namespace"}],
            },
        }));
    }

    fn object(&self, kind: &str, name: &str) -> Value {
        let object = self.world.get(kind, self.id, name);
        object.expect("it is applied")
    }
}

fn image(deployment: &Value) -> &Value {
    &deployment["spec"]["template"]["spec"]["containers"][0]["image"]
}

/// M-05 with a tree that holds an overlay and no chart (D-01, G-015), its kustomize twin (G-025), and
/// M-06, whose folder holds a kustomization file besides (D-04, G-029).
#[test]
fn manifests_of_the_payment_service_work() {
    let url = "https://github.com/my-org/gitops-apps.git";
    let seed = Seed::new("seeds-payment", url, Some("000-gitops-apps"));
    seed.apply(M_05);
    let waits = seed.until("payment-service", "has no project", |app| {
        !message(app, "InvalidSpecError").is_empty()
    });
    assert_eq!(
        message(&waits, "InvalidSpecError"),
        "Application referencing project seeds-payment which does not exist"
    );
    seed.project("seeds-payment");
    seed.project("infrastructure");
    let refused = seed.until("payment-service", "is refused", |app| {
        !message(app, "ComparisonError").is_empty()
    });
    let text = message(&refused, "ComparisonError");
    let hint = "path contains a kustomization file, but spec.source.helm forces Helm";
    assert!(text.contains(hint), "{text}");
    // Selectors cannot change, so that the labels have to be there from the beginning.
    let gone = json!({"spec": {"source": {"helm": null, "kustomize": {
        "namePrefix": "prod-", "commonLabels": {"environment": "production"},
    }}}});
    let name = "seeds-payment-payment-service";
    seed.world.patch("Application", ARGOCD, name, &gone);
    seed.apply(M_05_TWIN);
    let app = seed.until("payment-service", "is as the twin says", |app| {
        let sync = &app["status"]["sync"];
        let labels = &sync["comparedTo"]["source"]["kustomize"]["commonLabels"];
        sync["status"] == "Synced" && labels["environment"] == "production"
    });
    assert_eq!(app["status"]["sourceType"], "Kustomize");
    let deployment = seed.object("Deployment", "prod-payment-service");
    assert_eq!(
        deployment["metadata"]["labels"]["environment"],
        "production"
    );
    let namespace = seed.world.get("Namespace", "", "seeds-payment");
    let tracking = "argocd.argoproj.io/tracking-id";
    let namespace = namespace.expect("it is made");
    assert!(namespace["metadata"]["annotations"][tracking].is_null());

    autoscaler_may_do_its_work(&seed);
    folder_of_applications_is_followed(&seed);
}

/// What `ignoreDifferences` names is neither reported nor taken back, though `selfHeal` is on (G-087).
fn autoscaler_may_do_its_work(seed: &Seed) {
    let deployment = "prod-payment-service";
    let replicas = json!({"spec": {"replicas": 7}});
    seed.world
        .patch("Deployment", seed.id, deployment, &replicas);
    let app = seed.refresh("payment-service");
    assert_eq!(app["status"]["sync"]["status"], "Synced");
    let listed = resource(&app, "Deployment", deployment);
    assert_eq!(listed["status"], "Synced");
    assert_eq!(seed.object("Deployment", deployment)["spec"]["replicas"], 7);
}

/// The children come and go with their files; what they deployed goes only with a finalizer.
fn folder_of_applications_is_followed(seed: &Seed) {
    let children = ["payment-service", "user-service", "notification-service"];
    seed.apply(M_06);
    let app = seed.synced("production-apps");
    assert_eq!(app["status"]["summary"]["isAppOfApps"], true);
    assert_eq!(app["status"]["sourceType"], "Directory");
    for child in children {
        seed.synced(child);
    }
    let files = ["user-service", "notification-service"]
        .map(|child| format!("argocd/apps/production/{child}.yaml"));
    let files = files.each_ref().map(String::as_str);
    seed.repository
        .remove(&files, "two less")
        .expect("it is committed");
    seed.refresh("production-apps");
    for child in ["user-service", "notification-service"] {
        let name = format!("{}-{child}", seed.id);
        seed.world.disappears("Application", ARGOCD, &name);
    }
    seed.world.disappears("Deployment", seed.id, "user-service");
    seed.object("Deployment", "notification-service");
    seed.synced("payment-service");
}

/// M-20, M-21 with the tag in the place of a name (D-02), its twin, and M-22, which has no block of a
/// tool (G-013, G-023).
#[test]
fn manifests_of_the_infrastructure_work() {
    let url = "https://github.com/myorg/infrastructure.git";
    let seed = Seed::new("seeds-infra", url, Some("001-infrastructure"));
    seed.apply(M_21);
    let app = seed.synced("api-server");
    let warning = message(&app, "ImageOverrideInterpretedAsTag");
    assert!(warning.contains("ghcr.io/myorg/api=v2.1.0"), "{warning}");
    let deployed = seed.object("Deployment", "api-server");
    assert_eq!(image(&deployed), "ghcr.io/myorg/api:v2.1.0");
    seed.apply(M_21_TWIN);
    let app = seed.until("api-server", "says nothing", |app| {
        message(app, "ImageOverrideInterpretedAsTag").is_empty()
    });
    assert_eq!(app["status"]["sync"]["status"], "Synced");

    // The child of the folder is the same Application, with the tag of the overlay.
    seed.apply(M_22);
    let app = seed.synced("all-apps");
    assert_eq!(app["status"]["sourceType"], "Directory");
    assert_eq!(
        resource(&app, "Application", "seeds-infra-api-server")["status"],
        "Synced"
    );

    let plain = Seed::new("seeds-plain", url, None);
    plain
        .repository
        .commit(
            &[("overlays/production/api.yaml", &plain.own(M_20))],
            "M-20",
        )
        .expect("it is committed");
    plain.apply(&M_21.replace(
        "    kustomize:\n      images:\n        - ghcr.io/myorg/api=v2.1.0\n",
        "",
    ));
    let app = plain.synced("api-server");
    assert_eq!(app["status"]["sourceType"], "Directory");
    assert_eq!(
        plain.object("Deployment", "api-server")["spec"]["replicas"],
        3
    );
}

/// M-38, M-39 and M-49: a file that is added to the folder becomes an Application.
#[test]
fn manifests_of_the_frontend_work() {
    let url = "https://github.com/myorg/k8s-config.git";
    let seed = Seed::new("seeds-front", url, Some("002-k8s-config"));
    seed.apply(M_38);
    seed.synced("frontend");
    assert_eq!(
        image(&seed.object("Deployment", "frontend")),
        "frontend:1.0.1"
    );
    seed.apply(M_39);
    seed.synced("root");
    // It waits to be asked, so that it does not fight with the other over the same objects.
    let added = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": "seeds-front-added", "namespace": ARGOCD},
        "spec": {
            "source": {"repoURL": seed.repository.url(), "path": "apps/frontend/overlays/production"},
            "destination": {"name": "in-cluster", "namespace": seed.id},
        },
    })
    .to_string();
    seed.repository
        .commit(&[("argocd/applications/added.yaml", &added)], "one more")
        .expect("it is committed");
    seed.synced("root");
    let found = seed
        .world
        .appears("Application", ARGOCD, "seeds-front-added");
    assert_eq!(found["kind"], "Application");

    let url = "https://github.com/myorg/k8s-manifests.git";
    let seed = Seed::new("seeds-root", url, Some("004-k8s-manifests"));
    seed.apply(M_49);
    let app = seed.synced("root-app");
    assert_eq!(app["status"]["summary"]["isAppOfApps"], true);
    for child in ["payment-service", "frontend", "user-service"] {
        seed.synced(child);
    }
}

/// M-30 through an Application (G-200, G-242, S2): as printed it fails without a value, completed it
/// opens with the key that the annotation names.
#[test]
fn encrypted_secret_of_the_seeds_opens() {
    let seed = Seed::new(
        "seeds-sops",
        "https://github.com/myorg/infrastructure.git",
        None,
    );
    let commit = |document: &str| {
        let files = [
            ("overlays/production/secret.yaml", document),
            (
                "overlays/production/kustomization.yaml",
                "resources: [secret.yaml]\n",
            ),
        ];
        seed.repository
            .commit(&files, "M-30")
            .expect("it is committed")
    };
    commit(M_30);
    seed.world.create(&json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "seeds-sops-age", "namespace": ARGOCD},
        "stringData": {"age.agekey": IDENTITY},
    }));
    // What is authenticated is the file, which names the seed's namespace.
    let images = "      images:\n        - ghcr.io/myorg/api=v2.1.0\n";
    let application = M_21
        .replace(images, "      namespace: production\n")
        .replace(
            "  namespace: argocd\n",
            "  namespace: argocd\n  annotations:\n    signet.dev/decryption: sops\n    \
         signet.dev/decryption-secret: seeds-sops-age\n",
        );
    seed.apply(&application);
    let failed = seed.until("api-server", "cannot decrypt", |app| {
        !message(app, "ComparisonError").is_empty()
    });
    let text = message(&failed, "ComparisonError");
    assert!(text.contains("overlays/production/secret.yaml"), "{text}");
    assert!(!text.contains("ENC["), "{text}");
    assert_eq!(failed["status"]["resources"], Value::Null);
    let nothing = seed.world.get("Secret", seed.id, "api-secrets");
    assert!(nothing.is_err(), "{nothing:?}");
    commit(M_30_TWIN);
    seed.refresh("api-server");
    seed.synced("api-server");
    let made = seed.object("Secret", "api-secrets");
    assert_eq!(value(&made, "API_KEY"), "fixture-api-key");
    Canary::of(&["fixture-api-key", "fixture-password"])
        .assert_silent(seed.world, &shared().controller);
}
