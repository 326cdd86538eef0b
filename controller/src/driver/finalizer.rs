//! Puts a finalizer on and takes it off, touching nothing else of the object.

use kube::ResourceExt;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::Reconciler;
use crate::context::Context;
use crate::error::Error;

/// Puts the kind's finalizer on, when it has one and the object does not carry it.
///
/// A patch limited to metadata: a full update would make us the owner of defaulted spec fields.
pub(super) async fn ensure<R: Reconciler>(
    object: &R::Kind,
    context: &Context,
) -> Result<(), Error> {
    let Some(finalizer) = R::FINALIZER else {
        return Ok(());
    };
    if object.finalizers().iter().any(|found| found == finalizer) {
        return Ok(());
    }
    let mut finalizers = object.finalizers().to_vec();
    finalizers.push(finalizer.to_owned());
    write::<R>(object, &finalizers, context).await
}

/// Takes the finalizer off.
pub(super) async fn remove<R: Reconciler>(
    object: &R::Kind,
    finalizer: &str,
    context: &Context,
) -> Result<(), Error> {
    let finalizers: Vec<String> = object
        .finalizers()
        .iter()
        .filter(|found| *found != finalizer)
        .cloned()
        .collect();
    write::<R>(object, &finalizers, context).await
}

async fn write<R: Reconciler>(
    object: &R::Kind,
    finalizers: &[String],
    context: &Context,
) -> Result<(), Error> {
    let patch = json!({
        "metadata": {"finalizers": finalizers, "resourceVersion": object.resource_version()},
    });
    super::status::api::<R>(object, context)
        .patch_metadata(
            &object.name_any(),
            &PatchParams::default(),
            &Patch::Merge(patch),
        )
        .await
        .map(|_| ())
        .or_else(|error| match error {
            kube::Error::Api(status) if status.code == 404 => Ok(()),
            source => Err(Error::kubernetes("update the finalizers", source)),
        })
}
