//! The generated parts of the Helm chart; its other templates and its values are written by hand.

use std::fmt::Write;

use serde_json::json;

use crate::{
    family::Family,
    manifests::rule_json,
    roles::{self, Rule},
    yaml,
};

/// Returns the template of the controller's roles and bindings.
///
/// # Errors
///
/// When a rule cannot be written as YAML, which would be a fault of ours.
pub fn roles_template() -> anyhow::Result<String> {
    let mut text = String::from(GENERATED);
    text.push_str("{{- if .Values.rbac.create }}\n");
    for family in Family::ALL {
        writeln!(
            text,
            "{{{{- if has {:?} .Values.families }}}}",
            family.name()
        )?;
        text.push_str(&bound_role(
            "ClusterRole",
            family.name(),
            roles::of_family(family),
        )?);
        text.push_str("{{- end }}\n");
    }
    text.push_str("{{- if .Values.leaderElect }}\n");
    text.push_str(&bound_role(
        "Role",
        "leader-election",
        roles::OWN_NAMESPACE,
    )?);
    text.push_str("{{- end }}\n");
    text.push_str("{{- end }}\n");
    Ok(text)
}

/// Returns the template of the roles by which people may use our kinds.
///
/// # Errors
///
/// When a rule cannot be written as YAML, which would be a fault of ours.
pub fn people_template() -> anyhow::Result<String> {
    let mut text = String::from(GENERATED);
    let with_kinds: Vec<_> = Family::ALL
        .into_iter()
        .filter(|&family| !roles::kinds(family).is_empty())
        .collect();
    let any: Vec<_> = with_kinds
        .iter()
        .map(|family| format!("(has {:?} .Values.families)", family.name()))
        .collect();
    writeln!(
        text,
        "{{{{- if and .Values.rbac.create .Values.rbac.aggregate (or {}) }}}}",
        any.join(" ")
    )?;
    let view: &[&str] = &["get", "list", "watch"];
    let edit: &[&str] = &["create", "delete", "deletecollection", "patch", "update"];
    for (suffix, into, verbs) in [
        ("view", &["view", "edit", "admin"][..], view),
        ("edit", &["edit", "admin"][..], edit),
    ] {
        text.push_str(&header("ClusterRole", suffix));
        for role in into {
            writeln!(
                text,
                "    rbac.authorization.k8s.io/aggregate-to-{role}: \"true\""
            )?;
        }
        text.push_str("rules:\n");
        for &family in &with_kinds {
            writeln!(
                text,
                "{{{{- if has {:?} .Values.families }}}}",
                family.name()
            )?;
            for (group, resources) in roles::kinds(family) {
                let rule =
                    json!([{ "apiGroups": [group], "resources": resources, "verbs": verbs }]);
                text.push_str(&indented(&yaml::stream(&[rule])?));
            }
            text.push_str("{{- end }}\n");
        }
    }
    text.push_str("{{- end }}\n");
    Ok(text)
}

const GENERATED: &str = "{{- /* Generated from deploy/src/roles.rs; do not edit. */ -}}\n";

/// Returns a role with its binding to the controller's ServiceAccount.
fn bound_role(kind: &str, suffix: &str, rules: &[Rule]) -> anyhow::Result<String> {
    let rules: Vec<_> = rules.iter().map(rule_json).collect();
    let rules = indented(&yaml::stream(&[json!(rules)])?);
    let mut text = header(kind, suffix);
    text.push_str("rules:\n");
    text.push_str(&rules);
    text.push_str(&header(&format!("{kind}Binding"), suffix));
    write!(
        text,
        "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: {kind}\n  \
         name: {{{{ include \"signet.fullname\" . }}}}-{suffix}\n\
         subjects:\n  - kind: ServiceAccount\n    \
         name: {{{{ include \"signet.serviceAccountName\" . }}}}\n    \
         namespace: {{{{ include \"signet.namespace\" . }}}}\n"
    )?;
    Ok(text)
}

fn header(kind: &str, suffix: &str) -> String {
    let namespace = if kind.starts_with("Role") {
        "  namespace: {{ include \"signet.namespace\" . }}\n"
    } else {
        ""
    };
    format!(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata:\n  \
         name: {{{{ include \"signet.fullname\" . }}}}-{suffix}\n{namespace}  \
         {{{{- include \"signet.annotations\" . | nindent 2 }}}}\n  \
         labels:\n    {{{{- include \"signet.labels\" . | nindent 4 }}}}\n\
         {{{{- with .Values.rbac.labels }}}}\n    {{{{- toYaml . | nindent 4 }}}}\n{{{{- end }}}}\n"
    )
}

fn indented(text: &str) -> String {
    text.lines().flat_map(|line| ["  ", line, "\n"]).collect()
}
