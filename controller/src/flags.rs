//! The command line, as typed.
//!
//! What the sealed-secrets controller knows under a name is accepted under that name, on the
//! command line and as `SEALED_SECRETS_…` in the environment, so that an existing Deployment keeps
//! its arguments. Flags that would change nothing here are refused.

mod upstream;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgAction, Parser, ValueEnum};
use jiff::Timestamp;
use sealing::KeyOrder;

pub(crate) use upstream::Pairs;

/// Reconcile SealedSecrets, SOPS files, ExternalSecrets and Git repositories into a cluster
#[derive(Debug, Clone, Parser)]
#[command(name = "signet-controller", version, about, args_override_self = true)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch that people know by its name"
)]
#[expect(
    clippy::doc_markdown,
    reason = "the text is the help of the command line"
)]
pub struct Flags {
    /// Families to serve; can be repeated or given as a comma-separated list
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        env = "SIGNET_ENABLE",
        default_value = "sealed-secrets,sops,external-secrets,flux,argo"
    )]
    pub enable: Vec<Family>,

    /// Namespace the controller runs in: sealing keys and the leader lease live there
    #[arg(long, env = "POD_NAMESPACE", default_value = "signet-system")]
    pub namespace: String,

    /// Serve only the objects of this namespace, and those that are in none [default: all]
    #[arg(long, env = "SIGNET_WATCH_NAMESPACE")]
    pub watch_namespace: Option<String>,

    /// Name of this replica; it must differ between replicas
    #[arg(long, env = "POD_NAME", default_value = "signet-controller")]
    pub identity: String,

    /// Address of the HTTP API: /healthz, /v1/cert.pem, /v1/verify, /v1/rotate
    #[arg(long, alias = "listen-addr", env = "SIGNET_LISTEN", default_value = "0.0.0.0:8080", value_parser = upstream::address)]
    pub listen: SocketAddr,

    /// Address of /metrics
    #[arg(long, alias = "listen-metrics-addr", env = "SIGNET_METRICS_LISTEN", default_value = "0.0.0.0:8081", value_parser = upstream::address)]
    pub metrics_listen: SocketAddr,

    /// Address on which artifacts are served to other controllers
    #[arg(long, env = "SIGNET_ARTIFACT_LISTEN", default_value = "0.0.0.0:9090")]
    pub artifact_listen: SocketAddr,

    /// Host (and port) under which others reach --artifact-listen
    #[arg(
        long,
        env = "SIGNET_ARTIFACT_HOST",
        default_value = "source-controller.signet-system.svc.cluster.local."
    )]
    pub artifact_host: String,

    /// Folder for artifacts, which hold what is in Git and no plaintext; it survives a restart
    #[arg(long, env = "SIGNET_DATA_DIR", default_value = "/data")]
    pub data_dir: PathBuf,

    /// Elect a leader among replicas before writing anything
    #[arg(long, env = "SIGNET_LEADER_ELECT", default_value_t = true, action = clap::ArgAction::Set)]
    pub leader_elect: bool,

    /// How much to log: error, warn, info, debug, trace, or a filter such as `info,controller=debug`
    #[arg(long, env = "SIGNET_LOG_LEVEL", default_value = "info")]
    pub log_level: String,

    /// Form of the log
    #[arg(long, value_enum, env = "SIGNET_LOG_FORMAT", default_value = "json")]
    pub log_format: LogFormat,

    /// Refuse references to objects in other namespaces
    #[arg(long, env = "SIGNET_NO_CROSS_NAMESPACE_REFS")]
    pub no_cross_namespace_refs: bool,

    /// ServiceAccount a unit uses when it names none; without one the controller's own rights count
    #[arg(long, env = "SIGNET_DEFAULT_SERVICE_ACCOUNT")]
    pub default_service_account: Option<String>,

    /// Namespace of Applications, AppProjects and the Secrets of repositories
    #[arg(long, env = "SIGNET_ARGO_NAMESPACE", default_value = api::names::argo::NAMESPACE)]
    pub argo_namespace: String,

    /// Other namespaces Applications may be in, where their project says so, too; can be repeated or
    /// given as a comma-separated list, with `*` for any part of a name
    #[arg(long, value_delimiter = ',', env = "SIGNET_APPLICATION_NAMESPACES")]
    pub application_namespaces: Vec<String>,

    /// How often the repositories of Applications are asked; up to two fifths more, at random
    #[arg(long, env = "SIGNET_APPLICATION_INTERVAL", default_value = "2m", value_parser = duration)]
    pub application_interval: std::time::Duration,

    /// Pause between two waves of a sync
    #[arg(long, env = "SIGNET_SYNC_WAVE_DELAY", default_value = "2s", value_parser = duration)]
    pub sync_wave_delay: std::time::Duration,

    /// Class of this controller: stores of another class are left alone
    #[arg(long, env = "SIGNET_CONTROLLER_CLASS", default_value = "default")]
    pub controller_class: String,

    /// How often a store is checked that does not say so itself
    #[arg(long, env = "SIGNET_STORE_REQUEUE_INTERVAL", default_value = "5m", value_parser = duration)]
    pub store_requeue_interval: std::time::Duration,

    /// Read from stores only while they are ready
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true", action = ArgAction::Set, value_parser = upstream::boolean)]
    pub enable_flood_gate: bool,

    /// Prefix of the names of sealing keys
    #[arg(long, env = "SIGNET_KEY_PREFIX", default_value = api::names::sealed_secrets::KEY_PREFIX, value_parser = upstream::prefix)]
    pub key_prefix: String,

    /// How long a sealing key seals before the next one takes over; 0 makes no new keys
    #[arg(long, alias = "rotate-period", env = "SIGNET_KEY_RENEW_PERIOD", default_value = "720h", value_parser = duration)]
    pub key_renew_period: std::time::Duration,

    /// How long a sealing certificate is valid
    #[arg(long, env = "SIGNET_KEY_TTL", default_value = "87600h", value_parser = duration)]
    pub key_ttl: std::time::Duration,

    /// RSA key size of new sealing keys, in bits
    #[arg(long, env = "SIGNET_KEY_SIZE", default_value_t = 4096)]
    pub key_size: u32,

    /// Make one new sealing key when the newest is older than this time (as `date -R` prints it)
    #[arg(long, value_parser = upstream::time)]
    pub key_cutoff_time: Option<Timestamp>,

    /// What makes a sealing key the newest: CertNotBefore or SecretCreationTimestamp
    #[arg(long, default_value_t)]
    pub key_order_priority: KeyOrder,

    /// Name in new sealing certificates
    #[arg(long, default_value = "")]
    pub my_cn: String,

    /// Annotations of the Secrets of new sealing keys, as `key=value,key=value`
    #[arg(long, default_value = "")]
    pub privatekey_annotations: Pairs,

    /// Labels of the Secrets of new sealing keys, as `key=value,key=value`
    #[arg(long, default_value = "")]
    pub privatekey_labels: Pairs,

    /// Requests to /v1/verify that a client may send in a second, on average
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_limit: u32,

    /// Requests to /v1/verify that a client may send at once, beside the first
    #[arg(long, default_value_t = 2)]
    pub rate_limit_burst: u32,

    /// Leave Secrets that somebody deleted deleted, until their SealedSecret changes
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = ArgAction::Set, value_parser = upstream::boolean)]
    pub skip_recreate: bool,

    /// Write the status of SealedSecrets
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true", action = ArgAction::Set, value_parser = upstream::boolean)]
    pub update_status: bool,

    /// Tell no metric that names a SealedSecret
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = ArgAction::Set, value_parser = upstream::boolean)]
    pub metrics_omit_secret_labels: bool,
}

