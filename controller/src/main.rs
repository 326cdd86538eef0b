//! The controller's program; see the library for everything it does.

use std::process::ExitCode;

use controller::Flags;

#[tokio::main]
async fn main() -> ExitCode {
    match controller::run(Flags::from_process()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "stopped");
            ExitCode::FAILURE
        }
    }
}
