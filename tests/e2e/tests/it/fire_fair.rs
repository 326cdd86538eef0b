//! A tenant whose units hang, bring the render worker down, flood the API server or cannot be
//! decrypted slows nobody else.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use components::{ControlPlaneOptions, GitServer, OpenBao, Repository};
use deploy::family::Family;
use e2e::{Controller, ControllerOptions, Fault, FaultyLine, World, eventually, tell};
use serde_json::{Value, json};

use crate::encrypted::{Sops, age_key, encrypt, secret_file};
use crate::shared::own_world;
use crate::tenant::config_map;

/// How many units there are; ten times as many with `SIGNET_FIRE=long`.
struct Numbers {
    good: usize,
    /// Units whose key service takes the request and never answers: more than are reconciled at once.
    hanging_keys: usize,
    /// Sources that take the request and never answer: more than are fetched at once.
    hanging_sources: usize,
    /// Units whose build takes all time and memory there is: more than there are workers.
    bombs: usize,
    floods: usize,
    /// How many objects a flood applies.
    flood: usize,
    undecryptable: usize,
    unhealthy: usize,
}

const SHORT: Numbers = Numbers {
    good: 60,
    hanging_keys: 40,
    hanging_sources: 12,
    bombs: 3,
    floods: 2,
    flood: 400,
    undecryptable: 2,
    unhealthy: 2,
};

/// Fifty bad ones among five hundred good ones, and hanging sources besides.
const LONG: Numbers = Numbers {
    good: 500,
    hanging_keys: 36,
    hanging_sources: 12,
    bombs: 4,
    floods: 4,
    flood: 2000,
    undecryptable: 3,
    unhealthy: 3,
};

/// Good units in one namespace.
const EACH: usize = 10;

struct Fire<'a> {
    world: &'a World,
    repository: Repository,
    numbers: &'a Numbers,
}

