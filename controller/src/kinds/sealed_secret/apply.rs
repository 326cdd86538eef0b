//! Writes the Secret.

use manifests::Manifest;

use super::plan::Plan;
use crate::context::Context;
use crate::error::{Chain, Error};

/// Field manager of the Secrets we write.
pub(super) const FIELD_MANAGER: &str = "sealed-secrets-controller";

/// Whether the Secret had to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// It was created or changed.
    Written,
    /// It was as sealed.
    Unchanged,
}

/// Does what the plan says.
pub(super) async fn apply(plan: Plan, context: &Context) -> Result<Applied, Error> {
    let cluster = context.clusters.own();
    let (manifest, is_new) = match plan {
        Plan::Keep => return Ok(Applied::Unchanged),
        Plan::Refuse { namespace, error } => {
            context
                .metrics
                .unseal_failed(super::status::UNMANAGED, &namespace);
            return Err(error);
        }
        Plan::Create(manifest) => (manifest, true),
        Plan::Replace(manifest) => (manifest, false),
    };
    let kind = cluster.kind_of(&manifest).await?;
    let written = if is_new {
        cluster.create(&kind, &manifest, FIELD_MANAGER).await
    } else {
        cluster.replace(&kind, &manifest, FIELD_MANAGER).await
    };
    match written {
        Ok(_) => Ok(Applied::Written),
        Err(error) => Err(refused(&manifest, error, context)),
    }
}

fn refused(manifest: &Manifest, error: cluster::ApiError, context: &Context) -> Error {
    context
        .metrics
        .unseal_failed("update", manifest.namespace().unwrap_or_default());
    if let cluster::ApiError::Refused { refusal, .. } = &error
        && refusal.is_immutable_field()
    {
        return Error::new(
            crate::error::Category::Invalid,
            super::status::UPDATE_FAILED,
            format!(
                "Error updating {}/{}: the target Secret is immutable. It can only be deleted and created again",
                manifest.namespace().unwrap_or_default(),
                manifest.name()
            ),
        );
    }
    let text = Chain(&error).to_string();
    let category = Error::from(error).category();
    Error::new(category, super::status::UPDATE_FAILED, text)
}
