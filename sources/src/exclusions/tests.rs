use crate::exclusions::Exclusions;

fn kept(exclusions: &Exclusions, paths: &[&'static str]) -> Vec<&'static str> {
    paths
        .iter()
        .copied()
        .filter(|path| !exclusions.excludes(&path.parse().unwrap()))
        .collect()
}

/// G-178: the default exclusions.
#[test]
fn defaults_leave_out_media_archives_and_tools() {
    let defaults = Exclusions::new(None).unwrap();
    let paths = [
        "a.yaml",
        "b/logo.png",
        "x.tar.gz",
        ".github/workflows/ci.yml",
        "sub/.github/x.yaml",
        ".sops.yaml",
        "sub/.gitignore",
        ".gitmodules",
        "codeship-steps.yml",
        "notes.txt",
    ];
    assert_eq!(kept(&defaults, &paths), ["a.yaml", "notes.txt"]);
}

/// G-178: `spec.ignore` replaces the defaults.
#[test]
fn given_rules_replace_the_defaults() {
    let given = Exclusions::new(Some("# only deploy\n/*\n!/deploy\n/deploy/**/*.md\n")).unwrap();
    let paths = [
        "a.yaml",
        "deploy/a.yaml",
        "deploy/logo.png",
        "deploy/x/y/readme.md",
        "other/deploy/b.yaml",
    ];
    assert_eq!(kept(&given, &paths), ["deploy/a.yaml", "deploy/logo.png"]);
}

/// G-178: `.sourceignore` adds, for its own folder and below.
#[test]
fn a_folder_adds_rules_for_itself() {
    let mut exclusions = Exclusions::new(None).unwrap();
    exclusions
        .add_folder("apps".parse().unwrap(), "/secret.yaml\n*.txt\n!keep.png\n")
        .unwrap();
    let paths = [
        "secret.yaml",
        "apps/secret.yaml",
        "apps/x/secret.yaml",
        "apps/x/a.txt",
        "a.txt",
        "apps/keep.png",
        "keep.png",
    ];
    assert_eq!(
        kept(&exclusions, &paths),
        [
            "secret.yaml",
            "apps/x/secret.yaml",
            "a.txt",
            "apps/keep.png"
        ]
    );
}
