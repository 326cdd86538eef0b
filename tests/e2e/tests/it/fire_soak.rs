//! A day in minutes: random commits, rotations, drift, outages and kills, and a model that knows at
//! each quiet point what the cluster has to look like.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
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

const NAMESPACE: &str = "fire-soak";
/// How many minutes it takes when `SIGNET_SOAK_MINUTES` does not say.
const MINUTES: u64 = 1;
/// How many objects of each kind there are at first.
const MANY: usize = 8;
/// How much more memory the controller may use at the end than at its first quiet point.
const MORE_MEMORY: u64 = 48 << 20;
/// How many more files it may have open.
const MORE_FILES: usize = 24;
const WATCHED: [&str; 4] = ["Secret", "ConfigMap", "SealedSecret", "ExternalSecret"];

/// What may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Commit,
    Add,
    Remove,
    Rotate,
    Edit,
    Delete,
    SuspendSource,
    FailSource,
    HangSource,
    HangVault,
    RestartApiServer,
    Kill,
}

/// How likely each is.
const ACTS: [(Act, u64); 12] = [
    (Act::Commit, 30),
    (Act::Add, 12),
    (Act::Remove, 12),
    (Act::Rotate, 15),
    (Act::Edit, 10),
    (Act::Delete, 10),
    (Act::SuspendSource, 4),
    (Act::FailSource, 4),
    (Act::HangSource, 4),
    (Act::HangVault, 4),
    (Act::RestartApiServer, 1),
    (Act::Kill, 4),
];

struct Soak<'a> {
    tenant: &'a Tenant<'a>,
    makers: &'a Makers<'a>,
    line: &'a FaultyLine,
    options: &'a ControllerOptions,
    controller: Controller,
    estate: Estate,
    dice: Dice,
    /// What was deleted by hand.
    deleted: Vec<(String, String)>,
    versions: Vec<Versions>,
    counts: std::collections::BTreeMap<String, usize>,
}

/// What the controller uses.
#[derive(Debug, Clone, Copy)]
struct Used {
    memory: u64,
    files: usize,
}