impl Fire<'_> {
    fn namespaces(&self) -> impl Iterator<Item = String> + use<> {
        (0..self.numbers.good.div_ceil(EACH)).map(|index| format!("good-{index}"))
    }

    fn source(&self, namespace: &str, name: &str, url: &str) {
        self.world.create(&json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"url": url, "interval": "1h", "ref": {"branch": "main"}},
        }));
    }

    fn unit(&self, namespace: &str, name: &str, path: &str, more: &Value) {
        let mut spec = json!({
            "interval": "1h", "retryInterval": "2s", "prune": true, "path": path,
            "targetNamespace": namespace,
            "sourceRef": {"kind": "GitRepository", "name": "repo"},
        });
        if let (Some(spec), Some(more)) = (spec.as_object_mut(), more.as_object()) {
            spec.extend(more.clone());
        }
        self.world.create(&json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec,
        }));
    }

    fn good_units(&self) {
        let url = self.repository.url().to_owned();
        for (index, namespace) in self.namespaces().enumerate() {
            let cluster = self.world.cluster();
            cluster.create_namespace(&namespace).expect("it is made");
            self.source(&namespace, "repo", &url);
            for number in index * EACH..((index + 1) * EACH).min(self.numbers.good) {
                let path = format!("./good/{number}");
                self.unit(&namespace, &format!("good-{number}"), &path, &json!({}));
            }
        }
    }

    /// Changes every good unit and every flood, tells the sources, and returns how long each good
    /// unit took to apply it, in order.
    fn commit(&self, round: usize) -> Vec<Duration> {
        let mut files: Vec<(String, String)> = (0..self.numbers.good)
            .map(|number| {
                let text = config_map(&format!("good-{number}"), &format!("round-{round}"));
                (format!("good/{number}/a.yaml"), text)
            })
            .collect();
        files.push(("flood/a.yaml".to_owned(), self.flood(round)));
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        let commit = self.repository.commit(&files, "next").expect("it is made");
        let began = Instant::now();
        let mark = json!({"metadata": {"annotations": {
            "reconcile.fluxcd.io/requestedAt": format!("round-{round}"),
        }}});
        for namespace in self.namespaces() {
            self.world.patch("GitRepository", &namespace, "repo", &mark);
        }
        let mut took = HashMap::new();
        eventually("all good units apply it", Duration::from_mins(3), || {
            for unit in self.world.list("Kustomization", "") {
                let name = unit["metadata"]["name"].as_str().unwrap_or_default();
                let applied = unit["status"]["lastAppliedRevision"].to_string();
                if name.starts_with("good-") && applied.contains(&commit) {
                    took.entry(name.to_owned())
                        .or_insert_with(|| began.elapsed());
                }
            }
            (took.len() == self.numbers.good)
                .then_some(())
                .ok_or_else(|| format!("{} of {}", took.len(), self.numbers.good))
        });
        let mut took: Vec<Duration> = took.into_values().collect();
        took.sort();
        took
    }

    fn flood(&self, round: usize) -> String {
        (0..self.numbers.flood).fold(String::new(), |mut text, number| {
            let object = config_map(&format!("flood-{number}"), &format!("round-{round}"));
            write!(text, "---\n{object}").expect("a String takes it");
            text
        })
    }

    fn bad_units(&self, hanging_git: &str, token: &str) {
        let url = self.repository.url().to_owned();
        let namespaces = ["bad-0", "bad-1", "bad-2"];
        for namespace in namespaces {
            let cluster = self.world.cluster();
            cluster.create_namespace(namespace).expect("it is made");
            self.source(namespace, "repo", &url);
        }
        let keys = json!({"decryption": {"provider": "sops", "secretRef": {"name": "keys"}}});
        for namespace in namespaces.into_iter().chain(["good-0"]) {
            self.world.create(&json!({
                "apiVersion": "v1", "kind": "Secret", "stringData": {"sops.vault-token": token},
                "metadata": {"name": "keys", "namespace": namespace},
            }));
        }
        for number in 0..self.numbers.hanging_keys {
            // Some sit among the good ones of a namespace.
            let namespace = if number % 4 == 3 {
                "good-0"
            } else {
                namespaces[number % 3]
            };
            self.unit(namespace, &format!("hangs-{number}"), "./hangs", &keys);
        }
        for number in 0..self.numbers.hanging_sources {
            let name = format!("hangs-{number}");
            self.source("bad-0", &name, &format!("{hanging_git}/{number}.git"));
        }
        let every = |count: usize, name: &str, path: &str, more: &Value| {
            for number in 0..count {
                let namespace = namespaces[number % namespaces.len()];
                // Objects of the same name belong to one unit of a namespace alone.
                let prefix = json!({"namePrefix": format!("{name}-{number}-")});
                let mut more = more.clone();
                if let (Some(more), Some(prefix)) = (more.as_object_mut(), prefix.as_object()) {
                    more.extend(prefix.clone());
                }
                self.unit(namespace, &format!("{name}-{number}"), path, &more);
            }
        };
        every(self.numbers.bombs, "bomb", "./bomb/l24", &json!({}));
        every(self.numbers.floods, "flood", "./flood", &json!({}));
        every(self.numbers.undecryptable, "foreign", "./foreign", &keys);
        every(
            self.numbers.unhealthy,
            "waits",
            "./waits",
            &json!({"wait": true}),
        );
    }

    /// Waits until the bad ones are at it.
    fn burns(&self, controller: &Controller) {
        let hanging = format!("hangs-{}", self.numbers.hanging_sources - 1);
        eventually("the bad units are at it", Duration::from_mins(1), || {
            let units = self.world.list("Kustomization", "");
            let says = |name: &str, text: &str| {
                units.iter().any(|unit| {
                    unit["metadata"]["name"] == name
                        && unit["status"]["conditions"].to_string().contains(text)
                })
            };
            let states = [
                says("foreign-0", "BuildFailed"),
                says("waits-0", "Progressing"),
                self.world.get("GitRepository", "bad-0", &hanging).is_ok(),
            ];
            states
                .iter()
                .all(|state| *state)
                .then_some(())
                .ok_or_else(|| format!("{states:?}"))
        });
        assert!(controller.child().ended().is_none(), "{}", controller.log());
    }
}

