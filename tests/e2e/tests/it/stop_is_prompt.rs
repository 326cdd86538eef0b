//! An orderly stop does not wait for a server that never answers.

use std::net::TcpListener;
use std::time::Duration;

use deploy::family::Family;
use e2e::{Controller, ControllerOptions, World, eventually};
use serde_json::json;

use crate::shared::own_world;

/// What is in flight has a few seconds to finish; a fetch that hangs does not hold the process.
#[test]
fn stop_ends_although_a_source_hangs() {
    // A stand-in for a server that accepts and never answers: a fault no real Git server has on demand.
    let silent = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = silent.local_addr().expect("it is bound");
    let _place = own_world();
    let world = World::start();
    let mut options = ControllerOptions::default();
    options.families = vec![Family::Flux];
    let controller = Controller::start(&world, &options);
    world.create(&json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "silent", "namespace": "default"},
        "spec": {"url": format!("http://{address}/repository.git"), "interval": "1m"},
    }));
    silent
        .set_nonblocking(true)
        .expect("a listener can be polled");
    let held = eventually(
        "the controller asks the server",
        Duration::from_secs(20),
        || silent.accept().map_err(|error| error.to_string()),
    );
    let ended = controller.child().terminate(Duration::from_secs(12));
    assert!(ended.expect("it stops while the fetch hangs").success());
    drop(held);
}
