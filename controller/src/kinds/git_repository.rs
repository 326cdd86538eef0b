//! `GitRepository`: keeps an artifact of a repository's newest matching commit.

mod apply;
mod observe;
mod parse;
mod plan;
mod status;

use api::source::{GitRepository, GitRepositoryStatus};
use jiff::Timestamp;

use crate::context::Context;
use crate::driver::{Note, Reconciler, Report, Severity};
use crate::error::{Category, Error};
use crate::flags::Flags;

/// The steps of `GitRepository`.
pub(crate) struct GitRepositories;

impl Reconciler for GitRepositories {
    type Kind = GitRepository;
    type Wanted = parse::Wanted;
    type Found = observe::Found;
    type Plan = plan::Plan;
    type Applied = apply::Applied;
    type Status = GitRepositoryStatus;

    const NAME: &'static str = "GitRepository";
    // COMPAT: as upstream. Nothing is to undo: what no repository names any more leaves the store by
    // itself.
    const FINALIZER: Option<&'static str> = Some(api::names::flux::FINALIZER);
    const REPORTER: &'static str = "source-controller";
    const CONCURRENCY: usize = 8;

    fn is_suspended(object: &GitRepository, _flags: &Flags) -> bool {
        object.spec.suspend
    }

    fn parse(object: &GitRepository) -> Result<parse::Wanted, Error> {
        parse::parse(object)
    }

    async fn observe(wanted: &parse::Wanted, context: &Context) -> Result<observe::Found, Error> {
        observe::observe(wanted, context).await
    }

    fn plan(wanted: &parse::Wanted, found: observe::Found, _now: Timestamp) -> plan::Plan {
        plan::plan(wanted, found)
    }

    async fn apply(plan: plan::Plan, context: &Context) -> Result<apply::Applied, Error> {
        apply::apply(plan, context).await
    }

    fn status(
        object: &GitRepository,
        outcome: &Result<apply::Applied, Error>,
        now: Timestamp,
    ) -> GitRepositoryStatus {
        status::status(object, outcome, now)
    }

    fn report(object: &GitRepository, outcome: &Result<apply::Applied, Error>) -> Report {
        let notes = match outcome {
            Ok(applied) if applied.is_new => vec![Note {
                severity: Severity::Normal,
                reason: "NewArtifact".to_owned(),
                message: format!("stored artifact for commit '{}'", applied.snapshot.subject),
            }],
            Ok(_) => Vec::new(),
            Err(error) => vec![Note {
                severity: Severity::Warning,
                reason: error.reason().to_owned(),
                message: status::failure_text(error),
            }],
        };
        let interval = object.spec.interval.positive().map(super::with_jitter);
        // What the object's user must mend may also be mended in the repository or the Secret.
        let by_interval = outcome
            .as_ref()
            .err()
            .is_none_or(|error| error.category() == Category::Invalid);
        Report {
            again: interval.filter(|_| by_interval),
            notes,
        }
    }
}