impl Soak<'_> {
    fn world(&self) -> &World {
        self.tenant.world
    }

    /// Draws what happens next; kills end half way, so that one process lives to be measured.
    fn draw(&mut self, may_kill: bool) -> Act {
        let all = ACTS.iter().map(|(_, weight)| weight).sum();
        let mut drawn = self.dice.below(all);
        for (act, weight) in ACTS {
            match drawn.checked_sub(weight) {
                Some(left) => drawn = left,
                None if act == Act::Kill && !may_kill => return Act::Commit,
                None => return act,
            }
        }
        Act::Commit
    }

    fn perform(&mut self, act: Act) {
        *self.counts.entry(format!("{act:?}")).or_default() += 1;
        match act {
            Act::Commit => self.change(),
            Act::Add => {
                let kind = self.any_kind();
                let file = self.estate.add(kind, self.makers);
                self.commit(&[file]);
            }
            Act::Remove => self.remove(),
            Act::Rotate => {
                if let Some(name) = self.estate.one_of(Kind::External, &mut self.dice) {
                    self.estate.rotate(&name, self.makers.vault);
                }
            }
            Act::Edit => self.edit(),
            Act::Delete => self.delete(),
            Act::SuspendSource => {
                self.suspend(true);
                self.change();
                self.pause();
                self.suspend(false);
            }
            Act::FailSource => self.fault(Fault::Error),
            Act::HangSource => self.fault(Fault::Hang),
            Act::HangVault => {
                self.makers.vault.pause();
                self.pause();
                self.makers.vault.resume();
            }
            Act::RestartApiServer => self.restart_api_server(),
            Act::Kill => {
                self.controller.child().kill();
                self.start();
            }
        }
    }

    fn suspend(&self, is_suspended: bool) {
        let patch = json!({"spec": {"suspend": is_suspended}});
        self.world()
            .patch("GitRepository", NAMESPACE, "repo", &patch);
    }

    fn fault(&mut self, fault: Fault) {
        self.line.show(fault);
        self.change();
        self.pause();
        self.line.show(Fault::None);
    }

    fn any_kind(&mut self) -> Kind {
        let drawn = self.dice.one_of(&Kind::ALL).copied();
        drawn.unwrap_or(Kind::ConfigMap)
    }

    fn any(&mut self) -> Option<(Kind, String)> {
        let kind = self.any_kind();
        Some((kind, self.estate.one_of(kind, &mut self.dice)?))
    }

    fn change(&mut self) {
        let mut files = Vec::new();
        for _ in 0..=self.dice.below(5) {
            if let Some((_, name)) = self.any() {
                files.push(self.estate.change(&name, self.makers));
            }
        }
        self.commit(&files);
    }

    fn remove(&mut self) {
        if self.estate.items.len() < MANY * 3 {
            return;
        }
        if let Some((_, name)) = self.any() {
            let path = self.estate.remove(&name);
            let repository = &self.tenant.repository;
            repository.remove(&[&path], "less").expect("it is removed");
            self.request();
        }
    }

    /// Somebody changes an object by hand.
    fn edit(&mut self) {
        let Some(name) = self.estate.one_of(Kind::ConfigMap, &mut self.dice) else {
            return;
        };
        // It may not be there yet.
        if self.world().get("ConfigMap", NAMESPACE, &name).is_ok() {
            let patch = json!({"data": {"key": "by hand"}});
            self.world().patch("ConfigMap", NAMESPACE, &name, &patch);
        }
    }

    /// Somebody deletes an object by hand.
    fn delete(&mut self) {
        let Some((kind, name)) = self.any() else {
            return;
        };
        let object = match kind {
            Kind::ConfigMap => "ConfigMap",
            Kind::Deployment => "Deployment",
            Kind::Sealed | Kind::External | Kind::Encrypted => "Secret",
        };
        if self.world().get(object, NAMESPACE, &name).is_ok() {
            self.deleted.push((object.to_owned(), name.clone()));
            self.world().delete(object, NAMESPACE, &name);
        }
    }

    fn commit(&self, files: &[(String, String)]) {
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        let commit = self.tenant.repository.commit(&files, "next");
        commit.expect("it is committed");
        self.request();
    }

    fn request(&self) {
        self.tenant.request("GitRepository", "repo");
    }

    /// Lets some time pass: that is what happens.
    fn pause(&mut self) {
        sleep(self.dice.time(Duration::from_secs(3)));
    }

    fn restart_api_server(&mut self) {
        let cluster = self.world().cluster();
        cluster.kill_api_server();
        cluster.start_api_server().expect("it starts again");
        // A watch ends with the API server.
        self.versions.push(Versions::of(self.world(), &WATCHED));
        // Away for longer than the lease lasts: the process ends, and somebody starts it again.
        if self.controller.child().ended().is_some() {
            tell(format_args!("the lease was lost with the API server"));
            self.start();
        }
    }

    fn start(&mut self) {
        self.controller = Controller::start(self.tenant.world, self.options);
    }

    /// Waits until everything is right, and returns what the controller uses.
    fn quiet(&mut self) -> Used {
        self.request();
        let (world, estate) = (self.tenant.world, &self.estate);
        eventually("everything is right", Duration::from_mins(2), || {
            let wrong = estate.wrong(world, NAMESPACE);
            wrong
                .is_empty()
                .then_some(())
                .ok_or_else(|| wrong.join("\n"))
        });
        world.condition("Kustomization", NAMESPACE, FOLDER, "Ready", "True");
        assert!(
            self.controller.child().ended().is_none(),
            "{}",
            self.controller.log()
        );
        used(&self.controller)
    }

    fn judge(&self) -> usize {
        let mut judged = 0;
        for versions in &self.versions {
            let seen = versions.seen();
            judged += seen.len();
            let never = self.estate.never(&seen, &self.deleted);
            assert!(never.is_empty(), "{never:#?}");
        }
        judged
    }
}

