//! Project: what the Applications of an `AppProject` may do (§3; G-131, G-132, G-133).

use api::argo::{
    AppProject, AppProjectSpec, ApplicationDestination, ClusterResourceRestriction,
    DEFAULT_PROJECT, GroupKind, ProjectDestination,
};
use api::names::argo::{IN_CLUSTER, IN_CLUSTER_SERVER};
use globset::GlobBuilder;
use manifests::ObjectId;

use crate::normalise::Scope;

/// What the Applications of a project may do.
#[derive(Clone, Debug)]
pub struct Policy {
    name: String,
    /// `None` is the project `default` that nobody has made: it permits everything.
    spec: Option<AppProjectSpec>,
}

impl Policy {
    /// Returns what a project says; without one, everything is permitted.
    pub fn of(project: Option<&AppProject>) -> Self {
        let name = project.and_then(|project| project.metadata.name.clone());
        Self {
            name: name.unwrap_or_else(|| DEFAULT_PROJECT.to_owned()),
            spec: project.map(|project| project.spec.clone()),
        }
    }

    /// Whether a namespace other than that of the configuration may hold Applications of the
    /// project (G-008).
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn home(&self, namespace: &str) -> Result<(), String> {
        let namespaces = self.spec.iter().flat_map(|spec| &spec.source_namespaces);
        let mut namespaces = namespaces.map(String::as_str);
        if namespaces.any(|pattern| fits(pattern, namespace)) {
            return Ok(());
        }
        Err(format!(
            "application in namespace '{namespace}' is not allowed to use project '{}'",
            self.name
        ))
    }

    /// Whether a repository may be used (G-131).
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn source(&self, url: &str) -> Result<(), String> {
        let Some(spec) = &self.spec else {
            return Ok(());
        };
        self.enforceable(spec)?;
        if is_ambiguous(url) {
            return Err(format!(
                "application repo {:?} is not permitted in project '{}': what it names may be \
                 another repository than its text says",
                shown(url),
                self.name
            ));
        }
        let normalised = repository(url);
        let covers = |pattern: &str| {
            if pattern == "*" {
                return Some(true);
            }
            matches(&repository(pattern), &normalised, true)
        };
        let reached = reached(url);
        let refuses = |pattern: &String| {
            refused(pattern, covers)
                || refused(pattern, |pattern| {
                    matches(&self::reached(pattern), &reached, true)
                })
        };
        let allows = |pattern: &String| denied(pattern).is_none() && covers(pattern) == Some(true);
        let repositories = &spec.source_repos;
        if repositories.iter().any(allows) && !repositories.iter().any(refuses) {
            return Ok(());
        }
        Err(format!(
            "application repo {} is not permitted in project '{}'",
            shown(url),
            self.name
        ))
    }

    /// Whether objects may go to a destination (G-131, G-133).
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn destination(&self, destination: &ApplicationDestination) -> Result<(), String> {
        let namespace = destination.namespace.as_deref().unwrap_or_default();
        if self.reaches(namespace) {
            return Ok(());
        }
        Err(format!(
            "application destination server '{}' and namespace '{namespace}' do not match any of \
             the allowed destinations in project '{}'",
            IN_CLUSTER_SERVER, self.name
        ))
    }

    /// Whether an object may be applied (G-132).
    ///
    /// An object of a kind that nobody serves is judged by whether it names a namespace.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn object(&self, object: &ObjectId, scope: Option<Scope>) -> Result<(), String> {
        let Some(spec) = &self.spec else {
            return Ok(());
        };
        let kind = &object.group_kind;
        let namespace = match scope {
            Some(Scope::Cluster) => None,
            Some(Scope::Namespaced) => Some(object.namespace.as_deref().unwrap_or_default()),
            None => object.namespace.as_deref(),
        };
        let is_permitted = match namespace {
            None => permits_in_cluster(spec, object),
            Some(_) => permits_in_namespaces(spec, object),
        };
        if !is_permitted {
            return Err(format!(
                "resource {}:{} is not permitted in project {}",
                kind.group, kind.kind, self.name
            ));
        }
        match namespace {
            Some(namespace) if !self.reaches(namespace) => Err(format!(
                "namespace {namespace} is not permitted in project '{}'",
                self.name
            )),
            _ => Ok(()),
        }
    }

    /// Whether a namespace of the one cluster that is supported is a destination.
    fn reaches(&self, namespace: &str) -> bool {
        let Some(spec) = &self.spec else {
            return true;
        };
        let denies = |rule: &ProjectDestination| {
            let refuses = |pattern: &Option<String>, text: &str| {
                let pattern = pattern.as_deref().unwrap_or_default();
                refused(pattern, |pattern| matches(pattern, text, false))
            };
            refuses(&rule.server, IN_CLUSTER_SERVER)
                || refuses(&rule.name, IN_CLUSTER)
                || refuses(&rule.namespace, namespace)
        };
        let allows = |rule: &ProjectDestination| {
            let parts = [&rule.server, &rule.name, &rule.namespace];
            let is_denial = parts
                .into_iter()
                .flatten()
                .any(|pattern| denied(pattern).is_some());
            let is = |pattern: &Option<String>, text: &str| {
                pattern
                    .as_deref()
                    .is_some_and(|pattern| fits(pattern, text))
            };
            !is_denial
                && (is(&rule.server, IN_CLUSTER_SERVER) || is(&rule.name, IN_CLUSTER))
                && is(&rule.namespace, namespace)
        };
        spec.destinations.iter().any(allows) && !spec.destinations.iter().any(denies)
    }

    /// A restriction that is not supported yet is not taken for none.
    fn enforceable(&self, spec: &AppProjectSpec) -> Result<(), String> {
        let restrictions = [
            ("signatureKeys", !spec.signature_keys.is_empty()),
            (
                "sourceIntegrity",
                spec.unmodelled.field("sourceIntegrity").is_some(),
            ),
            ("syncWindows", !spec.sync_windows.is_empty()),
            (
                "permitOnlyProjectScopedClusters",
                spec.permit_only_project_scoped_clusters == Some(true),
            ),
        ];
        match restrictions.iter().find(|(_, is_set)| *is_set) {
            None => Ok(()),
            Some((field, _)) => Err(format!(
                "project '{}' restricts its Applications by spec.{field}, which is not supported \
                 yet; nothing is applied",
                self.name
            )),
        }
    }
}

