//! The cluster, the servers and the controller that most scenarios share; each has its own
//! namespaces.

use std::sync::OnceLock;

use components::GitServer;
use e2e::{Controller, ControllerOptions, World};

/// What most scenarios run against.
pub(crate) struct Shared {
    pub(crate) world: World,
    pub(crate) git: GitServer,
    pub(crate) controller: Controller,
}

/// Starts everything once per test run.
pub(crate) fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let world = World::start();
        let git = GitServer::start().expect("the Git server starts");
        let controller = Controller::start(&world, &ControllerOptions::default());
        Shared {
            world,
            git,
            controller,
        }
    })
}
