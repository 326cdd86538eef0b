//! One reconcile shape for every kind, one driver.
//!
//! A kind supplies the steps of [`Reconciler`]; the driver alone holds the guard against malformed
//! objects, the finalizer, the timer, the backoff with jitter, the way from an error's category to
//! an action, the status patch, events, metrics, the tracing span and the leader check. No step may
//! rely on which event woke it.

mod backoff;
mod changes;
mod finalizer;
mod queue;
mod status;
mod told;
mod wake;
mod work;

use std::any::TypeId;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use jiff::Timestamp;
use kube::core::object::HasStatus;
use kube::core::{DeserializeGuard, NamespaceResourceScope};
use kube::runtime::reflector::{ObjectRef, store::Writer};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::{Instrument, debug};

use crate::context::Context;
use crate::error::{Category, Error};
use crate::flags::Flags;
use backoff::Backoffs;
use changes::Changes;
pub(crate) use status::{Written, difference};

/// How soon a status that could not be written is tried again at the latest.
const STATUS_AGAIN: Duration = Duration::from_mins(1);

/// An object as it comes from a watch: well formed, or an error with its metadata.
pub(crate) type Guarded<K> = DeserializeGuard<K>;

/// The steps of one kind. Who has read one kind has read them all.
pub(crate) trait Reconciler: Send + Sync + 'static {
    /// The custom resource.
    type Kind: Resource<DynamicType = ()>
        + HasStatus<Status = Self::Status>
        + Clone
        + Debug
        + DeserializeOwned
        + Serialize
        + Send
        + Sync
        + 'static;
    /// What the object asks for, valid.
    type Wanted: Send + Sync;
    /// What was read.
    type Found: Send + Sync;
    /// What will be done.
    type Plan: Send;
    /// What was done.
    type Applied: Send + Sync;
    /// The object's status.
    type Status: Serialize + DeserializeOwned + Clone + Default + PartialEq + Send + Sync;

    /// The kind's name in logs, metrics and events.
    const NAME: &'static str;
    /// Set only where owner references cannot do the cleaning.
    const FINALIZER: Option<&'static str> = None;
    /// Who signs the kind's events.
    const REPORTER: &'static str;
    /// How a status is written.
    const STATUS_UPDATE: StatusUpdate = StatusUpdate::Patch;
    /// How many objects are worked on at once, besides those that take long and hold up nobody.
    const CONCURRENCY: usize = 32;

    /// Whether statuses of the kind are written at all.
    fn writes_status(_flags: &Flags) -> bool {
        true
    }

    /// Whether the object is to be left alone, status included.
    fn is_suspended(_object: &Self::Kind, _flags: &Flags) -> bool {
        false
    }

    /// Returns what tells one wish from the next, so that our own status wakes nobody.
    fn generation(object: &Self::Kind) -> Option<i64> {
        object.meta().generation
    }

    /// Returns the finalizer for which [`Reconciler::cleanup`] is done, when the object carries it.
    fn cleans_for<'a>(object: &'a Self::Kind, _flags: &Flags) -> Option<&'a str> {
        let finalizers = object.finalizers().iter().map(String::as_str);
        finalizers
            .into_iter()
            .find(|found| Self::FINALIZER == Some(*found))
    }

    /// Returns how long to leave an object alone at most, status included, because what it refers to
    /// is looked at for the first time right now.
    fn holds(
        _object: &Self::Kind,
        _context: &Context,
    ) -> impl Future<Output = Option<Duration>> + Send {
        async { None }
    }

    /// Checks the object. Pure.
    fn parse(object: &Self::Kind) -> Result<Self::Wanted, Error>;

    /// Reads what the plan needs.
    fn observe(
        wanted: &Self::Wanted,
        context: &Context,
    ) -> impl Future<Output = Result<Self::Found, Error>> + Send;

    /// Decides. Pure.
    fn plan(wanted: &Self::Wanted, found: Self::Found, now: Timestamp) -> Self::Plan;

    /// Does what the plan says.
    fn apply(
        plan: Self::Plan,
        context: &Context,
    ) -> impl Future<Output = Result<Self::Applied, Error>> + Send;

    /// Returns why only a part was done, when that is so. Pure.
    fn failure(_applied: &Self::Applied) -> Option<&Error> {
        None
    }

    /// Says what came of it, for the object's status; on failure too. Pure.
    fn status(
        object: &Self::Kind,
        outcome: &Result<Self::Applied, Error>,
        now: Timestamp,
    ) -> Self::Status;

    /// Returns what is written of the object beside its status, as a merge patch: requests that
    /// were handled are taken off. Only for [`StatusUpdate::Object`]. Pure.
    fn handled(
        _object: &Self::Kind,
        _outcome: &Result<Self::Applied, Error>,
    ) -> Option<serde_json::Value> {
        None
    }

    /// Says when to look again and what is worth an event. Pure.
    fn report(object: &Self::Kind, outcome: &Result<Self::Applied, Error>) -> Report;

    /// Undoes what the object did, before its finalizer goes. `Err` keeps the finalizer.
    fn cleanup(
        _object: &Self::Kind,
        _context: &Context,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        async { Ok(()) }
    }

    /// What else wakes objects of this kind.
    fn triggers(_context: &Arc<Context>) -> BoxStream<'static, ObjectRef<Guarded<Self::Kind>>> {
        futures::stream::pending().boxed()
    }
}

