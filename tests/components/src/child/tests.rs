use super::*;

fn sleeper(folder: &Path) -> Child {
    let script = "sleep 300 & echo $!; wait";
    Launch::new("sleeper", "/bin/sh")
        .arguments(["-c", script])
        .start_with_log(&folder.join("log"))
        .expect("a shell starts")
}

/// The kernel kills at its leisure, and whoever adopted the process reaps it at theirs.
fn wait_until_gone(process: u32) {
    let started = Instant::now();
    let stat = format!("/proc/{process}/stat");
    while fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "{process} still runs"
        );
        thread::sleep(Duration::from_millis(5));
    }
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
    wait_until_gone(inner);
}

#[test]
fn child_outlives_the_thread_that_asked_for_it() {
    let ticks = |child: &Child| child.log().lines().count();
    let wait_for_ticks = move |child: &Child, wanted: usize| {
        child.wait_until_ready(Duration::from_secs(10), || match ticks(child) {
            seen if seen >= wanted => Ok(()),
            seen => Err(format!("{seen} ticks")),
        })
    };
    let asking = thread::spawn(move || {
        let child = Launch::new("clock", "/bin/sh")
            .arguments(["-c", "while :; do echo tick; sleep 0.01; done"])
            .start()
            .expect("a shell starts");
        // By now the child is tied to its parent thread.
        wait_for_ticks(&child, 1).expect("it runs");
        child
    });
    let child = asking.join().expect("the thread ends well");
    let seen = ticks(&child);
    wait_for_ticks(&child, seen + 10).expect("it goes on without the thread");
}

#[test]
fn early_end_reports_status_and_log() {
    let child = Launch::new("broken", "/bin/sh")
        .arguments(["-c", "echo no such flag; exit 3"])
        .start()
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

#[test]
fn terminating_lets_the_program_end_by_itself() {
    let child = Launch::new("polite", "/bin/sh")
        .arguments([
            "-c",
            "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done",
        ])
        .start()
        .expect("a shell starts");
    child
        .wait_until_ready(Duration::from_secs(10), || {
            let log = child.log();
            if log.contains("ready") {
                Ok(())
            } else {
                Err(log)
            }
        })
        .expect("it traps the signal");
    let status = child.terminate(Duration::from_secs(10)).expect("it ends");
    assert_eq!(status.code(), Some(7));
    assert!(child.log().contains("bye"));
}

#[test]
fn killed_parent_takes_its_children_along() {
    // A parent that is not this process: it starts the child as `Launch` does, and is then killed.
    let words = bound_to_parent();
    let Some(setpriv) = words.first().and_then(|word| word.to_str()) else {
        return;
    };
    let script = format!("{setpriv} --pdeathsig KILL -- sleep 300 & echo $!; wait");
    let parent = Launch::new("parent", "/bin/sh")
        .arguments(["-c", &script])
        .start();
    let parent = parent.expect("a shell starts");
    let child: u32 = parent
        .wait_until_ready(Duration::from_secs(10), || {
            let started: u32 = parent
                .log()
                .trim()
                .parse()
                .map_err(|_| "no id yet".to_owned())?;
            let command = fs::read_to_string(format!("/proc/{started}/cmdline"));
            // Only after its second step is the program tied to its parent.
            if command.is_ok_and(|command| command.starts_with("sleep")) {
                Ok(started)
            } else {
                Err("not yet replaced".to_owned())
            }
        })
        .expect("the child runs");
    kill_process(parent.pid().expect("an id"), Signal::KILL).expect("the parent is killed");
    wait_until_gone(child);
}
