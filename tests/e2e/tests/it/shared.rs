//! The cluster, the servers and the controller that most scenarios share; each has its own
//! namespaces.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use components::{GitServer, Kwok, Moto, OpenBao};
use e2e::{Controller, ControllerOptions, World};

/// What most scenarios run against.
pub(crate) struct Shared {
    pub(crate) world: World,
    pub(crate) git: GitServer,
    /// AWS, for the controller too.
    pub(crate) moto: Moto,
    pub(crate) controller: Controller,
}

/// Starts everything once per test run.
pub(crate) fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let (world, git, moto) = thread::scope(|scope| {
            let world = scope.spawn(World::start);
            let git = scope.spawn(|| GitServer::start().expect("the Git server starts"));
            let moto = Moto::start().expect("moto starts");
            let joined = "the thread does not panic";
            (world.join().expect(joined), git.join().expect(joined), moto)
        });
        let mut options = ControllerOptions::default();
        options.environment = vec![("AWS_ENDPOINT_URL".to_owned(), moto.url())];
        options.arguments = vec!["--application-interval=5s".to_owned()];
        let controller = Controller::start(&world, &options);
        Shared {
            world,
            git,
            moto,
            controller,
        }
    })
}

/// Returns the vault, started with its first use.
pub(crate) fn vault() -> &'static OpenBao {
    static VAULT: OnceLock<OpenBao> = OnceLock::new();
    VAULT.get_or_init(|| OpenBao::start().expect("OpenBao starts"))
}

/// Gives the shared cluster nodes and pods that become ready.
pub(crate) fn pods_run() {
    static KWOK: OnceLock<Kwok> = OnceLock::new();
    KWOK.get_or_init(|| Kwok::start(shared().world.cluster()).expect("kwok starts"));
}

/// Waits for the place of the one world of its own that may be alive beside the shared one.
pub(crate) fn own_world() -> MutexGuard<'static, ()> {
    static PLACE: Mutex<()> = Mutex::new(());
    PLACE.lock().unwrap_or_else(PoisonError::into_inner)
}
