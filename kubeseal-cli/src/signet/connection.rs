//! The cluster of the kubeconfig, with the rights of whoever asks.

use cluster::{ApiError, Cluster, Clusters};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Api;

use super::error::Error;
use crate::kubeconfig::{self, ClientNamespace, ClusterFlags};
use crate::network::install_cryptography;

/// An API server, and the namespace that is meant where none is named.
pub(super) struct Connection {
    clusters: Clusters,
    /// Its address, without anything that may be a credential.
    server: String,
    pub(super) namespace: String,
}

impl Connection {
    /// Connects as the flags say; no request is made yet.
    pub(super) async fn open(flags: &ClusterFlags) -> Result<Self, Error> {
        install_cryptography();
        let failed = |source| Error::Kubeconfig { source };
        let namespace = match kubeconfig::client_namespace(flags).map_err(failed)? {
            Some(ClientNamespace::Given(name) | ClientNamespace::Configured(name)) => name,
            None => "default".to_owned(),
        };
        let config = kubeconfig::config(flags).await.map_err(failed)?;
        let server = address(&config.cluster_url);
        let clusters = Clusters::new(config).map_err(|source| Error::Connect { source })?;
        Ok(Self {
            clusters,
            server,
            namespace,
        })
    }

    /// Names the API server in a failure to reach it.
    pub(super) fn name(&self, error: Error) -> Error {
        match error {
            Error::Cluster { source } if is_out_of_reach(&source) => Error::Reach {
                server: self.server.clone(),
                source: Box::new(source),
            },
            error => error,
        }
    }

    pub(super) fn cluster(&self) -> &Cluster {
        self.clusters.own()
    }

    /// Whether whoever asks may get the Secrets of a namespace.
    pub(super) async fn may_get_secrets(&self, namespace: &str) -> Result<bool, Error> {
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(ResourceAttributes {
                    namespace: Some(namespace.to_owned()),
                    verb: Some("get".to_owned()),
                    resource: Some("secrets".to_owned()),
                    ..ResourceAttributes::default()
                }),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        let reviews: Api<SelfSubjectAccessReview> = Api::all(self.cluster().client().clone());
        let answer = reviews
            .create(&kube::api::PostParams::default(), &review)
            .await;
        let answer = answer.map_err(|source| Error::AskRights {
            source: Box::new(source),
        })?;
        Ok(answer.status.is_some_and(|status| status.allowed))
    }
}

fn is_out_of_reach(error: &ApiError) -> bool {
    matches!(
        error,
        ApiError::Unreachable { .. }
            | ApiError::NoAnswer { .. }
            | ApiError::DiscoverInTime { .. }
            | ApiError::Discover { .. }
    )
}

/// Returns the address without user and password, path and query.
fn address(url: &http::Uri) -> String {
    let scheme = url.scheme_str().unwrap_or("https");
    let host = url.host().unwrap_or_default();
    match url.port_u16() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}