/// How a status is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatusUpdate {
    /// By a merge patch of what differs.
    Patch,
    /// As a whole, for families whose upstream roles grant no patch.
    Replace,
    /// By a merge patch of the object itself, for kinds without the subresource.
    Object,
}

/// When to look again and what to tell.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// When to look again; `None` leaves it to watches after success, to the category after failure.
    pub(crate) again: Option<Duration>,
    /// What a cluster user can act on.
    pub(crate) notes: Vec<Note>,
}

/// One event on the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    /// Whether it is a warning.
    pub(crate) severity: Severity,
    /// The reason, as in conditions.
    pub(crate) reason: String,
    /// The text; it holds no value of any Secret.
    pub(crate) message: String,
}

/// How bad an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    /// The world changed.
    Normal,
    /// Somebody should look.
    Warning,
}

impl Severity {
    /// Returns the event type.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

/// When to look at an object again; `None` leaves it to what wakes it.
type Again = Option<Duration>;

struct Driver {
    context: Arc<Context>,
    backoffs: Backoffs,
}

/// Watches and reconciles a kind until the context says stop.
pub(crate) async fn run<R: Reconciler>(context: Arc<Context>, writer: Writer<Guarded<R::Kind>>) {
    let api = Api::<Guarded<R::Kind>>::all(context.clusters.own().client().clone());
    let reader = writer.as_reader();
    let driver = Arc::new(Driver {
        backoffs: Backoffs::default(),
        context: Arc::clone(&context),
    });
    let forgetful = Arc::clone(&driver);
    let stream = watcher(api, watched::<R::Kind>(&context.flags))
        .default_backoff()
        // Nobody asks who wrote our own kinds, and half of what there is of an object would be that.
        .modify(|object| object.meta_mut().managed_fields = None)
        .reflect_shared(writer)
        .inspect(move |event| {
            // The store is up to date by now.
            match event {
                Ok(watcher::Event::Delete(object)) => forgetful.forget::<R>(object),
                Ok(watcher::Event::InitDone) => forgetful.context.listed.mark(R::NAME),
                Ok(_) | Err(_) => {}
            }
        });
    let mut changes = Changes::new(wake::significant::<R>);
    let watched = stream.flat_map(move |event| {
        let woken = event
            .inspect_err(|error| debug!(kind = R::NAME, error = %error, "watch hiccup"))
            .map(|event| changes.woken_by(&event));
        futures::stream::iter(woken.unwrap_or_default())
    });
    let woken = futures::stream::select(watched, R::triggers(&context));
    let run = move |object| reconcile::<R>(object, Arc::clone(&driver)).boxed();
    work::work(reader, woken, R::CONCURRENCY, run, context.stopping()).await;
}

/// Returns what of a kind is watched.
fn watched<K: Resource>(flags: &Flags) -> watcher::Config
where
    K::Scope: 'static,
{
    let all = watcher::Config::default().any_semantic();
    let is_namespaced = TypeId::of::<K::Scope>() == TypeId::of::<NamespaceResourceScope>();
    match &flags.watch_namespace {
        Some(namespace) if is_namespaced => all.fields(&format!("metadata.namespace={namespace}")),
        Some(_) | None => all,
    }
}

async fn reconcile<R: Reconciler>(guarded: Arc<Guarded<R::Kind>>, driver: Arc<Driver>) -> Again {
    let namespace = guarded.namespace().unwrap_or_default();
    let name = guarded.name_any();
    let span = tracing::debug_span!("reconcile", kind = R::NAME, namespace, name);
    let started = Instant::now();
    let again = driver.reconcile::<R>(&guarded).instrument(span).await;
    // An object on its way out has no series of its own any more.
    if guarded.meta().deletion_timestamp.is_none() {
        let metrics = &driver.context.metrics;
        metrics.reconciled(R::NAME, &namespace, &name, started.elapsed());
    }
    again
}

/// Returns what the log calls an object.
fn named<'a, R: Reconciler>(namespace: &'a str, name: &'a str) -> told::Object<'a> {
    told::Object {
        kind: R::NAME,
        namespace,
        name,
    }
}

impl Driver {
    async fn reconcile<R: Reconciler>(&self, guarded: &Guarded<R::Kind>) -> Again {
        let object = match &guarded.0 {
            Ok(object) => object,
            Err(invalid) => {
                let (namespace, name) = (guarded.namespace(), guarded.name_any());
                let namespace = namespace.as_deref().unwrap_or_default();
                told::unreadable(named::<R>(namespace, &name), invalid);
                self.context.metrics.failed(R::NAME, Category::Invalid);
                return None;
            }
        };
        let caught_up = self.context.written.caught_up::<R>(object);
        let object = caught_up.as_ref().unwrap_or(object);
        if object.meta().deletion_timestamp.is_some() {
            return self.clean_up::<R>(object).await;
        }
        if R::is_suspended(object, &self.context.flags) {
            return None;
        }
        if let Err(error) = finalizer::ensure::<R>(object, &self.context).await {
            return self.failed::<R>(object, &error, None);
        }
        if let Some(longest) = R::holds(object, &self.context).await {
            return Some(longest);
        }
        let outcome = self.steps::<R>(object).await;
        let now = (self.context.clock)();
        let status = R::status(object, &outcome, now);
        let report = R::report(object, &outcome);
        if R::writes_status(&self.context.flags)
            && let Err(error) = self
                .context
                .written
                .write::<R>(object, status, R::handled(object, &outcome), &self.context)
                .await
        {
            // What was done stays done; what is to be said is said at the next try, which comes
            // also where the status itself is refused, and however long the object's own interval
            // is: others wait for what it says.
            let again = self.failed::<R>(object, &error, None);
            return Some(again.unwrap_or(STATUS_AGAIN).min(STATUS_AGAIN));
        }
        self.publish::<R>(object, &report.notes).await;
        match outcome.as_ref().map(R::failure) {
            Ok(None) => {
                self.backoffs.forget(object.meta().uid.as_deref());
                self.context.metrics.succeeded(R::NAME);
                report.again
            }
            Ok(Some(error)) | Err(error) => self.failed::<R>(object, error, report.again),
        }
    }

