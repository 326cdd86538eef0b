//! What an entry of a kustomization file refers to.

/// Whether kustomize would go to the network for this entry.
///
/// A path never looks like one of these; kustomize itself takes the same forms for remote before
/// it looks for a directory of that name.
pub(crate) fn is_remote(entry: &str) -> bool {
    let entry = entry.trim_start();
    let lower = entry.to_ascii_lowercase();
    let lower = lower.strip_prefix("git::").unwrap_or(&lower);
    let schemes = [
        "http://", "https://", "ssh://", "git://", "file://", "oci://",
    ];
    let hosts = ["github.com/", "github.com:"];
    schemes
        .iter()
        .chain(&hosts)
        .any(|prefix| lower.starts_with(prefix))
        || is_scp_style(lower)
}

/// `user@host:path`.
fn is_scp_style(entry: &str) -> bool {
    let Some((user, rest)) = entry.split_once('@') else {
        return false;
    };
    let is_user = user.starts_with(|c: char| c.is_ascii_alphabetic())
        && user.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    // With a slash first it is a host all the same, as long as there is a user.
    is_user && rest.contains([':', '/'])
}

/// Returns a remote entry without what may be a credential: user, password and query.
pub(crate) fn without_credentials(entry: &str) -> String {
    let entry = entry.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = match entry.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, entry),
    };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    match scheme {
        Some(scheme) => format!("{scheme}://{host}{path}"),
        None => format!("{host}{path}"),
    }
}

#[cfg(test)]
mod tests;
