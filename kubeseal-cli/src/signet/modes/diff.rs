//! `signet diff`: what applying a folder or a unit would change in the cluster.
//!
//! `wanted` builds it, `look` asks the API server about each object, the decisions are those of
//! `pipeline::plan`, and `report` shows them. Only dry runs are sent: nothing here can write.

mod applier;
mod look;
mod made;
mod report;
mod source;
mod unit;
mod wanted;

use std::collections::BTreeSet;

use cluster::{ApiError, Cluster};
use futures::{StreamExt, TryStreamExt, stream};
use manifests::Manifest;
use pipeline::normalise::{Scopes, normalise};
use pipeline::plan::{foresee_prune, foresee_stale};
use pipeline::redact::View;
use pipeline::stage::{Stages, stages};
use rand::random;

use crate::signet::colours::Colours;
use crate::signet::connection::Connection;
use crate::signet::error::Error;
use crate::signet::flags::DiffOutputFlag;
use crate::signet::mode::{Diff, Secrets, Subject};
use crate::signet::output;
use crate::signet::printable::printable;
use crate::signet::progress::Progress;
use crate::{Environment, Io, network};
use look::{Looked, Looking};
use made::Made;
use report::Report;
use source::Content;
use wanted::Wanted;

/// How many objects are looked at at once.
const AT_ONCE: usize = 8;

/// `kubectl diff` says with 1 that there are differences, and with more that it failed.
const DIFFERENT: u8 = 1;

/// Compares, and returns the exit status.
pub(in crate::signet) fn run(
    mode: &Diff,
    environment: &Environment,
    io: &mut Io,
) -> Result<u8, Error> {
    let progress = Progress::new(environment, io);
    let compared = compare(mode, environment, &progress, io);
    progress.clear(io);
    let report = compared.map_err(|error| Error::Diff(Box::new(error)))?;
    for note in report.notes() {
        io.note(&printable(&note));
    }
    let text = match mode.output {
        DiffOutputFlag::Diff => report.text(Colours::new(mode.color, environment, io)),
        DiffOutputFlag::Json => report.json(),
    };
    // EXPOSE: masked unless the user asked for plaintext and may read it.
    output::print(io, text.expose())?;
    io.note(&report.summary());
    let refusals = report.refusals();
    if refusals.is_empty() {
        Ok(if report.is_empty() { 0 } else { DIFFERENT })
    } else {
        Err(Error::Diff(Box::new(Error::Several(refusals))))
    }
}

fn compare(
    mode: &Diff,
    environment: &Environment,
    progress: &Progress,
    io: &mut Io,
) -> Result<Report, Error> {
    let runtime = network::runtime().map_err(|source| Error::Runtime { source })?;
    let connection = runtime.block_on(Connection::open(&mode.cluster))?;
    let compared = compare_with(&connection, &runtime, mode, environment, progress, io);
    compared.map_err(|error| connection.name(error))
}

fn compare_with(
    connection: &Connection,
    runtime: &tokio::runtime::Runtime,
    mode: &Diff,
    environment: &Environment,
    progress: &Progress,
    io: &mut Io,
) -> Result<Report, Error> {
    let wanted = match &mode.subject {
        Subject::Folder {
            build,
            field_manager,
        } => wanted::folder(
            build,
            field_manager.as_deref(),
            &connection.namespace,
            environment,
            progress,
            io,
        )?,
        Subject::Unit {
            unit,
            source,
            projects,
        } => {
            progress.show(io, &format!("reading {} {}", unit.kind, unit.name));
            let read = runtime.block_on(unit::read(unit, projects, connection))?;
            let content = if let Some(folder) = source {
                Content {
                    artifact: super::build::read(folder, environment)?,
                    notes: Vec::new(),
                }
            } else {
                progress.show(io, &format!("fetching the source of {}", read.name));
                runtime.block_on(source::fetch(&read.source, connection))?
            };
            let found = read.into_unit(&content.artifact.tree, projects)?;
            wanted::unit(found, content, environment, progress, io)?
        }
    };
    progress.show(io, "asking the cluster");
    runtime.block_on(ask(wanted, mode.secrets, connection))
}

/// Asks the API server about everything that is wanted, and everything that would be pruned.
async fn ask(wanted: Wanted, secrets: Secrets, connection: &Connection) -> Result<Report, Error> {
    let cluster = connection.cluster();
    let failed = |source| Error::Cluster { source };
    let scopes = scopes(&wanted.manifests, cluster).await.map_err(failed)?;
    let normalised = normalise(wanted.manifests, &wanted.unit, &scopes)
        .map_err(|source| Error::Normalise { source })?;
    let made = Made::by(normalised.manifests(), wanted.makes_namespace.as_deref());
    let stages = stages(normalised, &BTreeSet::new());
    if secrets == Secrets::Shown {
        may_show(&stages, connection).await?;
    }
    // A key for this run alone, so that tokens of two runs cannot be compared.
    let view = View::new(&random());
    let looking = Looking {
        unit: &wanted.unit,
        applier: &wanted.applier,
        ignored: &wanted.ignored,
        policy: &wanted.policy,
        scopes: &scopes,
        made: &made,
        cluster,
        view: &view,
    };
    let looks: Vec<_> = stages
        .manifests()
        .map(|manifest| looking.at(manifest))
        .collect();
    let looked: Vec<Looked> = stream::iter(looks)
        .buffered(AT_ONCE)
        .try_collect()
        .await
        .map_err(failed)?;
    let stale = foresee_stale(&wanted.unit, &stages, &wanted.inventory);
    let (live, unread) = look::stale(&stale, cluster).await.map_err(failed)?;
    let pruned = foresee_prune(&wanted.unit, stale, &live);
    Ok(Report {
        looked,
        pruned,
        unread,
        taint: wanted.taint,
        notes: wanted.notes,
        ignored: wanted.ignored,
        view,
        secrets,
    }
    .tainted())
}

async fn scopes(manifests: &[Manifest], cluster: &Cluster) -> Result<Scopes, ApiError> {
    let kinds: BTreeSet<_> = manifests
        .iter()
        .map(|manifest| manifest.id().group_kind)
        .collect();
    let mut scopes = Scopes::default();
    for kind in kinds {
        if let Some(served) = cluster.preferred_kind(&kind.group, &kind.kind).await? {
            scopes.insert(kind, served.scope);
        }
    }
    Ok(scopes)
}

/// Plaintext of the cluster is for those who may read it there anyway.
async fn may_show(stages: &Stages, connection: &Connection) -> Result<(), Error> {
    let namespaces: BTreeSet<&str> = stages
        .manifests()
        .filter(|manifest| manifest.is_secret())
        .filter_map(Manifest::namespace)
        .collect();
    for namespace in namespaces {
        if !connection.may_get_secrets(namespace).await? {
            return Err(Error::MayNotShow {
                namespace: namespace.to_owned(),
            });
        }
    }
    Ok(())
}
