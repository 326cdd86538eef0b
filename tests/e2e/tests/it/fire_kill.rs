//! A controller that is killed at any moment of a sync, again and again, ends where it should, and
//! nothing is lost on the way.

use std::time::{Duration, Instant};

use components::{GitServer, Kwok, OpenBao};
use e2e::{Controller, ControllerOptions, Dice, Versions, World, eventually, tell};
use serde_json::json;

use crate::encrypted::age_key;
use crate::estate::{Estate, FOLDER, Kind, Makers};
use crate::sealed::certificate;
use crate::shared::own_world;
use crate::tenant::Tenant;

const NAMESPACE: &str = "fire-kill";

/// How many objects of each kind there are: 200 in all.
const MANY: [(Kind, usize); 5] = [
    (Kind::ConfigMap, 140),
    (Kind::Sealed, 15),
    (Kind::External, 20),
    (Kind::Encrypted, 15),
    (Kind::Deployment, 10),
];

/// How many objects of the dear kinds each commit changes; all ConfigMaps change.
const DEAR: usize = 4;

/// How often the controller is killed; `SIGNET_KILLS` says otherwise.
const KILLS: usize = 4;

/// How long a whole sync may take on a busy machine.
const SYNC: Duration = Duration::from_mins(2);

/// I10, I2: kill −9 at random moments of a sync of 200 objects.
#[test]
fn kills_in_the_middle_of_a_sync_lose_nothing() {
    let _place = own_world();
    let world = World::start();
    let git = GitServer::start().expect("it starts");
    let vault = OpenBao::start().expect("it starts");
    let _kwok = Kwok::start(world.cluster()).expect("it starts");
    let mut options = ControllerOptions::default();
    options.data = Some(world.cluster().folder().join("data"));
    "info".clone_into(&mut options.log_level);
    let mut controller = Controller::start(&world, &options);

    let (certificate, age) = (certificate(&world, &controller), age_key());
    let tenant = Tenant::of(&world, &git, NAMESPACE, &[]);
    let makers = Makers {
        world: &world,
        namespace: NAMESPACE,
        certificate: &certificate,
        age: &age,
        vault: &vault,
    };
    store(&tenant, &vault);
    keys(&tenant, &age.identity);
    let mut estate = Estate::default();
    let mut files = Vec::new();
    for (kind, many) in MANY {
        files.extend((0..many).map(|_| estate.add(kind, &makers)));
    }
    commit(&tenant, &files);
    tenant.unit(
        FOLDER,
        &json!({"decryption": {"provider": "sops", "secretRef": {"name": "keys"}}}),
    );
    right(&world, &estate);
    let kinds = [
        "Secret",
        "ConfigMap",
        "Deployment",
        "SealedSecret",
        "ExternalSecret",
    ];
    let versions = Versions::of(&world, &kinds);

    let mut dice = Dice::new("fire_kill");
    let files = next(&mut estate, &makers, &mut dice);
    commit(&tenant, &files);
    let asked = Instant::now();
    tenant.request("GitRepository", "repo");
    right(&world, &estate);
    let whole = asked.elapsed();
    tell(format_args!("a sync of 200 objects takes {whole:?}"));
    let kills = std::env::var("SIGNET_KILLS").map_or(Ok(KILLS), |text| text.parse());
    for kill in 0..kills.expect("it is a number") {
        less_and_more(&tenant, &mut estate, &makers, &mut dice);
        tenant.request("GitRepository", "repo");
        let moment = dice.time(whole);
        // The moment is the scenario: it does not wait for anything.
        std::thread::sleep(moment);
        controller.child().kill();
        let left = estate.wrong(&world, NAMESPACE).len();
        let killed = Instant::now();
        controller = Controller::start(&world, &options);
        right(&world, &estate);
        tell(format_args!(
            "kill {kill} after {moment:?}, {left} things still to do; right {:?} later",
            killed.elapsed()
        ));
    }
    let never = estate.never(&versions.seen(), &[]);
    assert!(never.is_empty(), "{never:#?}");
    let judged = versions.seen().len();
    tell(format_args!("{judged} versions of objects judged"));
    assert!(controller.stop());
}

/// Commits a change of many objects, an object more and one less.
fn less_and_more(tenant: &Tenant<'_>, estate: &mut Estate, makers: &Makers<'_>, dice: &mut Dice) {
    let mut files = next(estate, makers, dice);
    let removed = estate.one_of(Kind::ConfigMap, dice);
    let gone = estate.remove(&removed.expect("there is one"));
    files.retain(|(path, _)| *path != gone);
    let removed = tenant.repository.remove(&[&gone], "less");
    removed.expect("it is removed");
    commit(tenant, &files);
}

/// Changes every ConfigMap and some of the others, and adds one of a kind.
fn next(estate: &mut Estate, makers: &Makers<'_>, dice: &mut Dice) -> Vec<(String, String)> {
    let names: Vec<(String, Kind)> = estate
        .items
        .iter()
        .map(|(name, item)| (name.clone(), item.kind))
        .collect();
    let mut files = Vec::new();
    for (name, kind) in names {
        let chosen = match kind {
            Kind::ConfigMap | Kind::Deployment => true,
            Kind::Sealed | Kind::External | Kind::Encrypted => {
                dice.below(15) < DEAR.try_into().unwrap_or(1)
            }
        };
        if chosen {
            files.push(estate.change(&name, makers));
        }
    }
    let kind = dice.one_of(&Kind::ALL).copied().unwrap_or(Kind::ConfigMap);
    files.push(estate.add(kind, makers));
    files
}

fn commit(tenant: &Tenant<'_>, files: &[(String, String)]) {
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    tenant
        .repository
        .commit(&files, "next")
        .expect("it is made");
}

/// Waits until everything is as the repository wants it.
fn right(world: &World, estate: &Estate) {
    eventually("everything is right", SYNC, || {
        let wrong = estate.wrong(world, NAMESPACE);
        wrong
            .is_empty()
            .then_some(())
            .ok_or_else(|| wrong.join("\n"))
    });
}

/// Makes the SecretStore of the namespace.
pub(crate) fn store(tenant: &Tenant<'_>, vault: &OpenBao) {
    store_at(tenant, vault, &vault.url());
}

/// Makes the SecretStore of the namespace, with the vault under a URL.
pub(crate) fn store_at(tenant: &Tenant<'_>, vault: &OpenBao, url: &str) {
    let (world, namespace) = (tenant.world, &tenant.namespace);
    world.create(&json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": {"token": vault.root_token()},
        "metadata": {"name": "vault-token", "namespace": namespace},
    }));
    let auth = json!({"tokenSecretRef": {"name": "vault-token", "key": "token"}});
    world.create(&json!({
        "apiVersion": "external-secrets.io/v1", "kind": "SecretStore",
        "metadata": {"name": "vault", "namespace": namespace},
        "spec": {"provider": {"vault": {"server": url, "path": "secret", "auth": auth}}},
    }));
}

/// Makes the Secret with the unit's age identity.
pub(crate) fn keys(tenant: &Tenant<'_>, identity: &str) {
    tenant.world.create(&json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": {"age.agekey": identity},
        "metadata": {"name": "keys", "namespace": tenant.namespace},
    }));
}
