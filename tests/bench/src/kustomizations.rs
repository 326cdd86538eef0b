//! Kustomizations: from one commit until each has applied it.

use std::time::Instant;

use deploy::family::Family;

use crate::figure::{Figure, Times};
use crate::flags::{Flags, Part};
use crate::measured::{Reading, Step, Watched};
use crate::ours::{Ours, SIGNET};
use crate::peers::{KUSTOMIZE_CONTROLLER, Peer};
use crate::repository::{KIND, SOURCES, Shape, Units, has_applied, name};
use crate::rig::Rig;

const FAMILIES: &[Family] = &[Family::Flux];

/// Runs one of the two parts.
///
/// # Errors
///
/// When something does not start.
pub(crate) async fn run(flags: &Flags, part: Part, shape: Shape) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    if flags.whose.has_ours() {
        figures.extend(ours(flags, part, shape).await?);
    }
    if flags.whose.has_theirs() {
        figures.extend(theirs(flags, part, shape).await?);
    }
    Ok(figures)
}

async fn ours(flags: &Flags, part: Part, shape: Shape) -> anyhow::Result<Vec<Figure>> {
    let rig = Rig::start(FAMILIES).await?;
    let units = Units::fill(&rig, flags.units, shape).await?;
    let before = Reading::take(&rig, &[]).await?;
    let ours = Ours::start(&rig, flags, FAMILIES, &[])?;
    let work = Work {
        flags,
        part,
        who: SIGNET,
        rig: &rig,
        units: &units,
        controller: ours.watched(),
    };
    let mut figures = work.first_sync_and_commit(before).await?;
    if shape == Shape::Own {
        figures.push(work.single_commits().await?);
    }
    ours.stop()?;
    Ok(figures)
}

/// Ours fetches and serves the artifact here, and sees no unit.
async fn theirs(flags: &Flags, part: Part, shape: Shape) -> anyhow::Result<Vec<Figure>> {
    let rig = Rig::start(FAMILIES).await?;
    let units = Units::fill(&rig, flags.units, shape).await?;
    let source = Ours::start(
        &rig,
        flags,
        FAMILIES,
        &[format!("--watch-namespace={SOURCES}")],
    )?;
    source
        .until_reconciled(&[("GitRepository", 1)], flags.cut_off())
        .await?;
    let before = Reading::take(&rig, &[]).await?;
    let peer = Peer::kustomize_controller(&rig, flags).await?;
    let work = Work {
        flags,
        part,
        who: KUSTOMIZE_CONTROLLER,
        rig: &rig,
        units: &units,
        controller: peer.watched(),
    };
    let figures = work.first_sync_and_commit(before).await?;
    drop(peer);
    source.stop()?;
    Ok(figures)
}

struct Work<'a> {
    flags: &'a Flags,
    part: Part,
    who: &'a str,
    rig: &'a Rig,
    units: &'a Units,
    controller: Watched,
}

impl Work<'_> {
    async fn first_sync_and_commit(&self, before: Reading) -> anyhow::Result<Vec<Figure>> {
        let first = self.applied(before, "first sync", "").await?;
        if !first.is_whole() {
            return Ok(vec![first]);
        }
        let commit = self.units.commit("second")?;
        let before = Reading::take(self.rig, &[self.controller]).await?;
        self.units.tell(self.rig, "second").await?;
        let second = self.applied(before, "one commit", &commit).await?;
        Ok(vec![first, second])
    }

    async fn applied(&self, before: Reading, name: &str, commit: &str) -> anyhow::Result<Figure> {
        let done = self.until_applied(commit).await?;
        let step = self.step(name, self.units.count);
        let words = self.units.words();
        let step = Step {
            what: &words,
            ..step
        };
        before.done(step, done, self.rig, &[self.controller]).await
    }

    async fn until_applied(&self, commit: &str) -> anyhow::Result<usize> {
        let is_done = |unit: &_| has_applied(unit, commit);
        let (count, limit) = (self.units.count, self.flags.cut_off());
        self.rig.until(KIND, count, limit, is_done).await
    }

    /// Times the way of one commit after the other to the one unit it changes; the others follow the
    /// revision, and the next commit waits for them.
    async fn single_commits(&self) -> anyhow::Result<Figure> {
        let before = Reading::take(self.rig, &[self.controller]).await?;
        let mut times = Vec::new();
        for sample in 0..self.flags.samples {
            // Spread over all units, in no order the controller could know.
            let index = (sample * 617 + 389) % self.units.count;
            let value = format!("sample {sample}");
            let commit = self.units.commit_to(index, &value)?;
            let told = Instant::now();
            self.units.tell(self.rig, &value).await?;
            let is_done = |unit: &_| has_applied(unit, &commit);
            let limit = self.flags.cut_off();
            if self
                .rig
                .until_one(KIND, &name(index), limit, is_done)
                .await?
            {
                times.push(told.elapsed());
            }
            self.until_applied(&commit).await?;
        }
        let what = format!("1 of {}", self.units.words());
        let step = Step {
            what: &what,
            ..self.step("commit to applied", self.flags.samples)
        };
        let figure = before
            .done(step, times.len(), self.rig, &[self.controller])
            .await?;
        Ok(Figure {
            times: Times::of(times),
            ..figure
        })
    }

    fn step<'a>(&'a self, name: &'a str, wanted: usize) -> Step<'a> {
        Step {
            part: self.part,
            name,
            who: self.who,
            what: "",
            wanted,
        }
    }
}
