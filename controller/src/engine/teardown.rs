//! Deletes what a deleted unit had applied, as its deletion policy says.

use cluster::Cluster;
use pipeline::inventory::Inventory;
use pipeline::plan::plan_teardown;
use pipeline::unit::{DeletionPolicy, Unit};

use super::run::failure;
use super::{Engine, carry, look};
use crate::error::{Category, Error};

impl Engine {
    /// Deletes the unit's own, unprotected objects, in reverse order of apply.
    ///
    /// # Errors
    ///
    /// When something could not be deleted, or is waited for and still there.
    pub(crate) async fn tear_down(
        &self,
        unit: &Unit,
        inventory: &Inventory,
        cluster: &Cluster,
    ) -> Result<(), Error> {
        self.awaited.forget(&unit.id);
        let live = look::objects(inventory.iter(), cluster).await?;
        let planned = plan_teardown(unit, inventory, &live);
        let is_waiting = unit.deletion == DeletionPolicy::WaitForTermination && !planned.is_empty();
        let deleted = carry::out(unit, planned, cluster, &self.recent).await;
        if let Some(error) = failure(deleted.failures(), "PruneFailed") {
            return Err(error);
        }
        if is_waiting {
            return Err(Error::new(
                Category::Conflict,
                "Progressing",
                "waiting for the deleted objects to be gone",
            ));
        }
        Ok(())
    }
}