fn used(controller: &Controller) -> Used {
    let process = PathBuf::from(format!("/proc/{}", controller.child().id()));
    let status = fs::read_to_string(process.join("status")).expect("it runs");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = resident.and_then(|text| text.trim().split(' ').next()?.parse::<u64>().ok());
    Used {
        memory: kibibytes.unwrap_or_default() << 10,
        files: fs::read_dir(process.join("fd")).map_or(0, Iterator::count),
    }
}

/// I2, I10: whatever happens, at each quiet point the cluster is as it should be, no Secret was ever
/// without its value, and the controller uses no more than at the beginning.
#[test]
fn soak_ends_as_it_began() {
    let minutes = std::env::var("SIGNET_SOAK_MINUTES").map_or(Ok(MINUTES), |text| text.parse());
    let whole = Duration::from_secs(60 * minutes.expect("it is a number"));
    let _place = own_world();
    let world = World::start();
    let git = GitServer::start().expect("it starts");
    let vault = OpenBao::start().expect("it starts");
    let _kwok = Kwok::start(world.cluster()).expect("it starts");
    let line = FaultyLine::to(&git.url());
    let mut options = ControllerOptions::default();
    options.data = Some(world.cluster().folder().join("data"));
    "warn".clone_into(&mut options.log_level);
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
    let mut estate = Estate::default();
    let mut files = Vec::new();
    for kind in Kind::ALL {
        files.extend((0..MANY).map(|_| estate.add(kind, &makers)));
    }
    let mut soak = Soak {
        tenant: &tenant,
        makers: &makers,
        line: &line,
        options: &options,
        controller,
        estate,
        dice: Dice::new("fire_soak"),
        deleted: Vec::new(),
        versions: Vec::new(),
        counts: std::collections::BTreeMap::new(),
    };
    soak.commit(&files);
    tenant.unit(
        FOLDER,
        &json!({"decryption": {"provider": "sops", "secretRef": {"name": "keys"}}}),
    );
    soak.quiet();
    soak.versions.push(Versions::of(&world, &WATCHED));
    let (first, last) = burn(&mut soak, whole);
    tell(format_args!("{:?}", soak.counts));
    tell(format_args!("{} versions of objects judged", soak.judge()));
    tell(format_args!(
        "first quiet point of the last process {first:?}, last {last:?}"
    ));
    assert!(
        last.memory <= first.memory + MORE_MEMORY,
        "{first:?}, {last:?}"
    );
    assert!(
        last.files <= first.files + MORE_FILES,
        "{first:?}, {last:?}"
    );
    assert!(soak.controller.stop());
}

/// Has things happen for a time, a few at once between two quiet points. Returns what the process
/// that lives at the end used at its first and its last quiet point.
fn burn(soak: &mut Soak<'_>, whole: Duration) -> (Used, Used) {
    let began = Instant::now();
    let mut process = soak.controller.child().id();
    let mut first = soak.quiet();
    let mut last = first;
    while began.elapsed() < whole {
        for _ in 0..=soak.dice.below(7) {
            let act = soak.draw(began.elapsed() < whole / 2);
            soak.perform(act);
            sleep(soak.dice.time(Duration::from_millis(500)));
        }
        let asked = Instant::now();
        last = soak.quiet();
        if soak.controller.child().id() != process {
            (process, first) = (soak.controller.child().id(), last);
        }
        tell(format_args!(
            "{:>4} s: {} objects right after {:?}, {} MiB, {} files",
            began.elapsed().as_secs(),
            soak.estate.items.len(),
            asked.elapsed(),
            last.memory >> 20,
            last.files
        ));
    }
    (first, last)
}