    async fn steps<R: Reconciler>(&self, object: &R::Kind) -> Result<R::Applied, Error> {
        let wanted = R::parse(object)?;
        let found = R::observe(&wanted, &self.context).await?;
        let plan = R::plan(&wanted, found, (self.context.clock)());
        R::apply(plan, &self.context).await
    }

    async fn clean_up<R: Reconciler>(&self, object: &R::Kind) -> Again {
        let finalizer = R::cleans_for(object, &self.context.flags)?;
        let cleaned = match R::cleanup(object, &self.context).await {
            Ok(()) => finalizer::remove::<R>(object, finalizer, &self.context).await,
            Err(error) => Err(error),
        };
        match cleaned {
            Ok(()) => None,
            Err(error) => self.failed::<R>(object, &error, None),
        }
    }

    fn failed<R: Reconciler>(
        &self,
        object: &R::Kind,
        error: &Error,
        again: Option<Duration>,
    ) -> Again {
        let category = error.category();
        self.context.metrics.failed(R::NAME, category);
        let namespace = object.namespace().unwrap_or_default();
        told::failed(named::<R>(&namespace, &object.name_any()), error);
        let delay = self.backoffs.next(object.meta().uid.as_deref(), category);
        backoff::next_try(error, again, delay)
    }

    /// Forgets all that is kept by object when one is gone.
    fn forget<R: Reconciler>(&self, object: &Guarded<R::Kind>) {
        let uid = object.meta().uid.as_deref();
        self.backoffs.forget(uid);
        self.context.written.forget(uid);
        let namespace = object.namespace().unwrap_or_default();
        let metrics = &self.context.metrics;
        metrics.forget(R::NAME, &namespace, &object.name_any());
    }

    async fn publish<R: Reconciler>(&self, object: &R::Kind, notes: &[Note]) {
        let reference = object.object_ref(&());
        for note in notes {
            let now = (self.context.clock)();
            let events = &self.context.events;
            if let Err(error) = events.publish(R::REPORTER, &reference, note, now).await {
                debug!(error = %error, "event not recorded");
            }
        }
    }
}
