//! How fast it is: printed, never asserted.

use std::time::Instant;

use manifests::Overlay;

use crate::fixtures::{artifact, kustomize, renderer};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo test -p render --test it -- --ignored --nocapture throughput"]
async fn a_thousand_builds() {
    let (renderer, artifact) = (renderer(), artifact("payments"));
    for (path, what) in [
        (
            "apps/payment-service/overlays/production",
            "kustomize, 3 objects",
        ),
        ("argocd/projects", "nothing"),
    ] {
        let options = kustomize(path);
        if renderer
            .build(&artifact, &options, &Overlay::new())
            .await
            .is_err()
        {
            continue;
        }
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
            build.await.unwrap().unwrap();
        }
        println!("{what}: 1000 builds in {:?}", started.elapsed());
    }
}
