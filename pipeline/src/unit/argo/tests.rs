use std::collections::BTreeMap;

use api::argo::{AppProject, Application};
use bytes::Bytes;
use manifests::{File, Tool, Tree};
use serde_json::{Value, json};

use super::*;
use crate::fixtures::{id, read};
use crate::unit::{
    DeletionPolicy, Duplicates, ImmutableChange, MacPolicy, Propagation, PrunePolicy, Unit,
};

const CONTROL: &str = "argocd";

fn application(spec: &Value) -> Application {
    let mut whole = json!({
        "metadata": {"name": "shop", "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": {"repoURL": "https://git.example.com/a.git", "path": "apps/shop"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "prod"},
        },
    });
    for (key, value) in spec.as_object().unwrap() {
        whole["spec"][key] = value.clone();
    }
    serde_json::from_value(whole).unwrap()
}

fn of_source(source: &Value) -> Application {
    let mut whole = json!({"repoURL": "https://git.example.com/a.git", "path": "apps/shop"});
    for (key, value) in source.as_object().unwrap() {
        whole[key] = value.clone();
    }
    application(&json!({"source": whole}))
}

fn annotated(key: &str, value: &str) -> Application {
    let mut app = application(&json!({}));
    app.metadata.annotations = Some(BTreeMap::from([(key.to_owned(), value.to_owned())]));
    app
}

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::default();
    for (path, content) in files {
        let content = Bytes::from((*content).to_owned());
        let executable = false;
        tree.insert(
            path.parse().unwrap(),
            File {
                content,
                executable,
            },
        );
    }
    tree
}

fn plain() -> Tree {
    tree(&[("apps/shop/web.yaml", "")])
}

fn kustomized() -> Tree {
    tree(&[("apps/shop/kustomization.yaml", "")])
}

fn made(app: &Application, tree: &Tree) -> Made {
    unit(app, None, tree, CONTROL).unwrap()
}

fn error(app: &Application, tree: &Tree) -> (&'static str, String) {
    let error = unit(app, None, tree, CONTROL).unwrap_err();
    (error.condition, error.message)
}

#[test]
fn source_is_a_directory_of_a_repository() {
    let app = of_source(&json!({}));
    let read = source(&app).unwrap();
    assert_eq!(read.url, "https://git.example.com/a.git");
    assert_eq!(
        read.revision, "HEAD",
        "G-011: nothing is the default branch"
    );
    assert_eq!(read.path.as_str(), "apps/shop");
    let named = of_source(&json!({"targetRevision": "v1", "path": "./apps/"}));
    assert_eq!(source(&named).unwrap().revision, "v1");
    assert_eq!(source(&named).unwrap().path.as_str(), "apps");
}

/// G-007
#[test]
fn sources_come_before_source() {
    let other = json!({"repoURL": "https://git.example.com/b.git", "path": "b"});
    let app = application(&json!({"sources": [other]}));
    assert_eq!(source(&app).unwrap().url, "https://git.example.com/b.git");
    let two = application(&json!({"sources": [other, other]}));
    assert!(source(&two).unwrap_err().message.contains("spec.sources"));
    let hydrated = application(&json!({"sources": [other], "sourceHydrator": {}}));
    let error = source(&hydrated).unwrap_err();
    assert!(error.message.contains("spec.sourceHydrator"), "{error}");
}

/// G-004
#[test]
fn source_without_repository_or_path_is_invalid() {
    for source in [
        json!({"repoURL": ""}),
        json!({"path": ""}),
        json!({"path": null}),
    ] {
        let error = super::source(&of_source(&source)).unwrap_err();
        assert_eq!(error.condition, "InvalidSpecError");
        assert_eq!(
            error.message,
            "spec.source.repoURL and either spec.source.path or spec.source.chart are required"
        );
    }
    let error = source(&application(&json!({"source": null}))).unwrap_err();
    assert_eq!(error.condition, "InvalidSpecError");
    for (source, word) in [
        (json!({"chart": "nginx"}), "Helm"),
        (json!({"repoURL": "oci://host/a"}), "OCI"),
        (json!({"path": "../../etc"}), "leads out"),
        (json!({"path": "/etc"}), "absolute"),
    ] {
        let error = super::source(&of_source(&source)).unwrap_err();
        assert_eq!(error.condition, "ComparisonError");
        assert!(error.message.contains(word), "{error}");
    }
}

