use crate::ErrorKind;
use crate::git::ssh::{command, explained, quoted};

#[test]
fn a_path_cannot_leave_its_quotes() {
    assert_eq!(
        quoted("/team/o'clock; rm -rf $HOME"),
        r"'/team/o'\''clock; rm -rf $HOME'"
    );
}

/// G-176: the host key is always checked, and no agent or configuration of the machine is used.
#[test]
fn the_program_is_told_to_be_strict() {
    let command = command(
        &"ssh://git@h.example:2222/team/r.git".parse().unwrap(),
        "/proc/1/fd/3",
        "/proc/1/fd/4",
    );
    let arguments: Vec<_> = command
        .get_args()
        .map(|text| text.to_str().unwrap())
        .collect();
    for wanted in [
        "StrictHostKeyChecking=yes",
        "BatchMode=yes",
        "IdentityAgent=none",
        "UserKnownHostsFile=/proc/1/fd/4",
    ] {
        assert!(arguments.contains(&wanted), "{wanted} in {arguments:?}");
    }
    assert!(arguments.ends_with(&[
        "-p",
        "2222",
        "-l",
        "git",
        "--",
        "h.example",
        "git-upload-pack '/team/r.git'"
    ]));
}

#[test]
fn complaints_are_told_apart() {
    let kind = |text| explained("ssh://h/r", text).map(|error| error.kind());
    assert_eq!(
        kind("git@h: Permission denied (publickey)."),
        Some(ErrorKind::AuthenticationFailed)
    );
    assert_eq!(
        kind("Host key verification failed."),
        Some(ErrorKind::GitOperationFailed)
    );
    assert_eq!(
        kind("ssh: connect to host h port 22: Connection refused"),
        Some(ErrorKind::GitOperationFailed)
    );
    assert_eq!(kind("something else"), None);
}
