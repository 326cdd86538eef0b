//! Workers that die, hang or say too much: the request fails clearly, the next one works.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use components::Program;
use manifests::{KustomizeOptions, Overlay};
use render::{RenderError, Renderer, RendererOptions, WorkerFailure};

use crate::fixtures::{artifact, artifact_of, ids, kustomize, options, renderer, with};

/// A program that misbehaves once, and is the real worker from then on: faults that no real worker
/// shows on demand.
fn failing_once(name: &str, misbehave: &str) -> RendererOptions {
    RendererOptions {
        workers: 1,
        ..failing(name, &["failed"], misbehave)
    }
}

/// A program that misbehaves as often as there are marks, and is the real worker from then on.
fn failing(name: &str, marks: &[&str], misbehave: &str) -> RendererOptions {
    let folder =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let worker = Program::RenderWorker.path().unwrap();
    let text = format!(
        "#!/bin/sh\nfor mark in {marks}; do\n  if mkdir {folder}/$mark 2>/dev/null; then {misbehave}; fi\ndone\nexec {worker} \"$@\"\n",
        marks = marks.join(" "),
        folder = folder.display(),
        worker = worker.display(),
    );
    let program = folder.join("worker");
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    RendererOptions::new(program)
}

/// I7, design 3.9: builds that hang hold up no other, not even when there are as many as workers.
#[tokio::test]
async fn builds_that_hang_make_way_for_the_others() {
    let mut options = failing("make-way", &["one", "two"], "exec /bin/sleep 600");
    options.workers = 2;
    let limit = options.time_limit;
    let (renderer, artifact) = (Renderer::start(options), artifact("features"));
    let (one, two) = (kustomize("base"), kustomize("overlay"));
    let overlay = Overlay::new();
    let hang = async {
        let hangs = |what| renderer.build(&artifact, what, &overlay);
        tokio::join!(hangs(&one), hangs(&two))
    };
    let other = artifact_of(&[
        (
            "kustomization.yaml",
            b"resources: [a.yaml]\nnamePrefix: x-\n",
        ),
        (
            "a.yaml",
            b"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n",
        ),
    ]);
    let root = kustomize("");
    let goes_on = async {
        // The others have the workers first.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let began = std::time::Instant::now();
        let built = renderer.build(&other, &root, &overlay).await.unwrap();
        assert_eq!(built.len(), 1);
        began.elapsed()
    };
    let took = tokio::select! {
        _ = hang => panic!("they hang"),
        took = goes_on => took,
    };
    assert!(took < limit / 4, "{took:?}");
}

