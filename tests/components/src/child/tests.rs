use super::*;

fn sleeper(folder: &Path) -> Child {
    let script = "sleep 300 & echo $!; wait";
    Child::start(
        "sleeper",
        Path::new("/bin/sh"),
        ["-c", script],
        &[],
        &folder.join("log"),
    )
    .expect("a shell starts")
}

#[test]
fn dropping_stops_the_program_and_what_it_started() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let child = sleeper(folder.path());
    let inner: u32 = child
        .wait_until_ready(Duration::from_secs(10), || {
            let log = fs::read_to_string(folder.path().join("log")).map_err(|e| e.to_string())?;
            log.trim()
                .parse()
                .map_err(|_| format!("not a process id yet: {log:?}"))
        })
        .expect("the shell prints the id");
    let outer = child.id();
    assert!(Path::new(&format!("/proc/{outer}")).exists());
    drop(child);
    assert!(!Path::new(&format!("/proc/{outer}")).exists());
    let state = fs::read_to_string(format!("/proc/{inner}/stat")).unwrap_or_default();
    // Whoever adopted the orphan may not have reaped it yet.
    assert!(state.is_empty() || state.contains(") Z "), "{state}");
}

#[test]
fn child_outlives_the_thread_that_asked_for_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().to_owned();
    let child = thread::spawn(move || sleeper(&path))
        .join()
        .expect("the thread ends well");
    // The thread is gone; the kernel would have killed its child by now.
    assert_eq!(child.ended(), None);
}

#[test]
fn early_end_reports_status_and_log() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = folder.path().join("log");
    let child = Child::start(
        "broken",
        Path::new("/bin/sh"),
        ["-c", "echo no such flag; exit 3"],
        &[],
        &log,
    )
    .expect("a shell starts");
    let error = child
        .wait_until_ready(Duration::from_secs(10), || {
            Err::<(), _>("not there".to_owned())
        })
        .expect_err("it never serves");
    let text = error.to_string();
    assert!(
        text.contains("exit status: 3") && text.contains("no such flag"),
        "{text}"
    );
}
