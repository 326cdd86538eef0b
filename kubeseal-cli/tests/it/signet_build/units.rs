//! Repositories whose Kustomizations say what is built.

use super::Repository;

fn unit(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
         metadata: {{name: {name}, namespace: flux-system}}\nspec:\n  interval: 10m\n  prune: true\n  \
         sourceRef: {{kind: GitRepository, name: flux-system}}\n{spec}"
    )
}

fn repository(spec: &str) -> Repository {
    let repository = Repository::new(&[("clusters/live/apps.yaml", &unit("apps", spec))]);
    repository.encrypt(
        "apps/db.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: canary-71aa}\n",
    );
    repository
}

/// G-192: overrides and decryption are those of the Kustomization.
#[test]
fn a_kustomization_is_built_as_it_says() {
    let spec = "  path: ./apps\n  targetNamespace: live\n  namePrefix: my-\n  \
                commonMetadata: {labels: {team: a}}\n  decryption: {provider: sops}\n";
    let items = repository(spec)
        .build(&["--recursive", "--show-secrets", "--output", "json"])
        .items();
    assert_eq!(items.len(), 1, "{items:?}");
    let metadata = &items[0]["metadata"];
    assert_eq!(metadata["name"], "my-db");
    assert_eq!(metadata["namespace"], "live");
    assert_eq!(metadata["labels"]["team"], "a");
    assert_eq!(items[0]["stringData"]["password"], "canary-71aa");
}

/// G-199: what is encrypted and must not be decrypted fails, although the key is at hand.
#[test]
fn an_encrypted_object_without_decryption_is_an_error() {
    let refusal = repository("  path: ./apps\n")
        .build(&["--recursive"])
        .refusal(2);
    assert!(
        refusal.contains("Kustomization/flux-system/apps"),
        "{refusal}"
    );
    assert!(
        refusal.contains("decryption is not configured"),
        "{refusal}"
    );
}

#[test]
fn a_path_that_is_not_there_names_the_kustomization() {
    let refusal = repository("  path: ./gone\n")
        .build(&["--recursive"])
        .refusal(1);
    assert!(
        refusal.contains("Kustomization/flux-system/apps") && refusal.contains("gone"),
        "{refusal}"
    );
}

#[test]
fn a_repository_without_kustomizations_is_told_so() {
    let refusal = Repository::new(&[("a.txt", "x")])
        .build(&["--recursive"])
        .refusal(2);
    assert!(refusal.contains("no Flux Kustomization"), "{refusal}");
}
