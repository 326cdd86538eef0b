use std::io;

use sources::SourceError;

use super::Error;

fn unread(kind: io::ErrorKind) -> Error {
    Error::ReadFolder {
        root: "apps".into(),
        source: Box::new(SourceError::Store {
            step: "read",
            path: "apps/web.yaml".into(),
            source: kind.into(),
        }),
    }
}

#[test]
fn the_most_serious_of_several_failures_decides() {
    let absent = || unread(io::ErrorKind::NotFound);
    assert_eq!(Error::Several(vec![absent(), absent()]).exit_status(), 1);
    let invalid = Error::NoUnits { root: ".".into() };
    assert_eq!(Error::Several(vec![absent(), invalid]).exit_status(), 2);
}

#[test]
fn a_folder_that_is_too_large_gets_a_next_step() {
    let error = Error::ReadFolder {
        root: ".".into(),
        source: Box::new(SourceError::TooMany {
            what: "files and folders",
            limit: 2,
        }),
    };
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains(".sourceignore"))
    );
}
