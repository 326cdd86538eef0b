//! What happens, in order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use age::secrecy::ExposeSecret;
use anyhow::bail;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use components::Component;
use secret_bytes::SecretBytes;
use serde_json::{Value, json};

use crate::arrivals::{Arrivals, Expected, Kind};
use crate::backends::Backends;
use crate::cluster::{Cluster, Created};
use crate::console::{Console, Row};
use crate::controller::Controller;
use crate::flags::Flags;
use crate::folder;
use crate::install::{self, Names};
use crate::programs;
use crate::stage::Stage;

/// The Secret with the age identity.
const AGE_SECRET: &str = "sops-age";

/// How often the repository is asked for new commits.
const POLL: &str = "1s";

/// Everything that takes part, once it runs.
struct Scene<'a> {
    flags: &'a Flags,
    console: &'a Console,
    cluster: Cluster,
    backends: Backends,
    controller: Controller,
    names: Names,
    arrivals: Arrivals,
    age: age::x25519::Identity,
}

/// Runs the demo.
///
/// # Errors
///
/// When something cannot be started, or a value does not arrive.
pub(crate) async fn tell(
    flags: &Flags,
    console: &Console,
    stage: &mut Stage,
) -> anyhow::Result<()> {
    provide(flags, console).await?;
    let scene = set(flags, console, stage).await?;
    let values = scene.first_commit(stage).await?;
    scene.changes(&values).await?;
    if let Some(memory) = scene.controller.peak_memory() {
        console.say(&format!(
            "\nEverything arrived. The controller used {memory} MiB at most."
        ));
    }
    stage.is_complete = true;
    if flags.keep {
        let namespace = &scene.names.namespace;
        console.say(&match scene.cluster.own() {
            Some(own) => format!(
                "It runs on until Ctrl-C. In another terminal:\n  export KUBECONFIG={}\n  kubectl get secrets,sealedsecrets,externalsecrets,kustomizations -n {namespace}",
                own.kubeconfig().display()
            ),
            None => format!("It runs on in namespace {namespace} until Ctrl-C."),
        });
        std::future::pending::<()>().await;
    }
    Ok(())
}

/// Builds the servers that are not there yet.
async fn provide(flags: &Flags, console: &Console) -> anyhow::Result<()> {
    let mut needed = vec![Component::OpenBao, Component::Moto, Component::RenderWorker];
    if flags.context.is_none() {
        needed.insert(0, Component::ControlPlane);
    }
    let mut missing = Vec::new();
    for component in needed {
        if component.find()?.is_none() {
            missing.push(component);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let time: Duration = missing
        .iter()
        .map(|component| component.expected_build_time())
        .sum();
    let names: Vec<_> = missing.iter().map(|component| component.name()).collect();
    console.note(&format!(
        "building {} from source: about {} minutes on two cores, once",
        names.join(", "),
        time.as_secs().div_ceil(60)
    ));
    tokio::task::spawn_blocking(move || {
        for component in missing {
            components::ensure(component)?;
        }
        Ok(())
    })
    .await?
}

/// Starts everything.
async fn set<'a>(
    flags: &'a Flags,
    console: &'a Console,
    stage: &mut Stage,
) -> anyhow::Result<Scene<'a>> {
    let (cluster, names) = match &flags.context {
        None => {
            let cluster = console.step("control plane started", Cluster::build());
            (cluster.await?, Names::of_own_cluster())
        }
        Some(context) => (Cluster::at_hand(context).await?, Names::of_run()),
    };
    stage.cluster = Some(cluster.clone());
    let what = "definitions, roles and namespaces installed";
    console
        .step(what, install(&cluster, &names, console, stage))
        .await?;
    let what = "Git server, OpenBao and Secrets Manager (moto) started";
    let backends = console.step(what, Backends::start()).await?;
    stage.backends = Some(backends.clone());
    let folder = tempfile::tempdir()?;
    let start = Controller::start(&cluster, &names, &backends, folder.path());
    let what = "controller started under its own ServiceAccount";
    let controller = console.step(what, start).await?;
    stage.folder = Some(folder);
    stage.controller = Some(controller.clone());
    let arrivals = Arrivals::watch(&cluster, &names.namespace);
    Ok(Scene {
        flags,
        console,
        cluster,
        backends,
        controller,
        names,
        arrivals,
        age: age::x25519::Identity::generate(),
    })
}