fn permits_in_cluster(spec: &AppProjectSpec, object: &ObjectId) -> bool {
    let fits_rule = |rule: &ClusterResourceRestriction| {
        let name = rule.name.as_deref().filter(|name| !name.is_empty());
        fits(&rule.group, &object.group_kind.group)
            && fits(&rule.kind, &object.group_kind.kind)
            && name.is_none_or(|name| fits(name, &object.name))
    };
    spec.cluster_resource_whitelist.iter().any(fits_rule)
        && !spec.cluster_resource_blacklist.iter().any(fits_rule)
}

fn permits_in_namespaces(spec: &AppProjectSpec, object: &ObjectId) -> bool {
    let fits_rule = |rule: &GroupKind| {
        fits(&rule.group, &object.group_kind.group) && fits(&rule.kind, &object.group_kind.kind)
    };
    let allowed = spec.namespace_resource_whitelist.as_deref();
    allowed.is_none_or(|allowed| allowed.iter().any(fits_rule))
        && !spec.namespace_resource_blacklist.iter().any(fits_rule)
}

/// Returns what a pattern refuses.
fn denied(pattern: &str) -> Option<&str> {
    pattern.strip_prefix('!')
}

/// Whether a pattern refuses what it covers; one that is no glob covers everything.
fn refused(pattern: &str, covers: impl Fn(&str) -> Option<bool>) -> bool {
    denied(pattern).is_some_and(|pattern| covers(pattern).unwrap_or(true))
}

/// Whether a glob fits a whole text. `*` stands for any text, also for one with slashes.
///
/// A pattern that is no glob fits nothing.
pub fn fits(pattern: &str, text: &str) -> bool {
    matches(pattern, text, false) == Some(true)
}

/// Whether a glob fits a whole text; `None` when it is none. In a URL `*` ends at a slash.
fn matches(pattern: &str, text: &str, is_url: bool) -> Option<bool> {
    let glob = GlobBuilder::new(pattern)
        .literal_separator(is_url)
        .build()
        .ok()?;
    Some(glob.compile_matcher().is_match(text))
}

/// Whether a URL may lead elsewhere than a pattern that fits its text: by a path that climbs, or by
/// a host that ends earlier than it looks.
fn is_ambiguous(url: &str) -> bool {
    let url = url.to_ascii_lowercase();
    let has_dots = url.split('/').any(|part| matches!(part, "." | ".."));
    let has_trick = ["%2e", "%2f", "%5c", "?", "#", "\\"]
        .iter()
        .any(|trick| url.contains(trick));
    has_dots || has_trick || url.contains(|symbol: char| symbol.is_control())
}

/// Returns a repository's URL as it is compared: without `.git` and slashes at its end, the scheme
/// and the host in lower case.
pub fn repository(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    let host_from = url.find("://").map_or(0, |at| at + 3);
    let rest = url.get(host_from..).unwrap_or_default();
    let is_scp = host_from == 0;
    let host_to = rest
        .find(|symbol| symbol == '/' || (is_scp && symbol == ':'))
        .map_or(url.len(), |at| host_from + at);
    let (authority, path) = url.split_at(host_to);
    format!("{}{path}", authority.to_ascii_lowercase())
}

/// Returns what a repository's URL leads to, the same for all spellings that servers take for the
/// same: a refusal must not end at another case, a user name or a character written as `%73`.
fn reached(url: &str) -> String {
    let url = unescaped(url.trim()).to_ascii_lowercase();
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (scheme, rest.to_owned()),
        None => ("ssh", url.replacen(':', "/", 1)),
    };
    let mut parts = rest.split('/').filter(|part| !part.is_empty());
    let authority = parts.next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let port = match scheme {
        "https" => ":443",
        "http" => ":80",
        "ssh" => ":22",
        _ => ":9418",
    };
    let mut parts: Vec<&str> = std::iter::once(host.strip_suffix(port).unwrap_or(host))
        .chain(parts)
        .collect();
    while parts.last() == Some(&".git") {
        parts.pop();
    }
    let path = parts.join("/");
    format!("{scheme}://{}", path.strip_suffix(".git").unwrap_or(&path))
}

/// Returns a URL without what stands before the host, where it may hold a password.
fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    // A password may hold a slash that nobody escaped: everything up to the last `@` goes.
    match rest.rsplit_once('@') {
        Some((user, rest)) if user.contains(':') => format!("{scheme}://{rest}"),
        _ => url.to_owned(),
    }
}

/// Writes letters and digits as themselves that a URL holds in hexadecimal.
fn unescaped(url: &str) -> String {
    let mut parts = url.split('%');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let symbol = byte.map(char::from);
        match (symbol, part.get(2..)) {
            (Some(symbol), Some(rest))
                if symbol.is_ascii_alphanumeric() || "-_~".contains(symbol) =>
            {
                text.push(symbol);
                text.push_str(rest);
            }
            _ => {
                text.push('%');
                text.push_str(part);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests;
