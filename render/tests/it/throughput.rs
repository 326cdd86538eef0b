//! How fast it is: printed, never asserted.

use std::time::Instant;

use manifests::{KustomizeOptions, Overlay};

use crate::fixtures::{artifact, kustomize, renderer, with};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo test -p render --test it -- --ignored --nocapture throughput"]
async fn a_thousand_builds() {
    let prefix = KustomizeOptions {
        name_prefix: Some("prod-".to_owned()),
        ..KustomizeOptions::default()
    };
    let cases = [
        (
            "payments",
            kustomize("apps/payment-service/overlays/production"),
            "an overlay with patches",
        ),
        (
            "features",
            kustomize("overlay"),
            "an overlay with generators and a component",
        ),
        ("plain", with("sub", prefix), "a plain folder with a prefix"),
        ("plain", kustomize(""), "a plain folder"),
    ];
    let renderer = renderer();
    for (fixture, options, what) in cases {
        let artifact = artifact(fixture);
        let objects = renderer
            .build(&artifact, &options, &Overlay::new())
            .await
            .unwrap()
            .len();
        let started = Instant::now();
        let builds: Vec<_> = (0..1000)
            .map(|_| {
                let (renderer, artifact, options) =
                    (renderer.clone(), artifact.clone(), options.clone());
                tokio::spawn(async move {
                    renderer
                        .build(&artifact, &options, &Overlay::new())
                        .await
                        .map(|m| m.len())
                })
            })
            .collect();
        for build in builds {
            assert_eq!(build.await.unwrap().unwrap(), objects);
        }
        println!(
            "{what}, {objects} objects: 1000 builds in {:?}",
            started.elapsed()
        );
    }
}
