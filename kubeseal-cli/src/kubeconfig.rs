//! How to reach a cluster: the kubeconfig with the flags laid over it, for every tool that needs one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgAction, Args};
use kube::Config;
use kube::config::{
    AuthInfo, Cluster, Context, KubeConfigOptions, Kubeconfig, KubeconfigError, NamedAuthInfo,
    NamedCluster, NamedContext,
};

const SERVICE_ACCOUNT_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// How to reach the cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub(crate) struct ClusterFlags {
    /// Kubeconfig file
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// User to impersonate
    #[arg(long = "as", value_name = "USER")]
    pub(crate) impersonate: Option<String>,
    /// Group to impersonate. Can be repeated
    #[arg(long = "as-group", action = ArgAction::Append, value_name = "GROUP")]
    pub(crate) impersonate_groups: Vec<String>,
    /// UID to impersonate
    #[arg(long = "as-uid", value_name = "UID")]
    pub(crate) impersonate_uid: Option<String>,
    /// Certificate authority of the API server
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate_authority: Option<String>,
    /// Client certificate
    #[arg(long, value_name = "FILE")]
    pub(crate) client_certificate: Option<String>,
    /// Key of the client certificate
    #[arg(long, value_name = "FILE")]
    pub(crate) client_key: Option<String>,
    /// Cluster of the kubeconfig to use
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<String>,
    /// Context of the kubeconfig to use
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// Do not ask for compressed answers
    #[arg(long)]
    pub(crate) disable_compression: bool,
    /// Do not check the certificate of the API server
    #[arg(long)]
    pub(crate) insecure_skip_tls_verify: bool,
    /// Namespace, where nothing else names one
    #[arg(short = 'n', long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// Password for basic authentication
    #[arg(long, value_name = "PASSWORD")]
    pub(crate) password: Option<String>,
    /// Proxy to reach the API server through
    #[arg(long, value_name = "URL")]
    pub(crate) proxy_url: Option<String>,
    /// Time limit of one request, such as 1s or 2m; 0 for none
    #[arg(long, default_value = "0", value_name = "DURATION")]
    pub(crate) request_timeout: String,
    /// Address of the API server
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// Name to expect in the API server's certificate
    #[arg(long, value_name = "NAME")]
    pub(crate) tls_server_name: Option<String>,
    /// Bearer token
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: Option<String>,
    /// User of the kubeconfig to use
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// User name for basic authentication
    #[arg(long, value_name = "NAME")]
    pub(crate) username: Option<String>,
}

/// Why no way to reach a cluster is known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("failed to read the kubeconfig")]
    Kubeconfig { source: Box<KubeconfigError> },
    #[error("invalid configuration: {reason}")]
    Configuration { reason: String },
    #[error(
        "invalid configuration: no configuration has been provided{}; give a kubeconfig with \
         --kubeconfig or KUBECONFIG",
        not_there(absent.as_deref())
    )]
    NoConfiguration {
        /// The kubeconfig that was looked for.
        absent: Option<PathBuf>,
    },
}

/// The namespace to work in, and whether the user named it on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClientNamespace {
    Given(String),
    Configured(String),
}

/// Returns the namespace to work in; none when there is no configuration at all.
pub(crate) fn client_namespace(flags: &ClusterFlags) -> Result<Option<ClientNamespace>, Error> {
    if let Some(given) = &flags.namespace {
        return Ok(Some(ClientNamespace::Given(given.clone())));
    }
    let kubeconfig = kubeconfig(flags)?;
    let of_context = kubeconfig.as_ref().and_then(|kubeconfig| {
        let current = flags
            .context
            .as_ref()
            .or(kubeconfig.current_context.as_ref())?;
        let context = kubeconfig
            .contexts
            .iter()
            .find(|context| context.name == *current)?;
        context
            .context
            .as_ref()?
            .namespace
            .clone()
            .filter(|name| !name.is_empty())
    });
    let found = of_context.or_else(namespace_of_pod).or_else(|| {
        kubeconfig
            .is_some_and(|kubeconfig| !kubeconfig.clusters.is_empty())
            .then(|| "default".to_owned())
    });
    Ok(found.map(ClientNamespace::Configured))
}

fn namespace_of_pod() -> Option<String> {
    std::env::var_os("KUBERNETES_SERVICE_HOST")?;
    std::env::var("POD_NAMESPACE")
        .or_else(|_| std::fs::read_to_string(Path::new(SERVICE_ACCOUNT_NAMESPACE)))
        .ok()
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
}

/// Returns how to connect.
pub(crate) async fn config(flags: &ClusterFlags) -> Result<Config, Error> {
    let timeout = timeout(&flags.request_timeout)?;
    let mut config = match kubeconfig(flags)? {
        Some(kubeconfig) if is_usable(&kubeconfig, flags) => {
            from_kubeconfig(kubeconfig, flags).await?
        }
        _ => Config::incluster().map_err(|_| Error::NoConfiguration { absent: absent() })?,
    };
    // The client would ask a Service without endpoints for minutes; people want its answer now.
    config.default_retry = false;
    if let Some(timeout) = timeout {
        config.connect_timeout = Some(timeout);
        config.read_timeout = Some(timeout);
    }
    Ok(config)
}

/// Returns the kubeconfig that was looked for where none is named, and that cannot be read.
fn absent() -> Option<PathBuf> {
    match Kubeconfig::read() {
        Err(KubeconfigError::ReadConfig(_, path)) => Some(path),
        _ => None,
    }
}

fn not_there(absent: Option<&Path>) -> String {
    absent.map_or_else(String::new, |path| {
        format!(" and {} cannot be read", path.display())
    })
}

