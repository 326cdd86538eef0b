//! The command lines of the three programs, and the files they name.

use std::path::{Path, PathBuf};

use rcgen::KeyPair;

use super::ControlPlaneOptions;
use super::audit::{self, AuditLog};
use crate::start_error::StartError;
use crate::tls::Authority;
use crate::workspace::Workspace;

/// Certificates and keys on disk, where the programs read them.
pub(super) struct Files {
    ca: PathBuf,
    server_certificate: PathBuf,
    server_key: PathBuf,
    account_key: PathBuf,
    account_public_key: PathBuf,
    certificates: PathBuf,
    audit_policy: Option<PathBuf>,
    audit_log: PathBuf,
}

impl Files {
    pub(super) fn write(
        workspace: &Workspace,
        authority: &Authority,
        options: &ControlPlaneOptions,
    ) -> Result<Self, StartError> {
        let server = authority.server(&["127.0.0.1", "localhost", "kubernetes.default.svc"])?;
        let account = KeyPair::generate().map_err(|source| StartError::Certificate {
            name: "service accounts".to_owned(),
            source,
        })?;
        Ok(Self {
            ca: workspace.write("ca.crt", authority.certificate_pem())?,
            server_certificate: workspace.write("server.crt", &server.certificate_pem)?,
            server_key: workspace.write("server.key", &server.key_pem)?,
            account_key: workspace.write("service-account.key", &account.serialize_pem())?,
            account_public_key: workspace
                .write("service-account.pub", &account.public_key_pem())?,
            certificates: workspace.folder("certificates")?,
            audit_policy: match options.audit_log {
                AuditLog::Off => None,
                AuditLog::Metadata => Some(workspace.write("audit-policy.yaml", audit::POLICY)?),
            },
            audit_log: workspace.join(audit::LOG),
        })
    }
}

pub(super) fn etcd(data: &Path, port: u16, peer_port: u16) -> Vec<String> {
    let client = format!("http://127.0.0.1:{port}");
    let peer = format!("http://127.0.0.1:{peer_port}");
    vec![
        format!("--data-dir={}", data.display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
        // The data lives as long as the process: nothing is worth a disk flush.
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
    ]
}

pub(super) fn api_server(
    files: &Files,
    etcd_port: u16,
    port: u16,
    options: &ControlPlaneOptions,
) -> Vec<String> {
    let mut flags = vec![
        format!("--etcd-servers=http://127.0.0.1:{etcd_port}"),
        format!("--secure-port={port}"),
        "--bind-address=127.0.0.1".to_owned(),
        "--advertise-address=127.0.0.1".to_owned(),
        // A loopback endpoint of the service `kubernetes` would be refused.
        "--endpoint-reconciler-type=none".to_owned(),
        "--authorization-mode=Node,RBAC".to_owned(),
        "--allow-privileged=true".to_owned(),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local".to_owned(),
        format!(
            "--service-account-signing-key-file={}",
            files.account_key.display()
        ),
        format!(
            "--service-account-key-file={}",
            files.account_public_key.display()
        ),
        format!("--client-ca-file={}", files.ca.display()),
        format!("--tls-cert-file={}", files.server_certificate.display()),
        format!("--tls-private-key-file={}", files.server_key.display()),
        format!("--cert-dir={}", files.certificates.display()),
    ];
    if let Some(policy) = &files.audit_policy {
        flags.push(format!("--audit-policy-file={}", policy.display()));
        flags.push(format!("--audit-log-path={}", files.audit_log.display()));
        // Written before the request is answered: who got the answer finds the line.
        flags.push("--audit-log-mode=blocking".to_owned());
    }
    flags.extend(options.api_server_flags.iter().cloned());
    flags
}

pub(super) fn controller_manager(
    files: &Files,
    kubeconfig: &Path,
    options: &ControlPlaneOptions,
) -> Vec<String> {
    let mut flags = vec![
        format!("--kubeconfig={}", kubeconfig.display()),
        "--use-service-account-credentials=true".to_owned(),
        "--leader-elect=false".to_owned(),
        // Nobody asks it anything, and it takes no port.
        "--secure-port=0".to_owned(),
        "--controllers=*,-nodeipam,-cloud-node-lifecycle,-service-lb-controller".to_owned(),
        format!(
            "--service-account-private-key-file={}",
            files.account_key.display()
        ),
        format!("--root-ca-file={}", files.ca.display()),
        format!("--cert-dir={}", files.certificates.display()),
    ];
    flags.extend(options.controller_manager_flags.iter().cloned());
    flags
}
