use std::process::Command;

use components::Program;

/// The pins are written down twice: where Go reads them and where `Component::version` tells them.
#[test]
fn programs_have_the_pinned_versions() {
    let cases: [(Program, &[&str]); 10] = [
        (Program::KubeApiserver, &["--version"]),
        (Program::Kubectl, &["version", "--client"]),
        (Program::Bao, &["version"]),
        (Program::Kustomize, &["version"]),
        (Program::Sops, &["--version", "--disable-version-check"]),
        (Program::Kubeseal, &["--version"]),
        (Program::Kwok, &["--version"]),
        (Program::Helm, &["version", "--short"]),
        (Program::Age, &["--version"]),
        (
            Program::MotoPython,
            &["-c", "import moto; print(moto.__version__)"],
        ),
    ];
    for (program, arguments) in cases {
        let path = program.path().expect("the program is there");
        let output = Command::new(path)
            .args(arguments)
            .output()
            .expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            text.contains(program.component().version()),
            "{program:?} says {text}"
        );
    }
}
