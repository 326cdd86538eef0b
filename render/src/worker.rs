//! The pool of worker processes.
//!
//! A worker answers one request at a time and keeps the artifact trees it was given. It is taken
//! out of the pool for a request and comes back only after a whole answer; whatever goes wrong in
//! between, also a caller that stops waiting, drops it, and dropping kills it. The next request
//! starts another. A build that takes long makes way for the others: see [`lanes`].

use std::collections::BTreeSet;
use std::io;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use manifests::{Overlay, Tree};
use rustix::process::{Pid, setpriority_process};
use secret_bytes::SecretBytes;
use tokio::io::BufWriter;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{sleep, timeout};

use crate::RendererOptions;
use frame::{Blob, Header, Outcome};
use lanes::{Lanes, MOMENT};

mod frame;
mod lanes;

pub(crate) use frame::BuildRequest;

/// Added to the niceness of a worker whose build takes long.
const NICENESS: i32 = 10;

/// How a worker process failed. The next build gets a new one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerFailure {
    /// The program does not start.
    #[error("failed to start {program:?}")]
    Start {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// It ended, or closed its streams, in the middle of a request.
    #[error("the worker died during the build; hint: it may have run out of its memory limit")]
    Died {
        /// What reading or writing met.
        source: io::Error,
    },
    /// It took too long.
    #[error("the build took longer than {limit:?}")]
    TimedOut {
        /// The limit.
        limit: Duration,
    },
    /// It gave more than it may.
    #[error("the output is larger than {limit} bytes")]
    OutputTooLarge {
        /// The limit.
        limit: usize,
    },
    /// Its answer makes no sense.
    #[error("the worker's answer cannot be read")]
    Answer {
        /// Why not.
        source: serde_json::Error,
    },
    /// Its answer does not fit the request.
    #[error("the worker's answer does not fit the request")]
    Protocol,
}

/// What a worker says to a build.
pub(crate) enum Answer {
    /// It gave manifests.
    Built(Built),
    /// kustomize refuses it.
    Failed {
        /// Its words.
        message: String,
    },
    /// kustomize refuses it because of the overlay's content.
    Withheld,
}

/// The body of a build's answer. It may hold plaintext.
pub(crate) struct Built {
    body: SecretBytes,
    manifests: usize,
}

impl Built {
    /// Returns the objects, a JSON list.
    pub(crate) fn manifests(&self) -> &[u8] {
        // EXPOSE: manifests are read from it; what is plaintext in them is concealed by the caller.
        self.body.expose().get(..self.manifests).unwrap_or_default()
    }

    /// Returns what the kustomize program would print, when it was asked for.
    pub(crate) fn printed(&self) -> SecretBytes {
        // EXPOSE: copied into a buffer of its own, which is wiped like this one.
        let printed = self.body.expose().get(self.manifests..).unwrap_or_default();
        SecretBytes::new(printed.to_vec())
    }
}

/// The workers, started when needed.
pub(crate) struct Pool {
    options: RendererOptions,
    lanes: Lanes,
    idle: Mutex<Vec<Worker>>,
}