/// A family of kinds that can be switched on by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Family {
    /// SealedSecret and the sealing keys
    SealedSecrets,
    /// Decryption of SOPS files in repositories
    Sops,
    /// ExternalSecret, SecretStore and ClusterSecretStore
    ExternalSecrets,
    /// GitRepository and Kustomization
    Flux,
    /// Application and its projects
    Argo,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line
    Json,
    /// For people
    Text,
}

impl Flags {
    /// Reads the command line and the environment; the command line wins.
    pub fn from_process() -> Self {
        Self::parse_from(upstream::arguments(std::env::args_os(), |name| {
            std::env::var_os(name)
        }))
    }

    /// Whether a family is switched on.
    pub fn enables(&self, family: Family) -> bool {
        self.enable.contains(&family)
    }

    /// Whether a family is switched on that makes manifests of repositories.
    pub fn renders(&self) -> bool {
        self.enables(Family::Flux) || self.enables(Family::Argo)
    }
}

/// Reads a Go duration that is not negative.
fn duration(text: &str) -> Result<std::time::Duration, String> {
    let duration: api::GoDuration = text.parse().map_err(|error| format!("{error}"))?;
    duration
        .to_std()
        .ok_or_else(|| format!("{text:?} is negative"))
}

#[cfg(test)]
mod tests;