/// Returns folders whose kustomizations double the objects on each level.
fn bomb(levels: usize) -> Vec<(String, String)> {
    let mut files = vec![
        (
            "bomb/l0/kustomization.yaml".to_owned(),
            "resources: [a.yaml]\n".to_owned(),
        ),
        ("bomb/l0/a.yaml".to_owned(), config_map("a", "x")),
    ];
    for level in 1..=levels {
        for half in ["a", "b"] {
            files.push((
                format!("bomb/l{level}/{half}/kustomization.yaml"),
                format!("resources: [../../l{}]\nnamePrefix: {half}-\n", level - 1),
            ));
        }
        let both = "resources: [a, b]\n".to_owned();
        files.push((format!("bomb/l{level}/kustomization.yaml"), both));
    }
    files
}

fn p95(sorted: &[Duration]) -> Duration {
    let index = (sorted.len() * 95).div_ceil(100).saturating_sub(1);
    sorted.get(index).copied().unwrap_or_default()
}

/// Design 3.9, I7: bounded per backend and fair per tenant; a wait never holds a worker.
#[test]
fn bad_units_slow_no_good_one() {
    let _place = own_world();
    let world = World::start_with(
        &ControlPlaneOptions::default(),
        &[Family::Flux, Family::Sops],
    );
    let git = GitServer::start().expect("it starts");
    let vault = OpenBao::start().expect("it starts");
    let (keys, sources) = (FaultyLine::to(&vault.url()), FaultyLine::to(&git.url()));
    let numbers = match std::env::var("SIGNET_FIRE").as_deref() {
        Ok("long") => &LONG,
        _ => &SHORT,
    };
    let mut options = ControllerOptions::default();
    options.families = vec![Family::Flux, Family::Sops];
    "info".clone_into(&mut options.log_level);
    let controller = Controller::start(&world, &options);
    let repository = git.create_repository("fire").expect("it is made");
    let fire = Fire {
        world: &world,
        repository,
        numbers,
    };
    let mut files = bomb(24);
    files.push((
        "hangs/s.yaml".to_owned(),
        under_transit(&world, &vault, &keys),
    ));
    files.push(("foreign/s.yaml".to_owned(), under_foreign_key(&world)));
    files.push(("waits/d.yaml".to_owned(), without_node().to_string()));
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    fire.repository.commit(&files, "bad").expect("it is made");

    fire.good_units();
    fire.commit(0);
    let alone = fire.commit(1);
    keys.show(Fault::Hang);
    sources.show(Fault::Hang);
    fire.bad_units(&sources.url(), vault.root_token());
    fire.burns(&controller);
    let first = fire.commit(2);
    let second = fire.commit(3);

    let (alone, first, second) = (p95(&alone), p95(&first), p95(&second));
    tell(format_args!(
        "{} good units, commit to applied, p95: {alone:?} alone, {first:?} and {second:?} beside \
         {} bad ones",
        numbers.good,
        world.list("Kustomization", "").len() - numbers.good + numbers.hanging_sources,
    ));
    // A bound that holds on a busy machine: what hangs does so for a minute.
    let bound = (alone * 5).max(Duration::from_secs(10));
    assert!(first < bound && second < bound, "{first:?}, {second:?}");
    assert!(controller.child().ended().is_none(), "{}", controller.log());
    keys.show(Fault::None);
    eventually("those that hung go on", Duration::from_mins(2), || {
        world.get("Secret", "good-0", "hung").map(drop)
    });
}

fn under_transit(world: &World, vault: &OpenBao, line: &FaultyLine) -> String {
    vault.create_transit_key("fire").expect("it is made");
    let uri = format!("{}/v1/transit/keys/fire", line.url());
    encrypt(
        world,
        Sops::Ours,
        "s.yaml",
        &secret_file("hung", "password", "behind a key service that hangs"),
        &[
            "--hc-vault-transit",
            &uri,
            "--encrypted-regex",
            "^(data|stringData)$",
        ],
        &[("VAULT_TOKEN", vault.root_token())],
    )
}

fn under_foreign_key(world: &World) -> String {
    let key = age_key();
    encrypt(
        world,
        Sops::Ours,
        "s.yaml",
        &secret_file("foreign", "password", "for somebody else"),
        &[
            "--age",
            &key.recipient,
            "--encrypted-regex",
            "^(data|stringData)$",
        ],
        &[],
    )
}

/// A Deployment whose pods nobody runs.
fn without_node() -> Value {
    let labels = json!({"app": "waits"});
    let container = json!({"name": "main", "image": "example.com/waits:1"});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "waits"},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    })
}
