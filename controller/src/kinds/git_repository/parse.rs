//! What the object asks for.

use std::time::Duration;

use api::source::{GitProvider, GitRepository};
use kube::ResourceExt;
use manifests::Revision;
use sources::{GitReference, GitUrl};

use crate::error::{Category, Error};

/// A valid request for an artifact.
pub(crate) struct Wanted {
    pub(super) namespace: String,
    pub(super) url: GitUrl,
    pub(super) reference: GitReference,
    pub(super) secret: Option<String>,
    pub(super) ignore: Option<String>,
    pub(super) timeout: Duration,
    pub(super) previous: Option<Revision>,
}

/// Checks the object.
///
/// A field that would change what is fetched or whether it may be trusted, and that is not
/// supported, is refused: fetching without a wanted signature check would be worse than not
/// fetching.
pub(super) fn parse(object: &GitRepository) -> Result<Wanted, Error> {
    let spec = &object.spec;
    for (field, is_set) in [
        ("spec.verify", spec.verify.is_some()),
        ("spec.proxySecretRef", spec.proxy_secret_ref.is_some()),
        ("spec.recurseSubmodules", spec.recurse_submodules),
        ("spec.include", !spec.include.is_empty()),
        (
            "spec.provider",
            spec.provider
                .is_some_and(|provider| provider != GitProvider::Generic),
        ),
    ] {
        if is_set {
            return Err(Error::new(
                Category::Invalid,
                "UnsupportedField",
                format!("{field} is not supported yet; remove it or keep the upstream controller"),
            ));
        }
    }
    let url: GitUrl = spec.url.parse()?;
    let reference = spec
        .reference
        .as_ref()
        .map_or_else(GitReference::default, |reference| GitReference {
            branch: reference.branch.clone(),
            tag: reference.tag.clone(),
            semver: reference.semver.clone(),
            name: reference.name.clone(),
            commit: reference.commit.clone(),
            revision: None,
        });
    Ok(Wanted {
        namespace: object.namespace().unwrap_or_default(),
        url,
        reference,
        secret: spec
            .secret_ref
            .as_ref()
            .map(|reference| reference.name.clone()),
        ignore: spec.ignore.clone(),
        timeout: spec.timeout.positive().unwrap_or(Duration::from_mins(1)),
        previous: object
            .status
            .as_ref()
            .and_then(|status| status.artifact.as_ref()?.revision.parse().ok()),
    })
}
