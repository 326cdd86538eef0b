//! A child process that cannot outlive this one.
//!
//! The value kills and reaps the process when it is dropped. A test run that is killed drops nothing, so each child
//! is started through `setpriv --pdeathsig` where the system has it: the kernel then kills the child with its parent.
//! The kernel means the parent *thread*, and every test has a thread of its own, while a server is shared by many:
//! therefore one thread that lives as long as the process starts them all.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::prerequisites::find_program;
use crate::start_error::StartError;
use crate::workspace::Workspace;

/// What is to be started: a program, its arguments, its environment.
#[derive(Debug, Clone)]
pub struct Launch {
    name: String,
    /// The program that starts the program: `nsenter`, with its arguments.
    through: Vec<OsString>,
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
}

/// A running program and its log. Dropping it kills the program and what it started.
#[derive(Debug)]
pub struct Child {
    name: String,
    log: PathBuf,
    process: Mutex<process::Child>,
    /// The log's folder, when it belongs to this child alone.
    workspace: Option<Workspace>,
}

impl Launch {
    /// Returns the launch of `program`, called `name` in messages and for its log.
    pub fn new(name: &str, program: impl Into<PathBuf>) -> Self {
        Self {
            name: name.to_owned(),
            through: Vec::new(),
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn arguments<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(
            arguments
                .into_iter()
                .map(|argument| argument.as_ref().to_owned()),
        );
        self
    }

    /// Sets a variable; the others are this process's.
    #[must_use]
    pub fn variable(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Starts the program through another one, which gets program and arguments as its last arguments.
    pub(crate) fn through(mut self, program: &[OsString]) -> Self {
        self.through.extend_from_slice(program);
        self
    }

    /// Starts the program; both its outputs go to a log in a folder of its own.
    ///
    /// # Errors
    /// When the program cannot be started at all.
    pub fn start(self) -> Result<Child, StartError> {
        let workspace = Workspace::new(&self.name)?;
        let log = workspace.join(&format!("{}.log", self.name));
        let mut child = self.start_with_log(&log)?;
        child.workspace = Some(workspace);
        Ok(child)
    }

    /// Starts the program in a process group of its own; both its outputs go to `log`.
    pub(crate) fn start_with_log(self, log: &Path) -> Result<Child, StartError> {
        let spawn_error = |source| StartError::Spawn {
            name: self.name.clone(),
            source,
        };
        let output = File::create(log).map_err(spawn_error)?;
        let errors = output.try_clone().map_err(spawn_error)?;
        let mut words = bound_to_parent();
        words.extend(self.through);
        words.push(self.program.into_os_string());
        words.extend(self.arguments);
        let mut words = words.into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).envs(self.environment);
        command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0);
        let process = spawn(command).map_err(spawn_error)?;
        Ok(Child {
            name: self.name,
            log: log.to_owned(),
            process: Mutex::new(process),
            workspace: None,
        })
    }
}

impl Child {
    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.process
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .id()
    }

    /// Returns what the program has printed so far, to both outputs.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Returns how the program ended, or nothing while it runs.
    pub fn ended(&self) -> Option<ExitStatus> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        process.try_wait().ok().flatten()
    }

    /// Asks the program to end (SIGTERM) and returns how it did.
    ///
    /// # Errors
    /// When it still runs after `deadline`.
    pub fn terminate(&self, deadline: Duration) -> Result<ExitStatus, StartError> {
        if let Some(process) = self.pid() {
            // It may have ended on its own in between.
            let _ = kill_process(process, Signal::TERM);
        }
        let started = Instant::now();
        while started.elapsed() < deadline {
            if let Some(status) = self.ended() {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err(self.not_ready(deadline, "it was asked to end and still runs".to_owned()))
    }

    /// Kills the program and what it started (SIGKILL), as a machine that loses power would.
    pub fn kill(&self) {
        if self.ended().is_some() {
            return;
        }
        self.signal(Signal::KILL);
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = process.kill();
        let _ = process.wait();
    }

    /// Has the program stand still (SIGSTOP): its connections stay open, and nothing is answered.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a program that stands still go on.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.pid() {
            // It may end on its own in between.
            let _ = kill_process_group(group, signal);
        }
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.id()).ok().and_then(Pid::from_raw)
    }

    /// Calls `probe` until it succeeds, the program ends, or `deadline` passes.
    ///
    /// # Errors
    /// With the last lines of the log, when it does not become ready.
    pub fn wait_until_ready<T>(
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
                    status: status.to_string(),
                    log: self.log.clone(),
                    tail: self.log_tail(),
                });
            }
            if started.elapsed() > deadline {
                return Err(self.not_ready(started.elapsed(), last));
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(100));
        }
    }

    fn not_ready(&self, waited: Duration, last: String) -> StartError {
        StartError::NotReady {
            name: self.name.clone(),
            waited,
            last,
            log: self.log.clone(),
            tail: self.log_tail(),
        }
    }

    fn log_tail(&self) -> String {
        let text = self.log();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Returns the words that tie the program after them to the life of this process; none where the system cannot.
fn bound_to_parent() -> Vec<OsString> {
    static SETPRIV: OnceLock<Option<PathBuf>> = OnceLock::new();
    let Some(setpriv) = SETPRIV.get_or_init(|| find_program("setpriv")) else {
        return Vec::new();
    };
    [
        setpriv.as_os_str(),
        "--pdeathsig".as_ref(),
        "KILL".as_ref(),
        "--".as_ref(),
    ]
    .map(OsStr::to_owned)
    .to_vec()
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