/// G-005, G-006
#[test]
fn destination_is_the_local_cluster_by_either_name() {
    let to = |destination: Value| application(&json!({"destination": destination}));
    for destination in [
        json!({"server": "https://kubernetes.default.svc"}),
        json!({"server": "https://kubernetes.default.svc/"}),
        json!({"name": "in-cluster"}),
        json!({"name": "in-cluster", "server": ""}),
    ] {
        made(&to(destination), &plain());
    }
    for (destination, message) in [
        (json!({}), "Destination server missing from app spec"),
        (
            json!({"server": "https://kubernetes.default.svc", "name": "in-cluster"}),
            "application destination can't have both name and server defined: in-cluster \
             https://kubernetes.default.svc",
        ),
        (
            json!({"server": "https://other.example.com"}),
            "cluster \"https://other.example.com\" not configured",
        ),
        (json!({"name": "other"}), "cluster \"other\" not configured"),
    ] {
        assert_eq!(
            error(&to(destination), &plain()),
            ("InvalidSpecError", message.to_owned())
        );
    }
}

/// G-013
#[test]
fn tool_is_told_by_the_files() {
    let app = of_source(&json!({}));
    assert_eq!(made(&app, &plain()).source_type, "Directory");
    for name in ["kustomization.yaml", "kustomization.yml", "Kustomization"] {
        let tree = tree(&[(&format!("apps/shop/{name}"), "")]);
        let made = made(&app, &tree);
        assert_eq!(made.source_type, "Kustomize");
        assert!(matches!(made.unit.build.tool, Tool::Kustomize(_)));
    }
    let both = tree(&[
        ("apps/shop/kustomization.yaml", ""),
        ("apps/shop/Chart.yaml", ""),
    ]);
    let (condition, message) = error(&app, &both);
    assert_eq!(condition, "ComparisonError");
    assert!(message.contains("Helm chart"), "{message}");
    let deeper = tree(&[("apps/shop/base/kustomization.yaml", "")]);
    assert_eq!(made(&app, &deeper).source_type, "Directory");
    assert_eq!(
        error(&app, &tree(&[("apps/other/a.yaml", "")])).1,
        "apps/shop: app path does not exist"
    );
}

#[test]
fn tool_that_is_asked_for_wins() {
    let directory = of_source(&json!({"directory": {"recurse": true, "jsonnet": {}}}));
    let made = made(&directory, &kustomized());
    assert_eq!(made.source_type, "Directory");
    let Tool::Directory(options) = made.unit.build.tool else {
        panic!("a directory");
    };
    assert!(options.recurse);
    let kustomize = of_source(&json!({"kustomize": {}}));
    assert_eq!(
        unit(&kustomize, None, &plain(), CONTROL)
            .unwrap()
            .source_type,
        "Kustomize"
    );
}

/// G-014
#[test]
fn two_tools_are_one_too_many() {
    let app = of_source(&json!({"directory": {}, "kustomize": {}}));
    assert_eq!(
        error(&app, &plain()),
        (
            "ComparisonError",
            "multiple application sources defined: Kustomize,Directory".to_owned()
        )
    );
}

/// G-015, D-01
#[test]
fn helm_on_a_kustomize_path_gets_a_hint() {
    let app = of_source(&json!({"helm": {"valueFiles": ["values-production.yaml"]}}));
    let (condition, message) = error(&app, &kustomized());
    assert_eq!(condition, "ComparisonError");
    assert!(
        message.ends_with(
            "path contains a kustomization file, but spec.source.helm forces Helm, which is not \
             supported yet; take spec.source.helm out"
        ),
        "{message}"
    );
}

/// What would be built otherwise than asked for is not built at all.
#[test]
fn unsupported_fields_of_a_build_are_refused() {
    for (source, field) in [
        (
            json!({"kustomize": {"replicas": [{"name": "a", "count": "3"}]}}),
            "kustomize.replicas",
        ),
        (
            json!({"kustomize": {"patches": [{"path": "a.yaml"}]}}),
            "kustomize.patches[].path",
        ),
        (
            json!({"directory": {"jsonnet": {"libs": ["a"]}}}),
            "directory.jsonnet",
        ),
        (json!({"tagPrefix": "v"}), "tagPrefix"),
    ] {
        let (condition, message) = error(&of_source(&source), &plain());
        assert_eq!(condition, "ComparisonError");
        assert!(
            message.starts_with(&format!("spec.source.{field} ")),
            "{message}"
        );
    }
    let (_, message) = error(&of_source(&json!({"plugin": {"name": "cue"}})), &plain());
    assert!(message.contains("\"cue\""), "{message}");
}

