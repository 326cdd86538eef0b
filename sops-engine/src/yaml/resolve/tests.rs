use super::*;
use crate::scalar::float_bytes;

/// The kind and value of each plain scalar of the shared table, as other readers see it.
///
/// S-087, S-088, S-089, S-090
#[test]
fn plain_scalars_resolve_as_in_the_table() {
    let table = include_str!("../../../../tests/vectors/yaml/scalars.tsv");
    let mut checked = 0;
    for line in table.lines() {
        let mut columns = line.split('\t');
        let (Some(text), Some(kind), Some(value)) =
            (columns.next(), columns.next(), columns.next())
        else {
            continue;
        };
        let (Ok(text), Ok(value)) = (
            serde_json::from_str::<String>(text),
            serde_json::from_str::<String>(value),
        ) else {
            continue;
        };
        let found = match plain(&text, true) {
            Scalar::Null => ("null", String::new()),
            Scalar::Text(text) => ("str", text.expose_str().expect("UTF-8").to_owned()),
            Scalar::Int(number) => ("int", number.to_string()),
            Scalar::Unsigned(number) => ("uint64!", number.to_string()),
            Scalar::Float(number) => {
                // The table writes floats with exponents of its own.
                let listed = value.parse().map(float_bytes).unwrap_or_default();
                assert_eq!((float_bytes(number), "float"), (listed, kind), "{text:?}");
                checked += 1;
                continue;
            }
            Scalar::Bool(flag) => ("bool", flag.to_string()),
            Scalar::Time(text) => ("time", text),
        };
        assert_eq!((found.0, &*found.1), (kind, &*value), "{text:?}");
        checked += 1;
    }
    assert!(checked > 200, "only {checked} rows were read");
}
