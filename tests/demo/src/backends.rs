//! Where the repository and the values live: a Git server, OpenBao, and AWS Secrets Manager (moto).

use std::sync::Arc;

use anyhow::Context;
use components::{GitServer, Moto, OpenBao, Repository};
use secret_bytes::SecretBytes;
use serde_json::{Value, json};

use crate::folder;

/// What a client signs in to the stores with.
pub(crate) struct Credentials {
    /// A token that may read the demo's secrets and nothing else.
    pub(crate) vault_token: SecretBytes,
    /// An access key id.
    pub(crate) access_key_id: SecretBytes,
    /// The key to it.
    pub(crate) secret_access_key: SecretBytes,
}

/// The running servers. Cloning is cheap; the last clone stops them.
#[derive(Clone)]
pub(crate) struct Backends {
    servers: Arc<Servers>,
}

struct Servers {
    vault: OpenBao,
    aws: Moto,
    repository: Repository,
    #[expect(dead_code, reason = "stops the server when dropped")]
    git: GitServer,
}

impl Backends {
    /// Starts the servers.
    ///
    /// # Errors
    ///
    /// When one of them does not start.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let vault = tokio::task::spawn_blocking(OpenBao::start);
        let aws = tokio::task::spawn_blocking(Moto::start);
        let git = tokio::task::spawn_blocking(GitServer::start);
        let (vault, aws, git) = (vault.await??, aws.await??, git.await??);
        let repository = git.create_repository("team/app")?;
        let servers = Arc::new(Servers {
            vault,
            aws,
            repository,
            git,
        });
        Ok(Self { servers })
    }

    /// Puts a value into each store, and returns what a client needs to read it.
    ///
    /// # Errors
    ///
    /// When a store refuses.
    pub(crate) async fn fill(
        &self,
        vaulted: Arc<SecretBytes>,
        managed: Arc<SecretBytes>,
    ) -> anyhow::Result<Credentials> {
        self.put_into_vault(vaulted).await?;
        self.with(move |servers| {
            // EXPOSE: the store is where the value is meant to be.
            let body =
                json!({ "Name": folder::MANAGED_KEY, "SecretString": managed.expose_str()? });
            let target = "secretsmanager.CreateSecret";
            servers.aws.call("secretsmanager", target, &body)?;
            let rule = "path \"secret/data/demo/*\" { capabilities = [\"read\"] }";
            servers.vault.write_policy("demo", rule)?;
            let body = json!({ "policies": ["demo"], "ttl": "24h" });
            let answer = servers
                .vault
                .request("POST", "auth/token/create", Some(&body))?;
            let token = answer["auth"]["client_token"].as_str();
            let environment = servers.aws.environment();
            let variable = |name: &str| {
                let found = environment.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| SecretBytes::from(value.clone()))
            };
            Ok(Credentials {
                vault_token: token.context("OpenBao gave no token")?.to_owned().into(),
                access_key_id: variable("AWS_ACCESS_KEY_ID").context("no access key id")?,
                secret_access_key: variable("AWS_SECRET_ACCESS_KEY").context("no access key")?,
            })
        })
        .await
    }

    /// Puts a value into OpenBao, over the one that is there.
    ///
    /// # Errors
    ///
    /// When it refuses.
    pub(crate) async fn put_into_vault(&self, value: Arc<SecretBytes>) -> anyhow::Result<()> {
        self.with(move |servers| {
            // EXPOSE: the vault is where the value is meant to be.
            let data: Value = json!({ folder::VAULT_PROPERTY: value.expose_str()? });
            Ok(servers.vault.put_secret(folder::VAULT_KEY, &data)?)
        })
        .await
    }

    /// Commits files and pushes them.
    ///
    /// # Errors
    ///
    /// When git fails.
    pub(crate) async fn commit(
        &self,
        files: Vec<(String, String)>,
        message: &'static str,
    ) -> anyhow::Result<()> {
        self.with(move |servers| {
            let files: Vec<(&str, &str)> = files
                .iter()
                .map(|(path, content)| (path.as_str(), content.as_str()))
                .collect();
            servers.repository.commit(&files, message)?;
            Ok(())
        })
        .await
    }

    /// Returns the repository's URL.
    pub(crate) fn repository(&self) -> &str {
        self.servers.repository.url()
    }

    /// Returns OpenBao's URL.
    pub(crate) fn vault(&self) -> String {
        self.servers.vault.url()
    }

    /// Returns the region of Secrets Manager.
    pub(crate) fn region(&self) -> &'static str {
        self.servers.aws.region()
    }

    /// Returns where Secrets Manager is.
    pub(crate) fn aws(&self) -> String {
        self.servers.aws.url()
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Servers) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let servers = Arc::clone(&self.servers);
        tokio::task::spawn_blocking(move || work(&servers)).await?
    }
}
