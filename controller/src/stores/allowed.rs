//! Which namespaces a ClusterSecretStore serves (§11.4). Pure.

use std::collections::BTreeMap;

use api::external_secrets::StoreCondition;
use kube::core::{Selector, SelectorExt};
use regex::Regex;

/// A condition that cannot be read. The store then serves nobody by it.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadCondition {
    /// A regular expression is none.
    #[error("failed to compile namespace regex {pattern:?}")]
    Regex {
        pattern: String,
        source: regex::Error,
    },
    /// A selector is none.
    #[error("failed to read the namespace selector")]
    Selector {
        source: kube::core::ParseExpressionError,
    },
}

/// Whether the answer depends on the namespace's labels.
pub(super) fn needs_labels(conditions: &[StoreCondition]) -> bool {
    conditions
        .iter()
        .any(|condition| condition.namespace_selector.is_some())
}

/// Whether any condition allows the namespace; none at all allows every namespace.
pub(super) fn is_allowed(
    conditions: &[StoreCondition],
    namespace: &str,
    labels: &BTreeMap<String, String>,
) -> Result<bool, ReadCondition> {
    if conditions.is_empty() {
        return Ok(true);
    }
    for condition in conditions {
        if matches(condition, namespace, labels)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn matches(
    condition: &StoreCondition,
    namespace: &str,
    labels: &BTreeMap<String, String>,
) -> Result<bool, ReadCondition> {
    if condition.namespaces.iter().any(|name| name == namespace) {
        return Ok(true);
    }
    if let Some(selector) = &condition.namespace_selector {
        let selector = Selector::try_from(selector.clone())
            .map_err(|source| ReadCondition::Selector { source })?;
        if selector.matches(labels) {
            return Ok(true);
        }
    }
    for pattern in &condition.namespace_regexes {
        let regex = Regex::new(pattern).map_err(|source| ReadCondition::Regex {
            pattern: pattern.clone(),
            source,
        })?;
        if regex.is_match(namespace) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn serves(conditions: &Value, namespace: &str, team: &str) -> bool {
        let conditions: Vec<StoreCondition> = serde_json::from_value(conditions.clone()).unwrap();
        let labels = BTreeMap::from([("team".to_owned(), team.to_owned())]);
        is_allowed(&conditions, namespace, &labels).unwrap()
    }

    /// E-118: any of the entries, and in an entry any of the fields.
    #[test]
    fn any_entry_and_any_field_is_enough() {
        let conditions = json!([
            {"namespaces": ["one"], "namespaceRegexes": ["^team-"]},
            {"namespaceSelector": {"matchLabels": {"team": "a"}}},
        ]);
        assert!(serves(&conditions, "one", "b"));
        assert!(serves(&conditions, "team-x", "b"));
        assert!(serves(&conditions, "other", "a"));
        assert!(!serves(&conditions, "other", "b"));
    }

    /// E-118: regular expressions match anywhere, names do not.
    #[test]
    fn regexes_are_unanchored_and_names_whole() {
        assert!(serves(
            &json!([{"namespaceRegexes": ["prod"]}]),
            "my-prod-1",
            "a"
        ));
        assert!(!serves(
            &json!([{"namespaces": ["prod"]}]),
            "my-prod-1",
            "a"
        ));
    }

    #[test]
    fn no_condition_allows_all_and_an_empty_one_nobody() {
        assert!(serves(&json!([]), "any", "a"));
        assert!(!serves(&json!([{}]), "any", "a"));
    }

    #[test]
    fn regex_that_is_none_is_named() {
        let conditions: Vec<StoreCondition> =
            serde_json::from_value(json!([{"namespaceRegexes": ["("]}])).unwrap();
        let error = is_allowed(&conditions, "any", &BTreeMap::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"failed to compile namespace regex "(""#
        );
    }
}
