//! What to ask the source for.

use manifests::Revision;
use sources::GitRequest;

use super::observe::Found;
use super::parse::Wanted;

/// One fetch, which does nothing when the remote still is at `previous`.
pub(crate) struct Plan {
    pub(super) request: GitRequest,
    pub(super) previous: Option<Revision>,
}

/// Puts the request together.
pub(super) fn plan(wanted: &Wanted, found: Found) -> Plan {
    Plan {
        request: GitRequest {
            url: wanted.url.clone(),
            reference: wanted.reference.clone(),
            credentials: found.credentials,
            ignore: wanted.ignore.clone(),
            timeout: wanted.timeout,
        },
        previous: wanted.previous.clone(),
    }
}
