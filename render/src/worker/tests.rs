use manifests::Limits;
use serde_json::json;

use super::*;

async fn answer(header: &str, body: &[u8], limit: usize) -> Result<(), WorkerFailure> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&u32::try_from(header.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(&(body.len() as u64).to_be_bytes());
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(body);
    frame::read(&mut bytes.as_slice(), limit).await.map(drop)
}

#[tokio::test]
async fn a_message_is_what_the_worker_reads() {
    let request = BuildRequest {
        digest: "sha256:0",
        path: "apps",
        resources: Some(&[]),
        overrides: Some(json!({"namePrefix": "a-"})),
        yaml: false,
        max_output: 7,
    };
    let overlay = vec![
        Blob {
            path: "apps/token",
            size: 2,
        },
        Blob { path: "b", size: 1 },
    ];
    let mut written = Vec::new();
    let header = Header::Build {
        request: &request,
        overlay,
    };
    frame::write(&mut written, &header, &[b"ab", b"c"])
        .await
        .unwrap();
    let (head, rest) = written.split_at(12);
    let length = usize::try_from(u32::from_be_bytes(head[..4].try_into().unwrap())).unwrap();
    assert_eq!(u64::from_be_bytes(head[4..].try_into().unwrap()), 3);
    assert_eq!(&rest[length..], b"abc");
    let read = manifests::read_values(
        manifests::Dialect::Kubectl,
        &rest[..length],
        None,
        &Limits::default(),
    );
    assert_eq!(
        read.unwrap(),
        [json!({"build": {
            "digest": "sha256:0", "path": "apps", "resources": [],
            "overrides": {"namePrefix": "a-"}, "yaml": false, "max_output": 7,
            "overlay": [{"path": "apps/token", "size": 2}, {"path": "b", "size": 1}],
        }})]
    );
}

#[tokio::test]
async fn answers_that_make_no_sense_are_failures_and_never_allocate_what_they_claim() {
    assert!(answer(r#"{"outcome":"stored"}"#, b"", 0).await.is_ok());
    let outcome = answer(r#"{"outcome":"built","manifests":3}"#, b"abc", 2).await;
    assert!(matches!(
        outcome,
        Err(WorkerFailure::OutputTooLarge { limit: 2 })
    ));
    let outcome = answer(r#"{"outcome":"else"}"#, b"", 0).await;
    assert!(matches!(outcome, Err(WorkerFailure::Answer { .. })));
    let outcome = answer("no json", b"", 0).await;
    assert!(matches!(outcome, Err(WorkerFailure::Answer { .. })));
    let mut endless = [0xff; 12].as_slice();
    assert!(matches!(
        frame::read(&mut endless, 9).await,
        Err(WorkerFailure::Protocol)
    ));
    let mut cut = [0, 0, 0, 9].as_slice();
    assert!(matches!(
        frame::read(&mut cut, 9).await,
        Err(WorkerFailure::Died { .. })
    ));
}
