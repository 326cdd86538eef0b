//! Sources against real Git servers: `git http-backend` over HTTP and TLS, OpenSSH's `sshd`.

mod client_certificates;
mod fixtures;
mod hostile;
mod http;
mod limits;
mod redirects;
mod references;
mod sharing;
mod ssh;