/// G-023, D-02
#[test]
fn image_that_is_read_as_a_tag_is_a_warning() {
    let app = of_source(&json!({"kustomize": {"images": ["ghcr.io/myorg/api=v2.1.0"]}}));
    let made = made(&app, &kustomized());
    assert_eq!(made.warnings.len(), 1);
    assert_eq!(made.warnings[0].0, "ImageOverrideInterpretedAsTag");
    assert!(made.warnings[0].1.contains("ghcr.io/myorg/api=v2.1.0"));
    let Tool::Kustomize(options) = made.unit.build.tool else {
        panic!("kustomize");
    };
    assert_eq!(options.images[0].new_tag, "v2.1.0");
}

/// G-031: parameter files change how it is built, and nothing about where from.
#[test]
fn parameter_files_are_merged_over_the_source() {
    let files = |own: &str| {
        tree(&[
            ("apps/shop/kustomization.yaml", ""),
            (
                "apps/shop/.argocd-source.yaml",
                "kustomize: {images: ['web:v1'], namePrefix: a-}\nrepoURL: https://evil.example.com\npath: other\n",
            ),
            ("apps/shop/.argocd-source-shop.yaml", own),
            (
                "apps/shop/.argocd-source-other.yaml",
                "kustomize: {images: ['web:v9']}",
            ),
        ])
    };
    let app = of_source(&json!({"kustomize": {"nameSuffix": "-x"}}));
    let made = made(&app, &files("kustomize: {images: ['web:v2']}"));
    let Tool::Kustomize(options) = made.unit.build.tool else {
        panic!("kustomize");
    };
    assert_eq!(options.images[0].new_tag, "v2");
    assert_eq!(options.name_prefix.as_deref(), Some("a-"));
    assert_eq!(options.name_suffix.as_deref(), Some("-x"));
    assert_eq!(made.unit.build.path.as_str(), "apps/shop");
    for broken in [
        "kustomize: {images: 3}",
        "a: [",
        "kustomize: {images: [hunter2]}",
    ] {
        let (condition, message) = error(&app, &files(broken));
        assert_eq!(condition, "ComparisonError");
        let is_value = message.contains("hunter2");
        assert_eq!(is_value, broken.contains("hunter2"), "{message}");
    }
}

#[test]
fn unit_of_a_whole_application() {
    let mut app = application(&json!({
        "syncPolicy": {"automated": {"prune": true}, "syncOptions": ["Force=true"]},
        "ignoreDifferences": [{"group": "apps", "kind": "Deployment", "name": "",
            "jsonPointers": ["/spec/replicas"], "managedFieldsManagers": ["external-secrets"]}],
    }));
    app.metadata.finalizers = Some(vec!["resources-finalizer.argocd.argoproj.io".to_owned()]);
    let Made {
        unit,
        ignored,
        warnings,
        ..
    } = made(&app, &plain());
    assert_eq!(unit.id.to_string(), "argo:argocd/shop");
    assert_eq!(unit.default_namespace.as_deref(), Some("prod"));
    assert_eq!(unit.duplicates, Duplicates::LastWins, "G-038");
    assert_eq!(unit.owner, owner("shop", "prod"));
    assert_eq!(unit.immutable, ImmutableChange::Recreate);
    assert_eq!(unit.prune, PrunePolicy::Prune);
    assert_eq!(unit.decryption, None);
    assert!(!unit.suspended);
    assert!(warnings.is_empty());
    assert_eq!(ignored.len(), 1);
    assert!(ignored[0].matches(&manifests::ObjectId::new(
        manifests::GroupKind::new("apps", "Deployment"),
        Some("x"),
        "y"
    )));
    assert_eq!(ignored[0].pointers, ["/spec/replicas"], "G-087");
    assert_eq!(ignored[0].managers, ["external-secrets"], "G-088");
}

/// G-093: an Application elsewhere is called by namespace and name.
#[test]
fn application_elsewhere_has_its_namespace_in_its_name() {
    let mut app = application(&json!({}));
    app.metadata.namespace = Some("team-a".to_owned());
    let unit = made(&app, &plain()).unit;
    assert_eq!(unit.owner, owner("team-a_shop", "prod"));
    let object = manifests::ObjectId::new(
        manifests::GroupKind::new("", "ConfigMap"),
        Some("prod"),
        "a",
    );
    let ids: Vec<_> = unit.owner.annotations_of(&object).collect();
    assert_eq!(ids[0].1, "team-a_shop:/ConfigMap:prod/a");
}

