use manifests::{File, Tool, Tree};
use pipeline::unit::MacPolicy;

use super::find;
use crate::signet::error::Error;

const APPS: &str = "
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: apps
  namespace: flux-system
  annotations: {signet.dev/mac-policy: warn}
spec:
  interval: 10m
  path: ./apps/production
  prune: true
  targetNamespace: production
  sourceRef: {kind: GitRepository, name: flux-system}
  decryption: {provider: sops}
";

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::default();
    for (path, content) in files {
        let content = content.as_bytes().to_vec().into();
        tree.insert(
            path.parse().unwrap(),
            File {
                content,
                executable: false,
            },
        );
    }
    tree
}

#[test]
fn kustomizations_are_found_with_path_overrides_and_decryption() {
    let plain = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";
    let files = [
        ("apps/production/kustomization.yaml", plain),
        ("clusters/apps.yaml", APPS),
    ];
    let targets = find(&tree(&files)).unwrap();
    let [target] = targets.as_slice() else {
        panic!("{} targets", targets.len());
    };
    assert_eq!(target.name, "Kustomization/flux-system/apps");
    assert_eq!(target.options.path.as_str(), "apps/production");
    let Tool::Kustomize(options) = &target.options.tool else {
        panic!("not kustomize");
    };
    assert_eq!(options.namespace.as_deref(), Some("production"));
    let decryption = target.decryption.as_ref().unwrap();
    assert_eq!(decryption.mac_policy, MacPolicy::Warn);
}

#[test]
fn a_patch_of_a_kustomization_is_none() {
    let patch = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
                 metadata: {name: apps}\nspec: {suspend: true}\n";
    assert!(find(&tree(&[("patch.yaml", patch)])).unwrap().is_empty());
}

#[test]
fn what_would_change_the_build_and_is_not_there_yet_is_refused() {
    let substituted = format!("{APPS}  postBuild: {{substitute: {{a: b}}}}\n");
    let Err(error) = find(&tree(&[("apps.yaml", &substituted)])) else {
        panic!("it was taken");
    };
    assert!(
        matches!(
            error,
            Error::UnsupportedField {
                field: "spec.postBuild",
                ..
            }
        ),
        "{error}"
    );
}
