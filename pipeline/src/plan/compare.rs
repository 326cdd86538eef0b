//! Drift: does a dry run of the wanted object differ from the live one?

use aws_lc_rs::digest::{Context, SHA256};
use serde_json::{Map, Value};

/// The annotation `kubectl apply` leaves a copy of the whole object in.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Whether two states of one object differ in labels, annotations or body (G-206).
///
/// All other metadata and the status are the API server's and the controllers' business. A dry run
/// answers with the whole object, so fields of other managers are equal on both sides.
pub fn differs(live: &Value, predicted: &Value) -> bool {
    marks(live, "labels", None) != marks(predicted, "labels", None)
        || marks(live, "annotations", Some(LAST_APPLIED))
            != marks(predicted, "annotations", Some(LAST_APPLIED))
        || body(live) != body(predicted)
}

/// Returns labels or annotations in key order; absent and empty are the same.
fn marks<'a>(
    object: &'a Value,
    place: &str,
    without: Option<&str>,
) -> std::collections::BTreeMap<&'a str, &'a Value> {
    object
        .get("metadata")
        .and_then(|metadata| metadata.get(place)?.as_object())
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
        .filter(|(key, _)| Some(*key) != without)
        .collect()
}

fn body(object: &Value) -> std::collections::BTreeMap<&str, &Value> {
    object
        .as_object()
        .into_iter()
        .flat_map(Map::iter)
        .map(|(key, value)| (key.as_str(), value))
        .filter(|(key, _)| !matches!(*key, "metadata" | "status" | "apiVersion" | "kind"))
        .collect()
}

/// What [`differs`] compares, as digests: enough to tell that two states are the same without
/// keeping either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparable {
    marks: Half,
    body: Half,
}

/// Half a SHA-256, for memory's sake; what is told apart by it is written by one user.
type Half = [u8; 16];

impl Comparable {
    /// Returns the digests of an object.
    pub fn of(object: &Value) -> Self {
        let mut of_marks = Context::new(&SHA256);
        for (place, without) in [("labels", None), ("annotations", Some(LAST_APPLIED))] {
            let marks = marks(object, place, without);
            count(&mut of_marks, marks.len());
            for (key, value) in marks {
                text(&mut of_marks, key);
                absorb(&mut of_marks, value);
            }
        }
        let mut of_body = Context::new(&SHA256);
        for (key, value) in body(object) {
            text(&mut of_body, key);
            absorb(&mut of_body, value);
        }
        Self {
            marks: half(of_marks),
            body: half(of_body),
        }
    }

    /// Whether labels and annotations are the same.
    pub fn has_marks_of(&self, other: &Self) -> bool {
        self.marks == other.marks
    }
}

/// Takes a value in, fields of objects in the order of their names: two values that are equal are
/// taken in alike, and no two others.
fn absorb(digest: &mut Context, value: &Value) {
    match value {
        Value::Null => digest.update(b"n"),
        Value::Bool(truth) => digest.update(if *truth { b"t" } else { b"f" }),
        Value::Number(number) => {
            digest.update(b"#");
            text(digest, &number.to_string());
        }
        Value::String(string) => {
            digest.update(b"s");
            text(digest, string);
        }
        Value::Array(items) => {
            digest.update(b"l");
            count(digest, items.len());
            for item in items {
                absorb(digest, item);
            }
        }
        Value::Object(fields) => {
            digest.update(b"o");
            count(digest, fields.len());
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| *key);
            for (key, value) in fields {
                text(digest, key);
                absorb(digest, value);
            }
        }
    }
}

fn text(digest: &mut Context, text: &str) {
    count(digest, text.len());
    digest.update(text.as_bytes());
}

fn count(digest: &mut Context, count: usize) {
    digest.update(&count.to_le_bytes());
}

fn half(digest: Context) -> Half {
    let whole = digest.finish();
    let mut half = Half::default();
    for (to, from) in half.iter_mut().zip(whole.as_ref()) {
        *to = *from;
    }
    half
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Values of few shapes, so that equal ones are met.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..3_i64).prop_map(Value::from),
            "[ab]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            let fields = proptest::collection::btree_map("[ab]{1,2}", inner.clone(), 0..3);
            prop_oneof![
                proptest::collection::vec(inner, 0..3).prop_map(Value::from),
                fields.prop_map(|fields| fields.into_iter().collect::<Value>()),
            ]
        })
    }

    fn object() -> impl Strategy<Value = Value> {
        let marks = || proptest::collection::btree_map("[ab]", "[xy]", 0..2);
        (marks(), marks(), value(), value()).prop_map(|(labels, annotations, data, other)| {
            json!({
                "kind": "ConfigMap", "data": data, "status": other,
                "metadata": {"labels": labels, "annotations": annotations, "uid": other},
            })
        })
    }

    proptest! {
        #[test]
        fn digests_are_equal_when_nothing_differs(one in object(), other in object()) {
            let same = Comparable::of(&one) == Comparable::of(&other);
            prop_assert_eq!(same, !differs(&one, &other));
        }
    }

    #[test]
    fn order_of_fields_does_not_matter_and_places_do() {
        let of = |text: &str| Comparable::of(&serde_json::from_str(text).unwrap());
        assert_eq!(
            of(r#"{"data": {"a": "1", "b": "2"}}"#),
            of(r#"{"data": {"b": "2", "a": "1"}}"#)
        );
        let label = of(r#"{"metadata": {"labels": {"a": "1"}}}"#);
        let annotation = of(r#"{"metadata": {"annotations": {"a": "1"}}}"#);
        assert!(!label.has_marks_of(&annotation));
        let copy = r#"{"metadata": {"annotations":
            {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}}"#;
        assert_eq!(of(copy), of("{}"));
    }
}