async fn fails_then_builds(options: RendererOptions) -> WorkerFailure {
    let (renderer, artifact) = (Renderer::start(options), artifact("features"));
    let error = renderer
        .build(&artifact, &kustomize("base"), &Overlay::new())
        .await
        .unwrap_err();
    let next = renderer
        .build(&artifact, &kustomize("base"), &Overlay::new())
        .await
        .unwrap();
    assert_eq!(next.len(), 4);
    match error {
        RenderError::Worker { source } => source,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_worker_that_dies_is_replaced() {
    let failure = fails_then_builds(failing_once("dies", "exit 7")).await;
    assert!(matches!(failure, WorkerFailure::Died { .. }), "{failure:?}");
}

/// I7
#[tokio::test]
async fn a_worker_that_hangs_is_replaced() {
    let mut options = failing_once("hangs", "exec /bin/sleep 600");
    options.time_limit = Duration::from_secs(3);
    let failure = fails_then_builds(options).await;
    assert!(
        matches!(failure, WorkerFailure::TimedOut { .. }),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_worker_that_talks_nonsense_is_replaced() {
    let failure = fails_then_builds(failing_once("nonsense", "echo not a frame at all")).await;
    assert!(
        matches!(
            failure,
            WorkerFailure::Protocol
                | WorkerFailure::OutputTooLarge { .. }
                | WorkerFailure::Died { .. }
        ),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let renderer = Renderer::start(RendererOptions::new("/nonexistent/worker"));
    let error = renderer
        .build(&artifact("features"), &kustomize("base"), &Overlay::new())
        .await
        .unwrap_err();
    let RenderError::Worker {
        source: WorkerFailure::Start { program, .. },
    } = error
    else {
        panic!("{error:?}")
    };
    assert_eq!(program, "/nonexistent/worker");
}

/// I7
#[tokio::test]
async fn too_much_output_is_refused_and_the_worker_lives_on() {
    let options = RendererOptions {
        output_limit: 600,
        workers: 1,
        ..options()
    };
    let renderer = Renderer::start(options);
    let error = renderer
        .build(
            &artifact("features"),
            &kustomize("overlay"),
            &Overlay::new(),
        )
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            RenderError::Worker {
                source: WorkerFailure::OutputTooLarge { limit: 600 }
            }
        ),
        "{error:?}"
    );
    let small = artifact_of(&[
        (
            "a.yaml",
            b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        ),
        ("kustomization.yaml", b"resources: [a.yaml]\n"),
    ]);
    let built = renderer
        .build(&small, &kustomize(""), &Overlay::new())
        .await
        .unwrap();
    assert_eq!(ids(&built), ["ConfigMap/a"]);
}

/// I7
#[tokio::test]
async fn a_worker_beyond_its_memory_dies_and_only_its_request_fails() {
    let options = RendererOptions {
        memory_limit: 96 << 20,
        workers: 1,
        ..options()
    };
    let renderer = Renderer::start(options);
    let mut entries = String::new();
    for n in 0..400_000 {
        entries.push_str("  key-");
        entries.push_str(&n.to_string());
        entries.push_str(": value\n");
    }
    let large = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n{entries}");
    let prefix = KustomizeOptions {
        name_prefix: Some("x-".to_owned()),
        ..KustomizeOptions::default()
    };
    let artifact_of_large = artifact_of(&[("a.yaml", large.as_bytes())]);
    let error = renderer
        .build(&artifact_of_large, &with("", prefix), &Overlay::new())
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            RenderError::Worker {
                source: WorkerFailure::Died { .. }
            }
        ),
        "{error:?}"
    );
    let built = renderer
        .build(&artifact("features"), &kustomize("base"), &Overlay::new())
        .await;
    assert_eq!(built.unwrap().len(), 4);
}

#[tokio::test]
async fn a_tree_that_had_to_leave_is_given_again() {
    let options = RendererOptions {
        tree_cache: 1,
        workers: 1,
        ..options()
    };
    let renderer = Renderer::start(options);
    let (first, second) = (artifact("features"), artifact("payments"));
    for _ in 0..3 {
        let built = renderer
            .build(&first, &kustomize("base"), &Overlay::new())
            .await
            .unwrap();
        assert_eq!(built.len(), 4);
        let path = "apps/payment-service/base";
        let built = renderer
            .build(&second, &kustomize(path), &Overlay::new())
            .await
            .unwrap();
        assert_eq!(built.len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn builds_of_one_artifact_run_side_by_side_and_a_cancelled_one_harms_no_other() {
    let (renderer, artifact) = (renderer(), artifact("features"));
    let build = |path: &'static str| {
        let (renderer, artifact) = (renderer.clone(), artifact.clone());
        tokio::spawn(async move {
            renderer
                .build(&artifact, &kustomize(path), &Overlay::new())
                .await
        })
    };
    let builds: Vec<_> = (0..60)
        .map(|n| build(if n % 2 == 0 { "base" } else { "overlay" }))
        .collect();
    for (n, build) in builds.into_iter().enumerate() {
        if n % 7 == 3 {
            build.abort();
            continue;
        }
        let manifests = build.await.unwrap().unwrap();
        assert_eq!(manifests.len(), if n % 2 == 0 { 4 } else { 5 });
    }
}
