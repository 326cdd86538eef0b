//! The API server restarts, the vault stands still, the Git server fails and hangs: the controller
//! goes on by itself when they are back, and nothing is pruned or emptied on the way.

use std::time::{Duration, Instant};

use components::{GitServer, Kwok, OpenBao};
use e2e::{
    Controller, ControllerOptions, Dice, Fault, FaultyLine, Versions, World, eventually, tell,
};
use serde_json::json;

use crate::encrypted::age_key;
use crate::estate::{Estate, FOLDER, Kind, Makers};
use crate::fire_kill::{keys, store};
use crate::sealed::certificate;
use crate::shared::own_world;
use crate::tenant::Tenant;

const NAMESPACE: &str = "fire-outages";
const MANY: [(Kind, usize); 5] = [
    (Kind::ConfigMap, 60),
    (Kind::Sealed, 5),
    (Kind::External, 5),
    (Kind::Encrypted, 5),
    (Kind::Deployment, 3),
];

struct Scene<'a> {
    tenant: &'a Tenant<'a>,
    makers: &'a Makers<'a>,
    estate: Estate,
}

impl Scene<'_> {
    /// Changes every object of some kinds and tells the source.
    fn commit(&mut self, kinds: &[Kind]) {
        let names = self.names(kinds);
        let changed: Vec<(String, String)> = names
            .iter()
            .map(|name| self.estate.change(name, self.makers))
            .collect();
        let changed: Vec<(&str, &str)> = changed
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        self.tenant.commit(&changed);
    }

    fn names(&self, kinds: &[Kind]) -> Vec<String> {
        let items = self.estate.items.iter();
        items
            .filter(|(_, item)| kinds.contains(&item.kind))
            .map(|(name, _)| name.clone())
            .collect()
    }

    fn right(&self, what: &str) {
        let began = Instant::now();
        eventually(what, Duration::from_mins(2), || {
            let wrong = self.estate.wrong(self.tenant.world, NAMESPACE);
            wrong
                .is_empty()
                .then_some(())
                .ok_or_else(|| wrong.join("\n"))
        });
        tell(format_args!("{what}: right {:?} later", began.elapsed()));
    }
}

/// I2, I10, G-177: no crash, no prune, recovery without a restart.
#[test]
fn outages_end_by_themselves() {
    let _place = own_world();
    let world = World::start();
    let git = GitServer::start().expect("it starts");
    let vault = OpenBao::start().expect("it starts");
    let _kwok = Kwok::start(world.cluster()).expect("it starts");
    let line = FaultyLine::to(&git.url());
    let mut options = ControllerOptions::default();
    "info".clone_into(&mut options.log_level);
    let controller = Controller::start(&world, &options);
    let (certificate, age) = (certificate(&world, &controller), age_key());
    let tenant = Tenant::of(&world, &git, NAMESPACE, &[]);
    tenant.source(&json!({"url": format!("{}/{NAMESPACE}.git", line.url()), "timeout": "4s"}));
    let makers = Makers {
        world: &world,
        namespace: NAMESPACE,
        certificate: &certificate,
        age: &age,
        vault: &vault,
    };
    store(&tenant, &vault);
    keys(&tenant, &age.identity);
    let mut scene = Scene {
        tenant: &tenant,
        makers: &makers,
        estate: Estate::default(),
    };
    for (kind, many) in MANY {
        for _ in 0..many {
            scene.estate.add(kind, &makers);
        }
    }
    scene.commit(&Kind::ALL);
    tenant.unit(
        FOLDER,
        &json!({"decryption": {"provider": "sops", "secretRef": {"name": "keys"}}}),
    );
    scene.right("first sync");

    let kinds = ["Secret", "ConfigMap", "SealedSecret", "ExternalSecret"];
    let before = Versions::of(&world, &kinds);
    scene.commit(&Kind::ALL);
    std::thread::sleep(Dice::new("fire_outages").time(Duration::from_millis(800)));
    let left = scene.estate.wrong(&world, NAMESPACE).len();
    world.cluster().kill_api_server();
    let killed = Instant::now();
    world.cluster().start_api_server().expect("it starts again");
    tell(format_args!(
        "the API server was away for {:?}, with {left} objects still to do",
        killed.elapsed()
    ));
    // A watch ends with the API server.
    let after = Versions::of(&world, &kinds);
    scene.right("the API server restarted in the middle of a sync");

    vault.pause();
    scene.commit(&[Kind::ConfigMap, Kind::Sealed, Kind::Encrypted]);
    scene.right("the vault stands still");
    vault.resume();
    for name in scene.names(&[Kind::External]) {
        scene.estate.rotate(&name, &vault);
    }
    scene.right("the vault goes on");

    for fault in [Fault::Error, Fault::Hang] {
        line.show(fault);
        tenant.request("GitRepository", "repo");
        world.condition("GitRepository", NAMESPACE, "repo", "FetchFailed", "True");
        scene.right("the Git server fails");
        line.show(Fault::None);
        scene.commit(&Kind::ALL);
        scene.right("the Git server is back");
        world.condition("GitRepository", NAMESPACE, "repo", "Ready", "True");
    }
    for versions in [before, after] {
        let never = scene.estate.never(&versions.seen(), &[]);
        assert!(never.is_empty(), "{never:#?}");
    }
    assert!(controller.child().ended().is_none(), "{}", controller.log());
    assert!(controller.stop());
}
