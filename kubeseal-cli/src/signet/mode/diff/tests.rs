use super::Subject;
use crate::signet::error::Error;
use crate::signet::flags;
use crate::signet::mode::{Mode, Targets, UnitKind, decide};

fn decided(arguments: &[&str]) -> Result<Subject, Error> {
    let arguments: Vec<_> = ["signet", "diff"]
        .iter()
        .chain(arguments)
        .map(Into::into)
        .collect();
    match decide(flags::parse(&arguments)?)? {
        Mode::Diff(diff) => Ok(diff.subject),
        other => panic!("not a comparison: {other:?}"),
    }
}

fn unit(text: &str) -> Option<(UnitKind, String)> {
    match decided(&[text]).unwrap() {
        Subject::Unit { unit, .. } => Some((unit.kind, unit.name)),
        Subject::Folder { .. } => None,
    }
}

#[test]
fn units_are_named_as_kubectl_takes_them() {
    for text in [
        "kustomization/web",
        "Kustomization/web",
        "ks/web",
        "kustomizations.kustomize.toolkit.fluxcd.io/web",
    ] {
        assert_eq!(
            unit(text),
            Some((UnitKind::Kustomization, "web".to_owned()))
        );
    }
    let application = Some((UnitKind::Application, "web.v1".to_owned()));
    assert_eq!(unit("application/web.v1"), application);
}

#[test]
fn everything_else_is_a_folder() {
    for text in [
        ".",
        "apps/production",
        "app/web",
        "./ks/web",
        "/ks/web",
        "ks",
    ] {
        assert_eq!(unit(text), None, "{text}");
    }
    let Subject::Folder { build, .. } = decided(&["apps", "-p", "a", "-p", "b"]).unwrap() else {
        panic!("not a folder");
    };
    assert!(matches!(build.targets, Targets::Directories(paths, _) if paths.len() == 2));
}

#[test]
fn flags_that_would_do_nothing_are_refused() {
    for arguments in [
        &["ks/web", "--path", "a"][..],
        &["ks/web", "--field-manager", "me"],
        &["ks/web", "--mac-policy", "warn"],
        &[".", "--source", "."],
        &["ks/"],
        &["ks/a/b"],
    ] {
        assert_eq!(
            decided(arguments).unwrap_err().exit_status(),
            2,
            "{arguments:?}"
        );
    }
}