/// G-126
#[test]
fn finalizer_says_what_becomes_of_the_objects() {
    let with = |finalizers: &[&str]| {
        let mut app = application(&json!({"source": null}));
        let finalizers = finalizers.iter().map(|&it| it.to_owned()).collect();
        app.metadata.finalizers = Some(finalizers);
        let Unit {
            deletion,
            propagation,
            ..
        } = to_delete(&app, CONTROL);
        (deletion, propagation)
    };
    let waits = DeletionPolicy::WaitForTermination;
    let own = "resources-finalizer.argocd.argoproj.io";
    assert_eq!(with(&[]).0, DeletionPolicy::Orphan);
    assert_eq!(with(&["example.com/x"]).0, DeletionPolicy::Orphan);
    assert_eq!(with(&[own]), (waits, Propagation::Foreground));
    let foreground = format!("{own}/foreground");
    assert_eq!(with(&[&foreground]), (waits, Propagation::Foreground));
    let background = format!("{own}/background");
    assert_eq!(with(&[&background]), (waits, Propagation::Background));
}

/// G-058
#[test]
fn propagation_of_a_prune_can_be_chosen() {
    let of = |options: &[&str]| {
        let app = application(&json!({"syncPolicy": {"syncOptions": options}}));
        made(&app, &plain()).unit.propagation
    };
    assert_eq!(of(&[]), Propagation::Foreground);
    for (word, propagation) in [
        ("foreground", Propagation::Foreground),
        ("background", Propagation::Background),
        ("orphan", Propagation::Orphan),
    ] {
        assert_eq!(
            of(&[&format!("PrunePropagationPolicy={word}")]),
            propagation
        );
    }
}

/// G-242, S2: by the Application or its project; the Application's own word counts.
#[test]
fn decryption_is_asked_for_by_annotation() {
    assert_eq!(
        made(&application(&json!({})), &plain()).unit.decryption,
        None
    );
    let own = annotated("signet.dev/decryption", "sops");
    let asked = made(&own, &plain()).unit.decryption.unwrap();
    assert_eq!(asked.secret_name, None);
    assert_eq!(asked.mac_policy, MacPolicy::Refuse);
    let mut project = AppProject::new("p", serde_json::from_value(json!({})).unwrap());
    project.metadata.annotations = Some(BTreeMap::from([
        ("signet.dev/decryption".to_owned(), "sops".to_owned()),
        ("signet.dev/decryption-secret".to_owned(), "keys".to_owned()),
    ]));
    let named = annotated("signet.dev/decryption-secret", "own-keys");
    for (app, secret) in [(application(&json!({})), "keys"), (named, "own-keys")] {
        let unit = unit(&app, Some(&project), &plain(), CONTROL).unwrap().unit;
        let asked = unit.decryption.unwrap();
        assert_eq!(asked.secret_name.as_deref(), Some(secret));
    }
    let (condition, message) = error(&annotated("signet.dev/decryption", "gpg"), &plain());
    assert_eq!(condition, "InvalidSpecError");
    assert!(message.contains("signet.dev/decryption"), "{message}");
}

#[test]
fn what_has_no_effect_is_said() {
    let app = application(&json!({
        "syncPolicy": {"syncOptions": ["Replace=true", "CreateNamespace=true", "Colour=red"]},
        "ignoreDifferences": [{"kind": "ConfigMap", "jqPathExpressions": [".data"]}],
    }));
    let made = made(&app, &plain());
    assert_eq!(
        made.warnings,
        [(
            "UnsupportedField",
            "not supported yet: spec.ignoreDifferences[].jqPathExpressions, \
             spec.syncPolicy.syncOptions[Replace=true]"
                .to_owned()
        )]
    );
}

/// A field that nobody knows is kept in the object; its path is told, and never its value.
#[test]
fn mistyped_fields_are_named() {
    let app = application(&json!({
        "bogusField": {"password": "hunter2"},
        "source": {"repoURL": "https://git.example.com/a.git", "path": "apps/shop",
            "kustomise": {"namePrefix": "a-"}, "directory": {"recurze": true}},
        "syncPolicy": {"automated": {"pruen": true}, "syncOptions": ["Replace=true"]},
    }));
    let expected = "not supported and without effect: spec.source.directory.recurze, \
                    spec.source.kustomise, spec.syncPolicy.automated.pruen, spec.bogusField\n\
                    not supported yet: spec.syncPolicy.syncOptions[Replace=true]";
    let warnings = made(&app, &plain()).warnings;
    assert_eq!(warnings, [("UnsupportedField", expected.to_owned())]);
}

/// G-124
#[test]
fn skipped_application_is_suspended_until_it_is_deleted() {
    let app = annotated("argocd.argoproj.io/skip-reconcile", "true");
    assert!(made(&app, &plain()).unit.suspended);
    assert!(!to_delete(&app, CONTROL).suspended);
}

