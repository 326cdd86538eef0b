//! All kinds together, at two sizes: what an idle controller costs, what one commit does, and how
//! long a start takes until there is nothing to do.

use deploy::family::Family;

use crate::figure::Figure;
use crate::flags::{Flags, Part};
use crate::measured::{Reading, Step, Watched};
use crate::ours::{Ours, SIGNET};
use crate::repository::{KIND, Shape, Units, has_applied};
use crate::rig::Rig;
use crate::{external_secrets, sealed_secrets};

const FAMILIES: &[Family] = &[Family::SealedSecrets, Family::ExternalSecrets, Family::Flux];

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Kustomizations.
    pub(crate) units: usize,
    /// SealedSecrets and ExternalSecrets, half of each.
    pub(crate) secrets: usize,
}

impl Size {
    fn sealed(self) -> usize {
        self.secrets / 2
    }

    fn external(self) -> usize {
        self.secrets - self.sealed()
    }

    fn all(self) -> usize {
        self.units + self.secrets
    }
}

/// Runs a part.
///
/// # Errors
///
/// When something does not start.
pub(crate) async fn run(flags: &Flags, part: Part, size: Size) -> anyhow::Result<Vec<Figure>> {
    let rig = Rig::start(FAMILIES).await?;
    let vault = external_secrets::fill(&rig, size.external()).await?;
    sealed_secrets::fill(&rig, size.sealed()).await?;
    let units = Units::fill(&rig, size.units, Shape::Shared).await?;
    let fleet = Fleet {
        flags,
        part,
        size,
        rig: &rig,
        units: &units,
    };
    let vault = external_secrets::watched(&vault);

    let before = Reading::take(&rig, &[vault]).await?;
    let ours = Ours::start(&rig, flags, FAMILIES, &[])?;
    let programs = [ours.watched(), vault];
    let done = fleet.until_synced().await?;
    let first = fleet.done("first sync", &before, done, &programs).await?;

    let before = Reading::take(&rig, &programs).await?;
    tokio::time::sleep(flags.idle()).await;
    let idle = fleet.done("idle", &before, size.all(), &programs).await?;

    let commit = units.commit("second")?;
    let before = Reading::take(&rig, &programs).await?;
    units.tell(&rig, "second").await?;
    let applied = fleet.until_applied(&commit).await?;
    let done = size.secrets + applied;
    let commit = fleet.done("one commit", &before, done, &programs).await?;
    ours.stop()?;

    let before = Reading::take(&rig, &[vault]).await?;
    let ours = Ours::start(&rig, flags, FAMILIES, &[])?;
    let wanted = [
        ("Kustomization", size.units),
        ("SealedSecret", size.sealed()),
        ("ExternalSecret", size.external()),
    ];
    let done = ours.until_reconciled(&wanted, flags.cut_off()).await?;
    let programs = [ours.watched(), vault];
    let start = fleet.done("start", &before, done, &programs).await?;
    ours.stop()?;
    Ok(vec![first, idle, commit, start])
}

struct Fleet<'a> {
    flags: &'a Flags,
    part: Part,
    size: Size,
    rig: &'a Rig,
    units: &'a Units,
}

impl Fleet<'_> {
    async fn until_synced(&self) -> anyhow::Result<usize> {
        let (rig, limit) = (self.rig, self.flags.cut_off());
        let sealed = rig.until(
            sealed_secrets::KIND,
            self.size.sealed(),
            limit,
            sealed_secrets::is_synced,
        );
        let external = rig.until(
            external_secrets::KIND,
            self.size.external(),
            limit,
            external_secrets::is_synced,
        );
        let (sealed, external, applied) =
            futures::try_join!(sealed, external, self.until_applied(""))?;
        Ok(sealed + external + applied)
    }

    async fn until_applied(&self, commit: &str) -> anyhow::Result<usize> {
        let is_done = |unit: &_| has_applied(unit, commit);
        self.rig
            .until(KIND, self.size.units, self.flags.cut_off(), is_done)
            .await
    }

    async fn done(
        &self,
        name: &str,
        before: &Reading,
        done: usize,
        programs: &[Watched],
    ) -> anyhow::Result<Figure> {
        let what = format!(
            "{}, {} SealedSecrets, {} ExternalSecrets",
            self.units.words(),
            self.size.sealed(),
            self.size.external()
        );
        let step = Step {
            part: self.part,
            name,
            who: SIGNET,
            what: &what,
            wanted: self.size.all(),
        };
        before.done(step, done, self.rig, programs).await
    }
}
