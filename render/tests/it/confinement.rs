//! What a worker process cannot do, whatever it is asked.

use std::fs;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use components::Program;

/// Starts a worker and waits until it has answered, which it does confined only.
fn confined_worker() -> Child {
    let mut worker = Command::new(Program::RenderWorker.path().unwrap())
        .args(["--memory-limit=536870912", "--tree-cache=1048576"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let header = br#"{"put":{"digest":"sha256:0","files":[]}}"#;
    let mut message = u32::try_from(header.len()).unwrap().to_be_bytes().to_vec();
    message.extend_from_slice(&0u64.to_be_bytes());
    message.extend_from_slice(header);
    worker.stdin.as_mut().unwrap().write_all(&message).unwrap();
    let mut answer = [0; 12];
    worker
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut answer)
        .unwrap();
    worker
}

/// I1: what a worker holds in memory gets neither into a core dump nor into a file.
#[test]
fn a_worker_leaves_no_core_dump_and_writes_no_file() {
    let mut worker = confined_worker();
    let limits = fs::read_to_string(format!("/proc/{}/limits", worker.id())).unwrap();
    worker.kill().unwrap();
    worker.wait().unwrap();
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        let mut values = line.trim_start_matches(name).split_whitespace();
        (
            values.next().unwrap().to_owned(),
            values.next().unwrap().to_owned(),
        )
    };
    let zero = ("0".to_owned(), "0".to_owned());
    assert_eq!(limit("Max core file size"), zero);
    assert_eq!(limit("Max file size"), zero);
    assert_eq!(limit("Max data size").1, "536870912");
}

#[test]
fn a_worker_ends_with_its_parent() {
    let mut worker = confined_worker();
    drop(worker.stdin.take());
    let started = Instant::now();
    loop {
        if let Some(status) = worker.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "still running");
        std::thread::yield_now();
    }
}
