use proptest::prelude::*;

use super::{GoDuration, ParseDuration};

fn parse(text: &str) -> Result<GoDuration, ParseDuration> {
    text.parse()
}

fn canonical(text: &str) -> String {
    parse(text).unwrap().to_string()
}

#[test]
fn writes_the_form_go_writes() {
    for (given, written) in [
        ("0", "0s"),
        ("0s", "0s"),
        ("1h", "1h0m0s"),
        ("60m", "1h0m0s"),
        ("90s", "1m30s"),
        ("1m", "1m0s"),
        ("1.5h", "1h30m0s"),
        ("100ms", "100ms"),
        ("1500ms", "1.5s"),
        ("1.000000001s", "1.000000001s"),
        ("15us", "15\u{b5}s"),
        ("15\u{b5}s", "15\u{b5}s"),
        ("15\u{3bc}s", "15\u{b5}s"),
        ("1ns", "1ns"),
        ("-1h30m", "-1h30m0s"),
        ("+5s", "5s"),
        (".5s", "500ms"),
        ("5.s", "5s"),
        ("-0", "0s"),
        ("1h1ms", "1h0m0.001s"),
    ] {
        assert_eq!(canonical(given), written, "{given}");
    }
}

#[test]
fn refuses_what_go_refuses() {
    assert_eq!(parse("").unwrap_err().to_string(), "invalid duration \"\"");
    assert_eq!(
        parse("30").unwrap_err().to_string(),
        "missing unit in duration \"30\""
    );
    assert_eq!(
        parse("1d").unwrap_err().to_string(),
        "unknown unit \"d\" in duration \"1d\""
    );
    for text in ["-", ".s", "s", "1h-30m", " 1s", "1s ", "1,5s", "abc"] {
        parse(text).unwrap_err();
    }
    for text in [
        "9223372036854775808ns",
        "2562048h",
        "99999999999999999999999h",
    ] {
        assert!(
            matches!(parse(text), Err(ParseDuration::OutOfRange { .. })),
            "{text}"
        );
    }
}

#[test]
fn keeps_the_whole_range() {
    assert_eq!(
        parse("-9223372036854775808ns").unwrap().nanoseconds(),
        i64::MIN
    );
    assert_eq!(
        parse("9223372036854775807ns").unwrap().nanoseconds(),
        i64::MAX
    );
}

#[test]
fn only_positive_durations_are_waited_for() {
    assert!(parse("-1s").unwrap().to_std().is_none());
    assert!(parse("0").unwrap().positive().is_none());
    assert_eq!(parse("2s").unwrap().positive().unwrap().as_secs(), 2);
}

proptest! {
    #[test]
    fn canonical_form_reads_back(nanoseconds: i64) {
        let duration = GoDuration::from_nanoseconds(nanoseconds);
        prop_assert_eq!(parse(&duration.to_string()), Ok(duration));
    }

    #[test]
    fn reading_never_panics(text in "\\PC*") {
        let _ = parse(&text);
    }

    #[test]
    fn near_durations_never_panic(text in "[-+]?([0-9]{0,25}\\.?[0-9]{0,25}(ns|us|ms|s|m|h)?){0,4}") {
        let _ = parse(&text);
    }
}
