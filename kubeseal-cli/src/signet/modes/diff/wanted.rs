//! What is compared with the cluster: manifests, and how they would be applied.

use manifests::Manifest;
use pipeline::comparison::IgnoredFields;
use pipeline::inventory::Inventory;
use pipeline::project::Policy;
use pipeline::redact::Taint;
use pipeline::unit::{Family, Unit, argo, folder};

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
    pub(super) ignored: Vec<IgnoredFields>,
    pub(super) policy: Policy,
    pub(super) makes_namespace: Option<String>,
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
        ignored: Vec::new(),
        policy: Policy::of(None),
        makes_namespace: None,
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
    let warnings = warnings(&built);
    let manifests = match found.unit.id.family {
        Family::Argo => {
            argo::without_hooks(built.manifests).map_err(|error| Error::InvalidUnit {
                target: found.name.clone(),
                message: error.message,
            })?
        }
        _ => built.manifests,
    };
    let mut notes = content.notes;
    notes.extend(found.notes);
    notes.extend(warnings);
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
        ignored: found.ignored,
        policy: found.policy,
        makes_namespace: found.makes_namespace,
        manifests,
        taint: built.taint,
        inventory: found.inventory,
        notes,
    })
}

fn warnings(built: &Everything) -> Vec<String> {
    let warnings = built.warnings.iter();
    warnings.map(|text| format!("warning: {text}")).collect()
}
