use super::*;

#[test]
fn summary_says_what_failed_and_how_long_each_took() {
    let results = [
        ("fmt", true, Duration::from_millis(1240)),
        ("lint", false, Duration::from_secs(62)),
    ];
    assert_eq!(
        summary(&results),
        "\n=== summary\nok     fmt              1.2 s\nFAILED lint            62.0 s\n"
    );
}

#[test]
fn unknown_step_is_refused_with_the_known_ones() {
    let error = run(Path::new("."), &["fuzz".to_owned()])
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("there is no step \"fuzz\"; the steps are fmt, lint, "),
        "{error}"
    );
}
