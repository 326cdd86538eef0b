use std::path::Path;

use jiff::Timestamp;

use super::Environment;

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment {
        variables: variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        directory: "/home/ada/repository".into(),
        now: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn empty_variable_is_there_but_not_filled() {
    let environment = environment(&[("EMPTY", ""), ("SET", "x")]);
    assert_eq!(environment.variable("EMPTY"), Some(""));
    assert_eq!(environment.filled_variable("EMPTY"), None);
    assert_eq!(environment.filled_variable("SET"), Some("x"));
    assert_eq!(environment.variable("ABSENT"), None);
}

#[test]
fn later_variable_counts() {
    let environment = environment(&[("A", "1"), ("A", "2")]);
    assert_eq!(environment.variable("A"), Some("2"));
}

#[test]
fn paths_are_seen_from_the_working_directory() {
    let environment = environment(&[]);
    for (path, absolute) in [
        ("a.yaml", "/home/ada/repository/a.yaml"),
        ("./b/../../c", "/home/ada/c"),
        ("/etc/./d", "/etc/d"),
    ] {
        assert_eq!(environment.absolute(Path::new(path)), Path::new(absolute));
    }
}
