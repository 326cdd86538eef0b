//! One API server, seen with different rights.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kube::{Client, Config};

use crate::conceal::Concealer;
use crate::error::ApiError;
use crate::gate::{Gate, Party};
use crate::resources::Resources;
use crate::versions::Versions;

/// How many requests may be in flight at once, over all identities.
///
/// More does not make the API server faster, it makes its queue longer.
const IN_FLIGHT: usize = 64;

/// How many requests that get no answer for a while may be under way besides.
const ASIDE: usize = 256;

/// How long a connection may be silent. Watches are ended by the API server before that.
const SILENCE: Duration = Duration::from_secs(295);

/// How many impersonated clients are kept before the least recently made one is let go.
const KEPT_IDENTITIES: usize = 256;

/// Whose rights a request uses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Identity {
    /// The process's own.
    Own,
    /// A ServiceAccount's, by impersonation.
    ServiceAccount {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

/// Hands out the API server as each identity may see it; discovery and limits are shared.
pub struct Clusters {
    config: Config,
    own: Cluster,
    impersonated: Mutex<HashMap<Identity, Cluster>>,
}

/// The API server with one identity's rights. Cloning is cheap and shares connections.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    pub(crate) resources: Arc<Resources>,
    pub(crate) concealer: Arc<Concealer>,
    pub(crate) versions: Arc<Versions>,
    pub(crate) in_flight: Arc<Gate>,
    pub(crate) party: Party,
}

impl Clusters {
    /// Connects with a configuration; no request is made yet.
    ///
    /// # Errors
    ///
    /// When the configuration's TLS material or credentials cannot be used.
    pub fn new(mut config: Config) -> Result<Self, ApiError> {
        // The client's default waits for ever on a server that went away without a word.
        config.read_timeout.get_or_insert(SILENCE);
        config.reset_reader_on_write = true;
        let client = Client::try_from(config.clone()).map_err(|source| ApiError::Connect {
            source: Box::new(source),
        })?;
        Ok(Self {
            config,
            own: Cluster::of(client)?,
            impersonated: Mutex::default(),
        })
    }

    /// Returns the API server with the process's own rights.
    pub fn own(&self) -> &Cluster {
        &self.own
    }

    /// Returns the API server with an identity's rights.
    ///
    /// # Errors
    ///
    /// When no client can be made from the configuration.
    pub fn with_rights_of(&self, identity: &Identity) -> Result<Cluster, ApiError> {
        let Identity::ServiceAccount { namespace, name } = identity else {
            return Ok(self.own.clone());
        };
        let mut impersonated = self
            .impersonated
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(cluster) = impersonated.get(identity) {
            return Ok(cluster.clone());
        }
        let mut config = self.config.clone();
        config.auth_info.impersonate = Some(format!("system:serviceaccount:{namespace}:{name}"));
        let client = Client::try_from(config).map_err(|source| ApiError::Connect {
            source: Box::new(source),
        })?;
        let cluster = Cluster {
            client,
            ..self.own.clone()
        };
        if impersonated.len() >= KEPT_IDENTITIES {
            impersonated.clear();
        }
        impersonated.insert(identity.clone(), cluster.clone());
        Ok(cluster)
    }
}

impl Cluster {
    fn of(client: Client) -> Result<Self, ApiError> {
        Ok(Self {
            resources: Arc::new(Resources::new(client.clone())),
            concealer: Arc::new(Concealer::new()?),
            versions: Arc::default(),
            in_flight: Gate::new(IN_FLIGHT, ASIDE),
            party: Party::default(),
            client,
        })
    }

    /// Returns an API server that a test plays.
    #[cfg(test)]
    pub(crate) fn of_service<S>(service: S) -> Self
    where
        S: tower::Service<
                http::Request<kube::client::Body>,
                Response = http::Response<kube::client::Body>,
                Error = std::io::Error,
                Future: Send + 'static,
            > + Send
            + 'static,
    {
        // INVARIANT: `of` makes no request, and fails only where the system has no random bytes.
        Self::of(Client::new(service, "default")).expect("because random bytes can be drawn")
    }

    /// Returns the same for the requests of one unit: units take turns, and namespaces before them.
    #[must_use]
    pub fn on_behalf_of(mut self, namespace: &str, unit: &str) -> Self {
        self.party = Party {
            namespace: namespace.into(),
            unit: unit.into(),
        };
        self
    }

    /// Returns the client underneath, for typed reads and watches.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns what replaces the values of Secrets in everything read through this cluster.
    pub fn concealer(&self) -> &Concealer {
        &self.concealer
    }
}
