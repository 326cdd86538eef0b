//! The cluster: one that was just built, or one at hand.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use components::ControlPlane;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client, Config};
use serde_json::{Value, json};

/// How long the controller's token is valid, so that `--keep` may last a working day.
const TOKEN_SECONDS: i64 = 12 * 60 * 60;

/// A cluster and the rights of whoever runs the demo. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Cluster {
    client: Client,
    /// The API server, as a kubeconfig has it.
    server: Value,
    /// The control plane that stops with the last clone.
    own: Option<Arc<ControlPlane>>,
}

/// Whether an object was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Created {
    /// It is new.
    New,
    /// It was there, and was left as it is.
    Present,
}

impl Cluster {
    /// Starts a control plane.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub(crate) async fn build() -> anyhow::Result<Self> {
        let own = tokio::task::spawn_blocking(ControlPlane::start).await??;
        let kubeconfig = Kubeconfig::read_from(own.kubeconfig())?;
        let mut cluster = Self::connect(kubeconfig, KubeConfigOptions::default()).await?;
        cluster.own = Some(Arc::new(own));
        Ok(cluster)
    }

    /// Connects to the cluster of a kubeconfig context.
    ///
    /// # Errors
    ///
    /// When there is no such context, or the cluster does not answer.
    pub(crate) async fn at_hand(context: &str) -> anyhow::Result<Self> {
        let kubeconfig = Kubeconfig::read().context("failed to read the kubeconfig")?;
        let options = KubeConfigOptions {
            context: Some(context.to_owned()),
            ..KubeConfigOptions::default()
        };
        let cluster = Self::connect(kubeconfig, options).await?;
        cluster
            .client
            .apiserver_version()
            .await
            .with_context(|| format!("the cluster of context {context:?} does not answer"))?;
        Ok(cluster)
    }

    async fn connect(kubeconfig: Kubeconfig, options: KubeConfigOptions) -> anyhow::Result<Self> {
        let name = options
            .context
            .as_ref()
            .or(kubeconfig.current_context.as_ref())
            .context("the kubeconfig has no current context")?;
        let server = serde_json::to_value(server(&kubeconfig, name)?)?;
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await?;
        Ok(Self {
            client: Client::try_from(config)?,
            server,
            own: None,
        })
    }

    /// Returns the control plane, when the demo built it.
    pub(crate) fn own(&self) -> Option<&ControlPlane> {
        self.own.as_deref()
    }

    /// Returns the client underneath.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Creates an object unless one of its name is there.
    ///
    /// # Errors
    ///
    /// When the API server refuses.
    pub(crate) async fn create(&self, object: &Value) -> anyhow::Result<Created> {
        let (api, name) = self.api(object)?;
        let typed: DynamicObject = serde_json::from_value(object.clone())?;
        match api.create(&PostParams::default(), &typed).await {
            Ok(_) => Ok(Created::New),
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(Created::Present),
            Err(error) => Err(error).with_context(|| format!("failed to create {name:?}")),
        }
    }

    /// Merges a patch into an object; one that is gone needs none.
    ///
    /// # Errors
    ///
    /// When the API server refuses.
    pub(crate) async fn merge(&self, object: &Value, patch: &Value) -> anyhow::Result<()> {
        let (api, name) = self.api(object)?;
        match api
            .patch(&name, &PatchParams::default(), &Patch::Merge(patch))
            .await
        {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(error).with_context(|| format!("failed to change {name:?}")),
        }
    }

    /// Asks for an object's deletion; one that is gone is deleted.
    ///
    /// # Errors
    ///
    /// When the API server refuses.
    pub(crate) async fn delete(&self, object: &Value) -> anyhow::Result<()> {
        let (api, name) = self.api(object)?;
        match api.delete(&name, &DeleteParams::background()).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(error).with_context(|| format!("failed to delete {name:?}")),
        }
    }

    /// Returns the object as it is now, if it is there.
    ///
    /// # Errors
    ///
    /// When the API server refuses.
    pub(crate) async fn live(&self, object: &Value) -> anyhow::Result<Option<DynamicObject>> {
        let (api, name) = self.api(object)?;
        Ok(api.get_opt(&name).await?)
    }

    /// Returns all objects of a kind in a namespace.
    ///
    /// # Errors
    ///
    /// When the API server refuses.
    pub(crate) async fn list(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
    ) -> anyhow::Result<Vec<DynamicObject>> {
        let sample = json!({ "apiVersion": api_version, "kind": kind, "metadata": {
            "name": "any", "namespace": namespace,
        } });
        let (api, _) = self.api(&sample)?;
        Ok(api.list(&kube::api::ListParams::default()).await?.items)
    }

    /// Sends an object that is only asked about, and returns the answer.
    ///
    /// # Errors
    ///
    /// When the API server refuses.
    pub(crate) async fn review(&self, object: &Value) -> anyhow::Result<Value> {
        let api = Api::<DynamicObject>::all_with(self.client.clone(), &resource(object)?);
        let typed: DynamicObject = serde_json::from_value(object.clone())?;
        let answer = api.create(&PostParams::default(), &typed).await?;
        Ok(answer.data)
    }

    /// Writes a kubeconfig that speaks as a ServiceAccount.
    ///
    /// # Errors
    ///
    /// When there is no such account, or the file cannot be written.
    pub(crate) async fn account_kubeconfig(
        &self,
        namespace: &str,
        name: &str,
        folder: &Path,
    ) -> anyhow::Result<PathBuf> {
        let request = TokenRequest {
            spec: Some(TokenRequestSpec {
                expiration_seconds: Some(TOKEN_SECONDS),
                ..TokenRequestSpec::default()
            }),
            ..TokenRequest::default()
        };
        let answer = Api::<ServiceAccount>::namespaced(self.client.clone(), namespace)
            .create_token_request(name, &PostParams::default(), &request)
            .await
            .context("failed to get a token for the controller")?;
        let token = answer.status.map(|status| status.token);
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "demo",
            "clusters": [{ "name": "demo", "cluster": self.server }],
            "users": [{ "name": "demo", "user": { "token": token } }],
            "contexts": [{ "name": "demo", "context": {
                "cluster": "demo", "user": "demo", "namespace": namespace,
            } }],
        });
        let path = folder.join("controller.kubeconfig");
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)?;
        file.write_all(kubeconfig.to_string().as_bytes())?;
        Ok(path)
    }

    fn api(&self, object: &Value) -> anyhow::Result<(Api<DynamicObject>, String)> {
        let metadata = &object["metadata"];
        let name = metadata["name"]
            .as_str()
            .context("the object has no name")?;
        let resource = resource(object)?;
        let client = self.client.clone();
        let api = match metadata["namespace"].as_str() {
            Some(namespace) => Api::namespaced_with(client, namespace, &resource),
            None => Api::all_with(client, &resource),
        };
        Ok((api, name.to_owned()))
    }
}

