use super::time::{from_plain_yaml, normalise_rfc3339, normalise_rfc3339_seconds};
use super::*;

fn bytes(scalar: &Scalar) -> String {
    let bytes = scalar.bytes().expect("not null");
    bytes.expose_str().expect("UTF-8").to_owned()
}

/// S-007, S-009
#[test]
fn integers_and_booleans_have_one_spelling() {
    assert_eq!(bytes(&Scalar::Int(-42)), "-42");
    assert_eq!(bytes(&Scalar::Bool(true)), "True");
    assert_eq!(bytes(&Scalar::Bool(false)), "False");
    assert_eq!(Scalar::Null.bytes(), None);
}

/// S-008
#[test]
fn floats_are_written_without_exponent() {
    for (number, text) in [
        (1.0, "1"),
        (1.5, "1.5"),
        (1e21, "1000000000000000000000"),
        (1e-7, "0.0000001"),
        (-0.0, "-0"),
        (f64::INFINITY, "+Inf"),
        (f64::NEG_INFINITY, "-Inf"),
        (f64::NAN, "NaN"),
    ] {
        assert_eq!(bytes(&Scalar::Float(number)), text);
    }
}

/// S-101, S-118
#[test]
fn written_floats_take_an_exponent_where_the_format_says_so() {
    for (number, yaml) in [
        (1.0, "1"),
        (123_456.0, "123456"),
        (1e6, "1e+06"),
        (1_234_567.5, "1.2345675e+06"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (-0.0, "-0"),
    ] {
        assert_eq!(float_with_exponent(number, -4, 6, 2), yaml);
    }
    for (number, json) in [
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
    ] {
        assert_eq!(float_with_exponent(number, -6, 21, 1), json);
    }
}

/// S-018, S-019
#[test]
fn plaintext_is_read_by_its_type() {
    let read = |value_type, text: &str| Scalar::from_plaintext(value_type, text.to_owned().into());
    assert_eq!(read(ValueType::Int, "42"), Some(Scalar::Int(42)));
    assert_eq!(read(ValueType::Int, "4x"), None);
    for text in ["1", "t", "T", "TRUE", "true", "True"] {
        assert_eq!(read(ValueType::Bool, text), Some(Scalar::Bool(true)));
    }
    assert_eq!(read(ValueType::Bool, "yes"), None);
    assert_eq!(read(ValueType::Float, "1e3"), Some(Scalar::Float(1000.0)));
    assert_eq!(
        read(ValueType::Float, "+Inf"),
        Some(Scalar::Float(f64::INFINITY))
    );
    assert!(matches!(read(ValueType::Float, "NaN"), Some(Scalar::Float(n)) if n.is_nan()));
    assert_eq!(
        read(ValueType::Bytes, "raw"),
        Some(Scalar::text("raw".to_owned()))
    );
}

/// S-010, S-011
#[test]
fn instants_keep_offset_and_fraction() {
    for (text, normal) in [
        ("2024-01-02T03:04:05Z", Some("2024-01-02T03:04:05Z")),
        (
            "2024-01-02T03:04:05.120+02:00",
            Some("2024-01-02T03:04:05.12+02:00"),
        ),
        ("2024-01-02T03:04:05+00:00", Some("2024-01-02T03:04:05Z")),
        ("2024-02-30T03:04:05Z", None),
        ("12024-02-03T03:04:05Z", None),
        ("2024-01-02 03:04:05", None),
    ] {
        assert_eq!(normalise_rfc3339(text).as_deref(), normal, "{text}");
    }
    assert_eq!(
        normalise_rfc3339_seconds("2024-01-02T03:04:05.12+02:00").as_deref(),
        Some("2024-01-02T03:04:05+02:00")
    );
}

/// S-089
#[test]
fn yaml_timestamps_have_several_forms() {
    for (text, normal) in [
        ("2001-12-14", Some("2001-12-14T00:00:00Z")),
        ("2001-1-2T3:4:5Z", Some("2001-01-02T03:04:05Z")),
        ("2001-12-14 21:59:43.10", Some("2001-12-14T21:59:43.1Z")),
        (
            "2001-12-14t21:59:43-05:00",
            Some("2001-12-14T21:59:43-05:00"),
        ),
        ("2001-12-14 21:59:43Z", None),
        ("2001-12-14T21:59:43", None),
        ("2001-02-30", None),
        ("2001-12", None),
        ("20011214", None),
    ] {
        assert_eq!(from_plain_yaml(text).as_deref(), normal, "{text}");
    }
}
