use manifests::ArtifactPath;
use pipeline::unit::MacPolicy;

use super::{Build, Format, Mode, Secrets, Targets, decide};
use crate::signet::error::Error;
use crate::signet::flags;

fn decided(arguments: &[&str]) -> Result<Build, Error> {
    let arguments: Vec<_> = ["signet", "build"]
        .iter()
        .chain(arguments)
        .map(Into::into)
        .collect();
    match decide(flags::parse(&arguments)?)? {
        Mode::Build(build) => Ok(build),
        other => panic!("not a build: {other:?}"),
    }
}

#[test]
fn the_folder_itself_is_built_with_secrets_masked_and_macs_checked() {
    assert_eq!(
        decided(&["repository"]).unwrap(),
        Build {
            root: "repository".into(),
            targets: Targets::Directories(vec![ArtifactPath::ROOT], MacPolicy::Refuse),
            secrets: Secrets::Masked,
            format: Format::Yaml,
        }
    );
}

#[test]
fn paths_add_up_and_are_normalised() {
    let build = decided(&[".", "--path", "./a/", "-p", "b/../c", "-o", "json"]).unwrap();
    let paths = ["a", "c"].map(|path| path.parse().unwrap()).to_vec();
    assert_eq!(
        build.targets,
        Targets::Directories(paths, MacPolicy::Refuse)
    );
    assert_eq!(build.format, Format::Json);
}

#[test]
fn a_path_out_of_the_repository_is_refused() {
    let error = decided(&["overlays/prod", "--path", "../../base"]).unwrap_err();
    assert!(matches!(error, Error::Path { .. }), "{error}");
    assert_eq!(error.exit_status(), 2);
}

#[test]
fn kustomizations_say_themselves_what_is_built() {
    assert_eq!(
        decided(&[".", "--recursive"]).unwrap().targets,
        Targets::Units
    );
    assert!(decided(&[".", "--recursive", "--path", "a"]).is_err());
    assert!(decided(&[".", "--recursive", "--mac-policy", "warn"]).is_err());
}