/// Returns the API server of a kubeconfig's context.
fn server<'a>(kubeconfig: &'a Kubeconfig, name: &str) -> anyhow::Result<&'a kube::config::Cluster> {
    let contexts = &kubeconfig.contexts;
    let context = contexts
        .iter()
        .find(|named| named.name == name)
        .with_context(|| {
            let known: Vec<_> = contexts.iter().map(|named| named.name.as_str()).collect();
            format!(
                "the kubeconfig has no context {name:?}; hint: it has {}",
                if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                }
            )
        })?;
    let wanted = context
        .context
        .as_ref()
        .map(|context| context.cluster.as_str())
        .unwrap_or_default();
    kubeconfig
        .clusters
        .iter()
        .find(|named| named.name == wanted)
        .and_then(|named| named.cluster.as_ref())
        .with_context(|| {
            format!(
                "context {name:?} names the cluster {wanted:?}, which the kubeconfig does not have"
            )
        })
}

fn resource(object: &Value) -> anyhow::Result<ApiResource> {
    let api_version = object["apiVersion"].as_str().context("no apiVersion")?;
    let kind = object["kind"].as_str().context("no kind")?;
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    Ok(ApiResource::from_gvk(&GroupVersionKind::gvk(
        group, version, kind,
    )))
}

#[cfg(test)]
mod tests;