async fn install(
    cluster: &Cluster,
    names: &Names,
    console: &Console,
    stage: &mut Stage,
) -> anyhow::Result<()> {
    let mut found = 0;
    for object in install::objects(names)? {
        match cluster.create(&object).await? {
            Created::New => stage.made.push(object),
            Created::Present if install::is_definition(&object) => found += 1,
            Created::Present => bail!(
                "{} {} is there already",
                object["kind"].as_str().unwrap_or_default(),
                object["metadata"]["name"].as_str().unwrap_or_default()
            ),
        }
    }
    if found > 0 {
        console.warn(&format!(
            "{found} definitions are there already and stay as they are; a controller that serves them will act on the demo's objects as well"
        ));
    }
    install::settled(cluster, names).await
}

/// The values of the first commit that stay.
struct Values {
    vault: Expected,
    sealed: Expected,
}

impl Scene<'_> {
    /// Fills the stores, commits everything, and shows it arrive.
    async fn first_commit(&self, stage: &mut Stage) -> anyhow::Result<Values> {
        let expect = |kind, name, origin| Expected {
            kind,
            name,
            origin,
            value: Arc::new(random()),
        };
        let plain = expect(Kind::ConfigMap, folder::PLAIN, "Git, plain");
        let sealed = expect(Kind::Secret, folder::SEALED, "Git, SealedSecret");
        let encrypted = expect(Kind::Secret, folder::ENCRYPTED, "Git, SOPS with age");
        let vault = expect(Kind::Secret, folder::OPENBAO, "OpenBao");
        let managed = expect(Kind::Secret, folder::SECRETS_MANAGER, "AWS Secrets Manager");
        let credentials = self
            .backends
            .fill(Arc::clone(&vault.value), Arc::clone(&managed.value))
            .await?;
        let stores = folder::stores(&self.backends.vault(), self.backends.region());
        let credentials = [
            ("vault-token", &credentials.vault_token),
            ("access-key-id", &credentials.access_key_id),
            ("secret-access-key", &credentials.secret_access_key),
        ];
        let entry = [(folder::KEY, &*encrypted.value)];
        // EXPOSE: this one is committed as it is; nothing about it is secret.
        let shown = plain.value.expose_str()?;
        let files = [
            (
                "kustomization.yaml",
                folder::kustomization(&self.names.namespace),
            ),
            ("plain.yaml", folder::plain(shown)),
            ("sealed.yaml", self.seal(&sealed.value).await?),
            (
                "encrypted.yaml",
                self.encrypt(folder::ENCRYPTED, &entry).await?,
            ),
            (
                "credentials.yaml",
                self.encrypt(folder::CREDENTIALS, &credentials).await?,
            ),
            ("stores.yaml", stores),
        ];
        let files = files.map(|(name, content)| (format!("{}/{name}", folder::PATH), content));

        let expected = [plain, sealed.clone(), encrypted, vault.clone(), managed];
        self.arrivals.expect(&expected);
        self.cluster.create(&self.age_secret()).await?;
        self.backends
            .commit(files.to_vec(), "Everything the team needs")
            .await?;
        let committed = Instant::now();
        for object in self.sync() {
            self.cluster.create(&object).await?;
            stage.made.push(object);
        }
        self.show(
            "From commit to cluster",
            "first values in the cluster",
            &expected,
            |_| committed,
        )
        .await?;
        Ok(Values { vault, sealed })
    }

    /// Changes a value in the vault and another in Git, and shows both changes arrive.
    async fn changes(&self, values: &Values) -> anyhow::Result<()> {
        let change = |expected: &Expected, origin| Expected {
            origin,
            value: Arc::new(random()),
            ..expected.clone()
        };
        let rotated = change(&values.vault, "OpenBao, value rotated");
        let resealed = change(&values.sealed, "Git, value sealed anew");
        let file = self.seal(&resealed.value).await?;
        let expected = [rotated.clone(), resealed];
        self.arrivals.expect(&expected);
        self.backends
            .put_into_vault(Arc::clone(&rotated.value))
            .await?;
        let rotation = Instant::now();
        let path = format!("{}/sealed.yaml", folder::PATH);
        self.backends
            .commit(vec![(path, file)], "A new value")
            .await?;
        let commit = Instant::now();
        let heading = format!(
            "From change to cluster (the vault is asked every {}, Git every {POLL})",
            folder::REFRESH
        );
        self.show(
            &heading,
            "changed values in the cluster",
            &expected,
            |name| {
                if name == rotated.name {
                    rotation
                } else {
                    commit
                }
            },
        )
        .await
    }

    /// Waits for values and prints when they arrived.
    async fn show(
        &self,
        heading: &str,
        what: &str,
        expected: &[Expected],
        started: impl Fn(&str) -> Instant,
    ) -> anyhow::Result<()> {
        let limit = self.flags.limit();
        let mut arrived = Vec::new();
        let wait = async {
            arrived = self.arrivals.wait(limit).await;
            match arrived.iter().filter(|(_, at)| at.is_none()).count() {
                0 => Ok(()),
                missing => bail!(
                    "{missing} of {} values did not arrive within {} s",
                    expected.len(),
                    limit.as_secs()
                ),
            }
        };
        let outcome = self.console.step(what, wait).await;
        let rows: Vec<_> = arrived
            .iter()
            .map(|(expected, at)| Row {
                object: format!("{} {}", expected.kind.as_str(), expected.name),
                origin: expected.origin,
                took: at.map(|at| at.saturating_duration_since(started(expected.name))),
            })
            .collect();
        self.console.table(heading, &rows);
        if outcome.is_err() {
            self.explain().await;
        }
        outcome
    }

    /// Prints what the objects say about themselves.
    async fn explain(&self) {
        let kinds = [
            ("source.toolkit.fluxcd.io/v1", "GitRepository"),
            ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
            ("bitnami.com/v1alpha1", "SealedSecret"),
            ("external-secrets.io/v1", "SecretStore"),
            ("external-secrets.io/v1", "ExternalSecret"),
        ];
        self.console.note("\nWhat the objects say:");
        for (api_version, kind) in kinds {
            let namespace = &self.names.namespace;
            let objects = self.cluster.list(api_version, kind, namespace).await;
            for object in objects.unwrap_or_default() {
                let name = object.metadata.name.unwrap_or_default();
                let said = conditions(&object.data["status"]["conditions"]);
                self.console.note(&format!("  {kind} {name}: {said}"));
            }
        }
        if !self.controller.runs() {
            self.console
                .note("  the controller has ended; its log says why");
        }
    }

    async fn seal(&self, value: &SecretBytes) -> anyhow::Result<String> {
        let entry = [(folder::KEY, value)];
        let secret = folder::secret(&self.names.namespace, folder::SEALED, &entry);
        programs::seal(&secret, &self.controller.certificate()).await
    }

    async fn encrypt(
        &self,
        name: &str,
        entries: &[(&str, &SecretBytes)],
    ) -> anyhow::Result<String> {
        let secret = folder::secret(&self.names.namespace, name, entries);
        programs::encrypt(&secret, &self.age.to_public().to_string()).await
    }

    /// Returns the Secret with the key to what `sops` encrypts, the one thing that is not in Git.
    fn age_secret(&self) -> Value {
        let identity = self.age.to_string();
        json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": { "name": AGE_SECRET, "namespace": self.names.namespace },
            "data": { "demo.agekey": STANDARD.encode(identity.expose_secret()) },
        })
    }

    /// Returns what points Signet at the repository.
    fn sync(&self) -> [Value; 2] {
        let namespace = &self.names.namespace;
        [
            json!({
                "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
                "metadata": { "name": "team", "namespace": namespace },
                "spec": {
                    "url": self.backends.repository(), "interval": POLL,
                    "ref": { "branch": "main" },
                },
            }),
            json!({
                "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
                "metadata": { "name": "app", "namespace": namespace },
                "spec": {
                    "interval": "10m", "prune": true, "path": format!("./{}", folder::PATH),
                    "sourceRef": { "kind": "GitRepository", "name": "team" },
                    "serviceAccountName": install::DEPLOYER,
                    "decryption": { "provider": "sops", "secretRef": { "name": AGE_SECRET } },
                },
            }),
        ]
    }
}

/// Returns a value that nobody could guess.
fn random() -> SecretBytes {
    hex::encode(rand::random::<[u8; 16]>()).into()
}

fn conditions(conditions: &Value) -> String {
    let conditions = conditions.as_array().map(Vec::as_slice).unwrap_or_default();
    let text =
        |condition: &Value, field: &str| condition[field].as_str().unwrap_or_default().to_owned();
    let said: Vec<_> = conditions
        .iter()
        .map(|condition| {
            format!(
                "{}={} {}: {}",
                text(condition, "type"),
                text(condition, "status"),
                text(condition, "reason"),
                text(condition, "message")
            )
        })
        .collect();
    if said.is_empty() {
        "nothing yet".to_owned()
    } else {
        said.join("; ")
    }
}