#[test]
fn inventory_is_what_the_status_lists() {
    let mut app = application(&json!({}));
    app.status = serde_json::from_value(json!({"resources": [
        {"version": "v1", "kind": "ConfigMap", "namespace": "prod", "name": "a"},
        {"version": "v1", "kind": "Namespace", "name": "prod"},
        {"version": "v1"},
    ]}))
    .unwrap();
    let inventory = inventory(&app);
    assert_eq!(inventory.len(), 2);
    assert!(inventory.contains(&id("ConfigMap", "prod", "a")));
}

/// G-067, G-068, G-127: marks on objects, and what each keeps them from.
#[test]
fn marks_of_objects_protect_them() {
    let unit = made(&application(&json!({})), &plain()).unit;
    let with = |key: &str, value: &str| json!({"metadata": {"annotations": {key: value}}});
    let options = |value: &str| with("argocd.argoproj.io/sync-options", value);
    let both = options("Validate=false, Prune=false");
    assert!(unit.protects(&both, Protection::KeepFromPrune));
    assert!(!unit.protects(&both, Protection::KeepFromTeardown));
    let kept = options("Delete=false");
    assert!(unit.protects(&kept, Protection::KeepFromTeardown));
    assert!(!unit.protects(&kept, Protection::KeepFromPrune));
    let chart = with("helm.sh/resource-policy", "keep");
    assert!(unit.protects(&chart, Protection::KeepFromTeardown));
    assert!(unit.protects(&chart, Protection::KeepFromPrune));
    assert!(unit.protects(&options("PruneLast=true"), Protection::PruneLast));
}

#[test]
fn hooks_are_not_applied_as_ordinary_objects() {
    let object = |annotations: &str| {
        read(&format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: a, namespace: b, annotations: {{{annotations}}}}}\n"
        ))
    };
    for annotations in [
        "",
        "helm.sh/hook: crd-install",
        "argocd.argoproj.io/sync-wave: '1'",
    ] {
        assert_eq!(without_hooks(object(annotations)).unwrap().len(), 1);
    }
    for annotations in [
        "argocd.argoproj.io/hook: Skip",
        "argocd.argoproj.io/hook: Whatever",
        "helm.sh/hook: test",
        "helm.sh/hook: pre-install, argocd.argoproj.io/hook: Skip",
    ] {
        assert!(
            without_hooks(object(annotations)).unwrap().is_empty(),
            "{annotations}"
        );
    }
    for annotations in [
        "argocd.argoproj.io/hook: 'Skip, PostSync'",
        "helm.sh/hook: 'test,pre-install'",
        "argocd.argoproj.io/hook: PreSync",
    ] {
        let error = without_hooks(object(annotations)).unwrap_err();
        assert_eq!(error.condition, "ComparisonError");
        assert!(
            error.message.starts_with("Job/b/a is a hook of "),
            "{error}"
        );
    }
}

proptest::proptest! {
    /// Whatever a user writes is a unit or an error: any text, and any shape that still is an
    /// Application.
    #[test]
    fn foreign_applications_never_panic(
        texts in proptest::collection::vec(".{0,12}|(\\.\\./){0,3}|[*{}!,:@=/a-z-]{0,16}", 6),
        field in proptest::sample::select(vec![
            "kustomize", "directory", "helm", "plugin", "images", "path", "targetRevision", "ref",
        ]),
        value in proptest::sample::select(vec![
            json!(null), json!({}), json!([]), json!("x"), json!({"images": ["a=b:c@d", "", "="]}),
            json!({"recurse": true, "include": "{", "exclude": "**"}), json!({"namePrefix": "\u{0}"}),
        ]),
    ) {
        let mut object = json!({
            "metadata": {"name": texts[0], "namespace": texts[1], "annotations": {"signet.dev/decryption": texts[2]}},
            "spec": {
                "project": texts[3],
                "source": {"repoURL": texts[4], "path": texts[5], "targetRevision": texts[2]},
                "destination": {"server": texts[3], "name": texts[1], "namespace": texts[0]},
                "ignoreDifferences": [{"kind": texts[2], "jsonPointers": [texts[5]]}],
                "syncPolicy": {"syncOptions": [texts[4]]},
            },
        });
        object["spec"]["source"][field] = value;
        if let Ok(app) = serde_json::from_value::<Application>(object) {
            let _refused_or_not = (source(&app).is_ok(), unit(&app, None, &plain(), CONTROL).is_ok());
            let _never_refused = to_delete(&app, CONTROL);
        }
    }
}
