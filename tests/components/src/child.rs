//! A child process that cannot outlive this one.
//!
//! The value kills and reaps the process when it is dropped. A test run that is killed drops nothing, so each child
//! is started through `setpriv --pdeathsig` where the system has it: the kernel then kills the child with its parent.
//! The kernel means the parent *thread*, and every test has a thread of its own, while a server is shared by many:
//! therefore one thread that lives as long as the process starts them all.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::prerequisites::find_program;
use crate::start_error::StartError;

/// A running program and its log.
#[derive(Debug)]
pub(crate) struct Child {
    name: String,
    log: PathBuf,
    process: Mutex<process::Child>,
}

impl Child {
    /// Starts `program` with both outputs in `log`, in a process group of its own.
    pub(crate) fn start<A: AsRef<OsStr>>(
        name: &str,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
        environment: &[(&str, &str)],
        log: &Path,
    ) -> Result<Self, StartError> {
        let spawn_error = |source| StartError::Spawn {
            name: name.to_owned(),
            source,
        };
        let output = File::create(log).map_err(spawn_error)?;
        let errors = output.try_clone().map_err(spawn_error)?;
        let mut command = bound_to_parent(program);
        command.args(arguments);
        for (key, value) in environment {
            command.env(key, value);
        }
        command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0);
        let process = spawn(command).map_err(spawn_error)?;
        Ok(Self {
            name: name.to_owned(),
            log: log.to_owned(),
            process: Mutex::new(process),
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.process
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .id()
    }

    /// Calls `probe` until it succeeds, the program ends, or `deadline` passes.
    pub(crate) fn wait_until_ready<T>(
        &self,
        deadline: Duration,
        mut probe: impl FnMut() -> Result<T, String>,
    ) -> Result<T, StartError> {
        let started = Instant::now();
        let mut pause = Duration::from_millis(5);
        loop {
            let last = match probe() {
                Ok(value) => return Ok(value),
                Err(last) => last,
            };
            if let Some(status) = self.ended() {
                return Err(StartError::Ended {
                    name: self.name.clone(),
                    status,
                    log: self.log.clone(),
                    tail: self.log_tail(),
                });
            }
            if started.elapsed() > deadline {
                return Err(StartError::NotReady {
                    name: self.name.clone(),
                    waited: started.elapsed(),
                    last,
                    log: self.log.clone(),
                    tail: self.log_tail(),
                });
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(100));
        }
    }

    fn ended(&self) -> Option<String> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        process
            .try_wait()
            .ok()
            .flatten()
            .map(|status| status.to_string())
    }

    fn log_tail(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let process = self
            .process
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if matches!(process.try_wait(), Ok(Some(_))) {
            return;
        }
        // The group, so that what the program started goes with it. It may end on its own in between.
        let group = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
        let _ = group.map(|group| kill_process_group(group, Signal::KILL));
        let _ = process.kill();
        let _ = process.wait();
    }
}

fn bound_to_parent(program: &Path) -> Command {
    static SETPRIV: OnceLock<Option<PathBuf>> = OnceLock::new();
    match SETPRIV.get_or_init(|| find_program("setpriv")) {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "KILL", "--"]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

type Order = (Command, Sender<io::Result<process::Child>>);

fn spawn(command: Command) -> io::Result<process::Child> {
    static STARTER: OnceLock<Mutex<Sender<Order>>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (orders, inbox) = channel::<Order>();
        thread::spawn(move || {
            for (mut command, reply) in inbox {
                // A caller that is gone leaves a child whose handle is dropped: the parent's end still kills it.
                let _ = reply.send(command.spawn());
            }
        });
        Mutex::new(orders)
    });
    let (reply, outcome) = channel();
    let gone = || io::Error::other("the starting thread is gone");
    starter
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send((command, reply))
        .map_err(|_| gone())?;
    outcome.recv().map_err(|_| gone())?
}

#[cfg(test)]
mod tests;
