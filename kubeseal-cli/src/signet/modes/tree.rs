//! `signet tree`: what became of units in the cluster.
//!
//! `units` finds them, `grow` reads what is below them, `node` is the tree, `draw` and `listing`
//! show it. Nothing is written, and of Secrets only names and keys are read into the tree.

mod draw;
mod grow;
mod listing;
mod node;
mod units;

use crate::signet::colours::Colours;
use crate::signet::connection::Connection;
use crate::signet::error::Error;
use crate::signet::flags::TreeOutputFlag;
use crate::signet::mode::Tree;
use crate::signet::output;
use crate::signet::progress::Progress;
use crate::{Environment, Io, network};
use grow::Grower;
use node::{Node, State};

/// Shows the tree.
pub(in crate::signet) fn run(
    mode: &Tree,
    environment: &Environment,
    io: &mut Io,
) -> Result<(), Error> {
    let progress = Progress::new(environment, io);
    progress.show(io, "reading units");
    let nodes = nodes(mode, environment);
    progress.clear(io);
    let nodes = nodes?;
    let text = match mode.output {
        TreeOutputFlag::Tree => draw::text(
            &nodes,
            environment.now,
            Colours::new(mode.color, environment, io),
        ),
        TreeOutputFlag::Json => listing::json(&nodes),
    };
    output::print(io, text.as_bytes())
}

fn nodes(mode: &Tree, environment: &Environment) -> Result<Vec<Node>, Error> {
    let runtime = network::runtime().map_err(|source| Error::Runtime { source })?;
    runtime.block_on(async {
        let connection = Connection::open(&mode.cluster).await?;
        let nodes = read(mode, &connection, environment).await;
        nodes.map_err(|error| connection.name(error))
    })
}

async fn read(
    mode: &Tree,
    connection: &Connection,
    environment: &Environment,
) -> Result<Vec<Node>, Error> {
    let found = units::find(&mode.units, connection).await?;
    let mut grower = Grower::new(connection.cluster(), environment.now);
    let mut nodes = Vec::with_capacity(found.units.len());
    for unit in found.units {
        let node = grower.grow(unit).await;
        nodes.push(node.map_err(|source| Error::Cluster { source })?);
    }
    let hidden = found.hidden.into_iter();
    nodes.extend(hidden.map(|it| Node::new(it.like, it.version, State::Unreadable(it.reason))));
    Ok(nodes)
}
