//! The cluster of the kubeconfig, with the rights of whoever asks.

use cluster::{Cluster, Clusters};
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
        let clusters = Clusters::new(config).map_err(|source| Error::Connect { source })?;
        Ok(Self {
            clusters,
            namespace,
        })
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