fn is_usable(kubeconfig: &Kubeconfig, flags: &ClusterFlags) -> bool {
    !kubeconfig.clusters.is_empty() || flags.server.is_some()
}

fn kubeconfig(flags: &ClusterFlags) -> Result<Option<Kubeconfig>, Error> {
    let read = match &flags.kubeconfig {
        Some(path) if !path.as_os_str().is_empty() => Kubeconfig::read_from(path),
        _ => Kubeconfig::read(),
    };
    match read {
        Ok(kubeconfig) => Ok(Some(kubeconfig)),
        Err(KubeconfigError::FindPath | KubeconfigError::ReadConfig(..))
            if flags.kubeconfig.is_none() =>
        {
            Ok(flags.server.is_some().then(Kubeconfig::default))
        }
        Err(source) => Err(Error::Kubeconfig {
            source: Box::new(source),
        }),
    }
}

/// Lays the flags over the context they choose, under names of our own.
async fn from_kubeconfig(
    mut kubeconfig: Kubeconfig,
    flags: &ClusterFlags,
) -> Result<Config, Error> {
    const OVERLAID: &str = "with flags";
    let current = flags
        .context
        .as_ref()
        .or(kubeconfig.current_context.as_ref())
        .cloned();
    let context = current.as_ref().and_then(|name| {
        kubeconfig
            .contexts
            .iter()
            .find(|context| context.name == *name)?
            .context
            .clone()
    });
    if let (Some(name), None) = (&flags.context, &context) {
        return Err(Error::Configuration {
            reason: format!("context {name:?} does not exist"),
        });
    }
    let context = context.unwrap_or_default();
    let cluster_name = flags.cluster.as_ref().unwrap_or(&context.cluster);
    let user_name = flags.user.as_ref().or(context.user.as_ref());
    let cluster = kubeconfig
        .clusters
        .iter()
        .find(|cluster| cluster.name == *cluster_name);
    let user = kubeconfig
        .auth_infos
        .iter()
        .find(|user| Some(&user.name) == user_name);
    let cluster = overlaid_cluster(cluster.and_then(|c| c.cluster.clone()), flags);
    let user = overlaid_user(user.and_then(|user| user.auth_info.clone()), flags);
    kubeconfig.clusters.push(NamedCluster {
        name: OVERLAID.to_owned(),
        cluster: Some(cluster),
        ..NamedCluster::default()
    });
    kubeconfig.auth_infos.push(NamedAuthInfo {
        name: OVERLAID.to_owned(),
        auth_info: Some(user),
        ..NamedAuthInfo::default()
    });
    kubeconfig.contexts.push(NamedContext {
        name: OVERLAID.to_owned(),
        context: Some(Context {
            cluster: OVERLAID.to_owned(),
            user: Some(OVERLAID.to_owned()),
            ..context
        }),
        ..NamedContext::default()
    });
    let options = KubeConfigOptions {
        context: Some(OVERLAID.to_owned()),
        ..KubeConfigOptions::default()
    };
    Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|source| Error::Kubeconfig {
            source: Box::new(source),
        })
}

fn overlaid_cluster(cluster: Option<Cluster>, flags: &ClusterFlags) -> Cluster {
    let mut cluster = cluster.unwrap_or_default();
    overlay(&mut cluster.server, flags.server.as_ref());
    overlay(&mut cluster.proxy_url, flags.proxy_url.as_ref());
    overlay(&mut cluster.tls_server_name, flags.tls_server_name.as_ref());
    if let Some(path) = &flags.certificate_authority {
        cluster.certificate_authority = Some(path.clone());
        cluster.certificate_authority_data = None;
    }
    if flags.insecure_skip_tls_verify {
        cluster.insecure_skip_tls_verify = Some(true);
    }
    if flags.disable_compression {
        cluster.disable_compression = Some(true);
    }
    cluster
}

fn overlaid_user(user: Option<AuthInfo>, flags: &ClusterFlags) -> AuthInfo {
    let mut user = user.unwrap_or_default();
    overlay(&mut user.impersonate, flags.impersonate.as_ref());
    overlay(&mut user.impersonate_uid, flags.impersonate_uid.as_ref());
    overlay(&mut user.username, flags.username.as_ref());
    if !flags.impersonate_groups.is_empty() {
        user.impersonate_groups = Some(flags.impersonate_groups.clone());
    }
    if let Some(password) = &flags.password {
        user.password = Some(password.clone().into());
    }
    if let Some(token) = &flags.token {
        user.token = Some(token.clone().into());
        user.token_file = None;
    }
    if let Some(path) = &flags.client_certificate {
        user.client_certificate = Some(path.clone());
        user.client_certificate_data = None;
    }
    if let Some(path) = &flags.client_key {
        user.client_key = Some(path.clone());
        user.client_key_data = None;
    }
    user
}

fn overlay(field: &mut Option<String>, flag: Option<&String>) {
    if let Some(value) = flag {
        *field = Some(value.clone());
    }
}

/// Reads a time limit; zero is none.
fn timeout(text: &str) -> Result<Option<Duration>, Error> {
    let refused = || Error::Configuration {
        reason: format!("request timeout {text:?} is no duration such as 1s, 2m or 3h"),
    };
    if text.bytes().all(|byte| byte == b'0') {
        return Ok(None);
    }
    let units_from = text
        .find(|character: char| !character.is_ascii_digit())
        .ok_or_else(refused)?;
    let (number, unit) = text.split_at_checked(units_from).ok_or_else(refused)?;
    let number: u64 = number.parse().map_err(|_| refused())?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(refused()),
    };
    Ok(Some(Duration::from_millis(
        number.saturating_mul(milliseconds),
    )))
}

#[cfg(test)]
mod tests;
