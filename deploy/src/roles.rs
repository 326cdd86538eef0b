//! The one table of rights: what each family's code asks the API server for, and no more.
//!
//! A right that is missing here makes the controller fail in a cluster, and one that is not used
//! is a hole; the end-to-end tests run the controller under exactly these rules.

use crate::family::Family;

/// What may be done to which resources of one API group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The resources, with subresources behind a slash.
    pub resources: &'static [&'static str],
    /// The objects; empty for all.
    pub names: &'static [&'static str],
    /// What may be done.
    pub verbs: &'static [&'static str],
}

const fn rule(
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
) -> Rule {
    Rule {
        group,
        resources,
        names: &[],
        verbs,
    }
}

/// Returns what a family needs in all namespaces.
pub const fn of_family(family: Family) -> &'static [Rule] {
    match family {
        Family::SealedSecrets => SEALED_SECRETS,
        Family::Sops => SOPS,
        Family::ExternalSecrets => EXTERNAL_SECRETS,
        Family::Flux => FLUX,
        Family::Argo => ARGO,
    }
}

/// Unsealing: nothing that the upstream role `secrets-unsealer` does not grant as well, so that our
/// image can take the place of theirs under their roles. Sealing keys are Secrets, too.
const SEALED_SECRETS: &[Rule] = &[
    rule("bitnami.com", &["sealedsecrets"], &["list", "watch"]),
    rule("bitnami.com", &["sealedsecrets/status"], &["update"]),
    rule(
        "",
        &["secrets"],
        &["create", "get", "list", "update", "watch"],
    ),
    rule("", &["events"], &["create", "patch"]),
];

/// Decryption reads the Secrets that hold keys, each by its name.
const SOPS: &[Rule] = &[rule("", &["secrets"], &["get"])];

/// Fetching: credentials are Secrets, ConfigMaps and tokens of service accounts; targets are
/// Secrets; which namespace may use a store depends on its labels. The right on the subresource
/// `finalizers` is for API servers that ask for it from who sets an owner reference.
const EXTERNAL_SECRETS: &[Rule] = &[
    rule(
        "external-secrets.io",
        &["externalsecrets"],
        &["list", "patch", "watch"],
    ),
    rule(
        "external-secrets.io",
        &["externalsecrets/finalizers"],
        &["update"],
    ),
    rule(
        "external-secrets.io",
        &["clustersecretstores", "secretstores"],
        &["list", "watch"],
    ),
    rule(
        "external-secrets.io",
        &[
            "clustersecretstores/status",
            "externalsecrets/status",
            "secretstores/status",
        ],
        &["patch"],
    ),
    rule(
        "",
        &["secrets"],
        &[
            "create", "delete", "get", "list", "patch", "update", "watch",
        ],
    ),
    rule("", &["configmaps"], &["get"]),
    rule("", &["namespaces"], &["get"]),
    rule("", &["serviceaccounts"], &["get"]),
    rule("", &["serviceaccounts/token"], &["create"]),
    rule("", &["events"], &["create", "patch"]),
];

/// Syncing: the kinds of the family, and the right to act as the ServiceAccount a unit names.
/// What is applied is applied with that account's rights.
const FLUX: &[Rule] = &[
    rule(
        "source.toolkit.fluxcd.io",
        &["gitrepositories"],
        &["list", "patch", "watch"],
    ),
    rule(
        "source.toolkit.fluxcd.io",
        &["gitrepositories/status"],
        &["patch"],
    ),
    rule(
        "kustomize.toolkit.fluxcd.io",
        &["kustomizations"],
        &["list", "patch", "watch"],
    ),
    rule(
        "kustomize.toolkit.fluxcd.io",
        &["kustomizations/status"],
        &["patch"],
    ),
    rule("", &["secrets"], &["get"]),
    rule("", &["serviceaccounts"], &["get", "impersonate"]),
    rule("", &["events"], &["create", "patch"]),
];

/// Syncing by `Application`: the kinds of the family, which have no status of their own, and what
/// its namespace says about repositories and their servers. What is applied is applied with rights
/// that are granted besides.
const ARGO: &[Rule] = &[
    rule(
        "argoproj.io",
        &["applications"],
        &["list", "patch", "watch"],
    ),
    rule("argoproj.io", &["appprojects"], &["list", "watch"]),
    rule("", &["secrets"], &["get", "list"]),
    rule("", &["configmaps"], &["get"]),
    rule("", &["events"], &["create", "patch"]),
];

/// What every install needs in its own namespace: the lease of the leader.
pub const OWN_NAMESPACE: &[Rule] = &[rule(
    "coordination.k8s.io",
    &["leases"],
    &["create", "get", "update"],
)];

/// Returns what clients of the sealing API need in its namespace: to find its Service, here named
/// by the caller, and to reach it through the API server.
pub fn service_proxy(service: &str) -> Vec<(Vec<String>, Vec<String>, Vec<String>)> {
    let owned = |texts: &[&str]| {
        texts
            .iter()
            .map(|&text| text.to_owned())
            .collect::<Vec<_>>()
    };
    vec![
        (owned(&["services"]), owned(&[service]), owned(&["get"])),
        (
            owned(&["services/proxy"]),
            vec![
                format!("http:{service}:"),
                format!("http:{service}:http"),
                service.to_owned(),
            ],
            owned(&["create", "get"]),
        ),
    ]
}

/// Returns the kinds of a family as resources by group, for the roles that people get.
pub fn kinds(family: Family) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for definition in family.definitions() {
        let plural = definition.spec.names.plural;
        match groups
            .iter_mut()
            .find(|(group, _)| *group == definition.spec.group)
        {
            Some((_, resources)) => resources.push(plural),
            None => groups.push((definition.spec.group, vec![plural])),
        }
    }
    groups
}

#[cfg(test)]
mod tests;