impl Pool {
    pub(crate) fn new(options: RendererOptions) -> Self {
        let lanes = Lanes::new(options.workers, options.workers / 2);
        Self {
            options,
            lanes,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Has a worker build, giving it the tree first when it does not have it.
    pub(crate) async fn build(
        &self,
        tree: &Tree,
        request: &BuildRequest<'_>,
        overlay: &Overlay,
    ) -> Result<Answer, WorkerFailure> {
        let build = format!("{} {}", request.digest, request.path);
        if !self.lanes.is_slow(&build)
            && let Some(answer) = self.quickly(tree, request, overlay, &build).await
        {
            return answer;
        }
        let _place = self.lanes.slow(&build).await;
        let began = Instant::now();
        let mut worker = self.take(request.digest)?;
        worker.make_way();
        let answer = self.attempt(&mut worker, tree, request, overlay).await;
        self.lanes.took(&build, began.elapsed());
        answer
    }

    /// Builds in the quick lane; none when that took too long and has to begin again.
    async fn quickly(
        &self,
        tree: &Tree,
        request: &BuildRequest<'_>,
        overlay: &Overlay,
        build: &str,
    ) -> Option<Result<Answer, WorkerFailure>> {
        let place = self.lanes.quick().await;
        let began = Instant::now();
        let mut worker = match self.take(request.digest) {
            Ok(worker) => worker,
            Err(failure) => return Some(Err(failure)),
        };
        let process = worker.process.id();
        let work = async {
            let answer = self.attempt(&mut worker, tree, request, overlay).await?;
            Ok((worker, answer))
        };
        tokio::pin!(work);
        let (answer, aside) = tokio::select! {
            answer = &mut work => (answer, None),
            () = sleep(MOMENT) => {
                let Some(aside) = self.lanes.slow_at_once() else {
                    self.lanes.took(build, MOMENT);
                    return None;
                };
                drop(place);
                make_way(process);
                (work.await, Some(aside))
            }
        };
        self.lanes.took(build, began.elapsed());
        Some(answer.map(|(worker, answer)| {
            // One that made way stays behind the others for good.
            if aside.is_none() {
                self.idle().push(worker);
            }
            answer
        }))
    }

    async fn attempt(
        &self,
        worker: &mut Worker,
        tree: &Tree,
        request: &BuildRequest<'_>,
        overlay: &Overlay,
    ) -> Result<Answer, WorkerFailure> {
        let limit = self.options.time_limit;
        timeout(limit, worker.build(tree, request, overlay))
            .await
            .map_err(|_| WorkerFailure::TimedOut { limit })?
    }

    /// Takes an idle worker, rather one that has the tree, or starts one.
    fn take(&self, digest: &str) -> Result<Worker, WorkerFailure> {
        loop {
            let mut idle = self.idle();
            let at = idle.iter().position(|worker| worker.trees.contains(digest));
            let Some(mut worker) = at.map(|at| idle.swap_remove(at)).or_else(|| idle.pop()) else {
                break;
            };
            drop(idle);
            if worker.is_running() {
                return Ok(worker);
            }
        }
        Worker::start(&self.options)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Worker>> {
        // A list of processes has no broken state that a panic elsewhere could leave.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets everybody else have the processor before a process.
fn make_way(process: Option<u32>) {
    let process = process.and_then(|process| i32::try_from(process).ok());
    if let Some(process) = process.and_then(Pid::from_raw) {
        // It may have ended in between; and without it the build only takes more of the processor.
        let _ = setpriority_process(Some(process), NICENESS);
    }
}

struct Worker {
    /// Killed when dropped.
    process: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    /// Digests of the trees it was given. It may have dropped some since; then it says so.
    trees: BTreeSet<String>,
}

impl Worker {
    fn start(options: &RendererOptions) -> Result<Self, WorkerFailure> {
        let failed = |source| WorkerFailure::Start {
            program: options.worker.display().to_string(),
            source,
        };
        // Go's collector works harder near this, so it stands below where the process dies.
        let soft_limit = options.memory_limit / 4 * 3;
        let mut process = Command::new(&options.worker)
            .arg(format!("--memory-limit={}", options.memory_limit))
            .arg(format!("--tree-cache={}", options.tree_cache))
            .env_clear()
            .env("GOMEMLIMIT", soft_limit.to_string())
            // More workers than cores gain nothing, nor do threads inside one.
            .env("GOMAXPROCS", "1")
            // Little lives from one build to the next: collecting less often costs 25 MB.
            .env("GOGC", "400")
            .env("GOTRACEBACK", "none")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A panic's text could hold what was rendered.
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let missing = || failed(io::Error::other("the process has no standard streams"));
        let stdin = process.stdin.take().ok_or_else(missing)?;
        let stdout = process.stdout.take().ok_or_else(missing)?;
        tracing::debug!(process = process.id(), "started a render worker");
        Ok(Self {
            process,
            stdin,
            stdout,
            trees: BTreeSet::new(),
        })
    }

    /// Lets everybody else have the processor first, from now on.
    fn make_way(&self) {
        make_way(self.process.id());
    }

    fn is_running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    async fn build(
        &mut self,
        tree: &Tree,
        request: &BuildRequest<'_>,
        overlay: &Overlay,
    ) -> Result<Answer, WorkerFailure> {
        if self.trees.contains(request.digest) {
            let answer = self.ask(request, overlay).await?;
            if let Some(answer) = answer {
                return Ok(answer);
            }
        }
        self.put(tree, request.digest).await?;
        self.ask(request, overlay)
            .await?
            .ok_or(WorkerFailure::Protocol)
    }

    /// Gives the worker a tree.
    async fn put(&mut self, tree: &Tree, digest: &str) -> Result<(), WorkerFailure> {
        let files = tree
            .files()
            .map(|(path, file)| Blob {
                path: path.as_str(),
                size: file.content.len(),
            })
            .collect();
        let contents: Vec<&[u8]> = tree.files().map(|(_, file)| &*file.content).collect();
        // Many small files: collected, so that not each of them wakes the worker.
        let mut writer = BufWriter::with_capacity(64 << 10, &mut self.stdin);
        frame::write(&mut writer, &Header::Put { digest, files }, &contents).await?;
        let (head, _) = frame::read(&mut self.stdout, 0).await?;
        if head.outcome != Outcome::Stored {
            return Err(WorkerFailure::Protocol);
        }
        self.trees.insert(digest.to_owned());
        Ok(())
    }

    /// Asks for a build; `None` when the worker does not have the tree.
    async fn ask(
        &mut self,
        request: &BuildRequest<'_>,
        overlay: &Overlay,
    ) -> Result<Option<Answer>, WorkerFailure> {
        let files = overlay
            .iter()
            .map(|(path, content)| Blob {
                path: path.as_str(),
                size: content.len(),
            })
            .collect();
        let header = Header::Build {
            request,
            overlay: files,
        };
        // EXPOSE: the worker builds with it, for this one request.
        let contents: Vec<&[u8]> = overlay.values().map(|content| content.expose()).collect();
        frame::write(&mut self.stdin, &header, &contents).await?;
        // The printed form is of about the same size as the list.
        let limit = request.max_output.saturating_mul(2);
        let (head, body) = frame::read(&mut self.stdout, limit).await?;
        match head.outcome {
            Outcome::Built => Ok(Some(Answer::Built(Built {
                body,
                manifests: head.manifests,
            }))),
            Outcome::Failed if head.withheld => Ok(Some(Answer::Withheld)),
            Outcome::Failed => Ok(Some(Answer::Failed {
                message: head.error,
            })),
            Outcome::TooLarge => Err(WorkerFailure::OutputTooLarge {
                limit: request.max_output,
            }),
            Outcome::Missing => {
                self.trees.remove(request.digest);
                Ok(None)
            }
            Outcome::Stored => Err(WorkerFailure::Protocol),
        }
    }
}

#[cfg(test)]
mod tests;
