//! What is compared with the cluster: manifests, and how they would be applied.

use manifests::Manifest;
use pipeline::inventory::Inventory;
use pipeline::redact::Taint;
use pipeline::unit::{Unit, folder};

use super::applier::Applier;
use super::source::Content;
use super::unit::Found;
use crate::signet::error::Error;
use crate::signet::mode::Build;
use crate::signet::modes::build::{self, Everything, Target};
use crate::signet::progress::Progress;
use crate::{Environment, Io};

/// A desired state.
pub(super) struct Wanted {
    pub(super) unit: Unit,
    pub(super) applier: Applier,
    pub(super) manifests: Vec<Manifest>,
    pub(super) taint: Taint,
    /// What the unit applied last time.
    pub(super) inventory: Inventory,
    /// What the user should know besides.
    pub(super) notes: Vec<String>,
}

/// Builds a folder.
pub(super) fn folder(
    mode: &Build,
    field_manager: Option<&str>,
    namespace: &str,
    environment: &Environment,
    progress: &Progress,
    io: &mut Io,
) -> Result<Wanted, Error> {
    let built = build::build(mode, environment, progress, io)?;
    let field_manager = field_manager.map(str::to_owned);
    Ok(Wanted {
        unit: folder::unit(namespace, field_manager.as_deref().unwrap_or_default()),
        applier: Applier::Owner { field_manager },
        notes: warnings(&built),
        manifests: built.manifests,
        taint: built.taint,
        inventory: Inventory::default(),
    })
}

/// Builds a unit from the content of its source.
pub(super) fn unit(
    found: Found,
    content: Content,
    environment: &Environment,
    progress: &Progress,
    io: &mut Io,
) -> Result<Wanted, Error> {
    let target = Target {
        name: found.name.clone(),
        options: found.unit.build.clone(),
        decryption: found.unit.decryption.clone(),
    };
    let built = build::build_all(&content.artifact, &[target], environment, progress, io)?;
    let mut notes = content.notes;
    notes.extend(warnings(&built));
    if found.unit.suspended {
        notes.push(format!(
            "note: {} is suspended, so that nothing is applied until it is resumed",
            found.name
        ));
    }
    let field_manager = found.unit.owner.field_manager.clone();
    Ok(Wanted {
        unit: found.unit,
        applier: Applier::Unit { field_manager },
        manifests: built.manifests,
        taint: built.taint,
        inventory: found.inventory,
        notes,
    })
}

fn warnings(built: &Everything) -> Vec<String> {
    let warnings = built.warnings.iter();
    warnings.map(|text| format!("warning: {text}")).collect()
}
