//! The controller's program; see the library for everything it does.

use std::process::ExitCode;
use std::time::Duration;

use controller::{Flags, NoCluster};

/// How long threads that block, on a server that does not answer for example, are waited for.
const BLOCKED: Duration = Duration::from_millis(100);

/// Exit status of a start that cannot work, as that of arguments which cannot be read.
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let ended = runtime.block_on(controller::run(Flags::from_process()));
    runtime.shutdown_timeout(BLOCKED);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    tracing::error!(error = format!("{error:#}"), "stopped");
    if error.is::<NoCluster>() {
        ExitCode::from(MISUSED)
    } else {
        ExitCode::FAILURE
    }
}
