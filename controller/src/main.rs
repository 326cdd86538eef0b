//! The controller's program; see the library for everything it does.

use std::process::ExitCode;

use clap::Parser;
use controller::Flags;

#[tokio::main]
async fn main() -> ExitCode {
    match controller::run(Flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "stopped");
            ExitCode::FAILURE
        }
    }
}
