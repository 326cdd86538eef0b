//! Starts a program as if it ran in a pod: with the in-cluster configuration that client libraries look for.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use super::ControlPlane;
use crate::child::Launch;
use crate::start_error::StartError;

/// Puts the account's files where every client library expects them, in a mount namespace of the program's own, and
/// becomes the program.
const SCRIPT: &str = "\
set -e
account=$1
shift
mount -t tmpfs none \"$(readlink -f /var/run)\"
mkdir -p /var/run/secrets/kubernetes.io/serviceaccount
cp \"$account\"/* /var/run/secrets/kubernetes.io/serviceaccount/
exec \"$@\"";

impl ControlPlane {
    /// Returns the launch of a program that finds an in-cluster configuration: address, token and CA certificate of
    /// a service account. Needs root.
    ///
    /// # Errors
    /// When the account does not exist or its files cannot be written.
    pub fn launch_as_pod(
        &self,
        name: &str,
        program: impl Into<PathBuf>,
        namespace: &str,
        account: &str,
    ) -> Result<Launch, StartError> {
        let token = self.service_account_token(namespace, account)?;
        let folder = self.workspace.folder(&self.next_file("account"))?;
        for (file, content) in [
            ("token", token.as_str()),
            ("ca.crt", self.ca_pem()),
            ("namespace", namespace),
        ] {
            let path = folder.join(file);
            fs::write(&path, content).map_err(|source| StartError::File {
                act: "write",
                path,
                source,
            })?;
        }
        let words: Vec<OsString> = ["unshare", "--mount", "--", "sh", "-c", SCRIPT, "sh"]
            .map(OsString::from)
            .into();
        let port = self.endpoint.port().to_string();
        Ok(self
            .launch(name, program)
            .through(&words)
            .through(&[folder.into_os_string()])
            .variable("KUBERNETES_SERVICE_HOST", "127.0.0.1")
            .variable("KUBERNETES_SERVICE_PORT", port)
            .variable("POD_NAMESPACE", namespace))
    }
}
