//! The real components that tests, benches and the demo run against.
//!
//! Two halves. The first builds programs once, from pinned and checksummed registry modules, into a cache folder:
//! start at [`Component`] and [`ensure`]. The second starts them as child processes on loopback, each with its own
//! folder and free ports, waits until they serve, and stops exactly what it started when the value is dropped: start
//! at [`ControlPlane`], [`OpenBao`], [`Moto`], [`GitServer`],
//! [`SshGitServer`], [`FileServer`], [`Registry`], [`Kwok`]; [`Launch`] does the same for a program under test.
//!
//! Everything is blocking and free of a runtime, so that plain and async tests use the same functions (starting takes
//! seconds: share one server per test binary through a `std::sync::OnceLock`).
//!
//! Nothing here imitates a real system: what it cannot start, it reports with the next step.

mod cache;
mod child;
mod component;
mod control_plane;
mod ensure;
mod file_server;
mod git_repository;
mod git_server;
mod http;
mod http_server;
mod kwok;
mod moto;
mod network;
mod openbao;
mod ports;
mod prerequisites;
mod registry;
mod sealed_secrets;
mod ssh_server;
mod start_error;
mod tls;
mod workspace;

pub use child::{Child, Launch};
pub use component::{Component, Program};
pub use control_plane::{AuditEvent, AuditLog, ControlPlane, ControlPlaneOptions};
pub use ensure::{EnsureError, Installed, ensure};
pub use file_server::FileServer;
pub use git_repository::Repository;
pub use git_server::GitServer;
pub use http::{Endpoint, HttpError, Reply};
pub use http_server::{Credentials, ServedRequest, ServerOptions, Transport};
pub use kwok::Kwok;
pub use moto::Moto;
pub use network::{Network, Relay};
pub use openbao::{AppRole, OpenBao};
pub use ports::free_port;
pub use prerequisites::{Prerequisite, missing_prerequisites};
pub use registry::{Access, Registry};
pub use sealed_secrets::SealedSecretsController;
pub use ssh_server::SshGitServer;
pub use start_error::StartError;
pub use tls::{Authority, Identity};
pub use workspace::keep_logs;
