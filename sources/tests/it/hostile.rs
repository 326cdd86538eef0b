//! Repositories that mean harm (I6). Each is made with git itself, its checks switched off.

use manifests::Omission;
use sources::{ErrorKind, Limits};

use crate::fixtures::{
    Workplace, blob, blob_of_zeros, fetched, git, literal_tree, paths, refused, repository,
    request, set_main,
};

/// I6: names that Git never writes refuse the whole repository.
#[tokio::test(flavor = "multi_thread")]
async fn crafted_names_are_refused() {
    let cases = [
        ("parent", "..", "40000"),
        ("git", ".git", "40000"),
        ("git-case", ".GIT", "40000"),
        ("absolute", "/etc/passwd", "100644"),
        ("slash", "a/../../b", "100644"),
        ("self", ".", "40000"),
    ];
    let place = Workplace::new();
    for (case, name, mode) in cases {
        let repository = repository(&format!("hostile/{case}"));
        let content = blob(&repository, "harm: true\n");
        let inner = literal_tree(&repository, &[("100644", "config", &content)]);
        let child = if mode == "40000" { &inner } else { &content };
        set_main(
            &repository,
            &literal_tree(&repository, &[(mode, name, child)]),
        );
        let error = refused(&place.store, &request(repository.url())).await;
        assert_eq!(error.kind(), ErrorKind::ContentRefused, "{case}");
        assert!(
            error
                .to_string()
                .contains(&format!("an entry named {name:?}")),
            "{error}"
        );
    }
}

/// I6: a link out of the tree is not followed, not stored, and not forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn links_are_left_out_and_remembered() {
    let repository = repository("hostile/link");
    std::os::unix::fs::symlink(
        "../../../etc/passwd",
        repository.work_tree().join("passwd.yaml"),
    )
    .unwrap();
    repository.commit_all("a link").unwrap();
    let place = Workplace::new();
    let artifact = fetched(&place.store, &request(repository.url())).await;
    assert_eq!(paths(&artifact), ["README.md", "app/a.yaml"]);
    let path = "passwd.yaml".parse().unwrap();
    assert_eq!(artifact.tree.omission(&path), Some(Omission::Link));

    let (revision, digest) = (artifact.revision.clone(), artifact.digest.clone());
    drop(artifact);
    let place = place.restarted();
    let loaded = place.store.load(&revision, &digest).await.unwrap().unwrap();
    assert_eq!(loaded.tree.omission(&path), Some(Omission::Link));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_no_artifact_can_hold_are_left_out() {
    let repository = repository("hostile/names");
    let content = blob(&repository, "x\n");
    let tree = literal_tree(
        &repository,
        &[
            ("100644", "a.yaml", &content),
            ("100644", "b\\..\\c", &content),
        ],
    );
    set_main(&repository, &tree);
    let artifact = fetched(&Workplace::new().store, &request(repository.url())).await;
    assert_eq!(paths(&artifact), ["a.yaml"]);
    assert_eq!(artifact.tree.omissions().count(), 1);
}

/// I6: a blob of 1 GiB that packs into a few megabytes is refused before it is made.
#[tokio::test(flavor = "multi_thread")]
async fn a_huge_blob_that_packs_small_is_refused() {
    const GIBIBYTE: u64 = 1 << 30;
    let repository = repository("hostile/huge");
    let place = Workplace::new();
    let zeros = blob_of_zeros(&repository, place.folder.path(), GIBIBYTE);
    set_main(
        &repository,
        &literal_tree(&repository, &[("100644", "zeros.yaml", &zeros)]),
    );
    git(
        repository.path(),
        &["-c", "core.compression=1", "repack", "-adq"],
        b"",
    );

    let before = peak_kibibytes();
    let error = refused(&place.store, &request(repository.url())).await;
    assert_eq!(error.kind(), ErrorKind::ContentRefused);
    assert!(
        error.to_string().contains("1073741824 bytes or more"),
        "{error}"
    );
    let grown = peak_kibibytes() - before;
    assert!(grown < 256 * 1024, "the peak of memory grew by {grown} KiB");
}

/// The largest resident size that this process has had.
fn peak_kibibytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("Linux tells");
    line.trim()
        .trim_end_matches(" kB")
        .parse()
        .expect("it is a number")
}

/// I6: many small objects add up.
#[tokio::test(flavor = "multi_thread")]
async fn a_repository_larger_than_the_limit_is_refused() {
    let repository = repository("hostile/large");
    repository
        .commit(
            &[
                ("a.txt", &"a".repeat(40_000)),
                ("b.txt", &"b".repeat(40_000)),
            ],
            "large",
        )
        .unwrap();
    let unpacked = Workplace::with(Limits {
        unpacked_bytes: 60_000,
        ..Limits::default()
    });
    let error = refused(&unpacked.store, &request(repository.url())).await;
    assert_eq!(error.kind(), ErrorKind::ContentRefused);

    let noise: Vec<String> = (0..20_000_u64)
        .map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_string())
        .collect();
    let noise = noise.concat();
    repository.commit(&[("c.txt", &noise)], "noise").unwrap();
    let packed = Workplace::with(Limits {
        pack_bytes: 20_000,
        ..Limits::default()
    });
    let error = refused(&packed.store, &request(repository.url())).await;
    assert!(error.to_string().starts_with("the pack is"), "{error}");
}
