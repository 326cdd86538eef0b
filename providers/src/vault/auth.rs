//! Signing in to Vault, and staying signed in.
//!
//! A token that came from a login is kept, renewed before it ends, and replaced when the server no
//! longer knows it. A token from a Secret is used as it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::external_secrets::{SecretKeySelector, VaultAppRoleAuth, VaultAuth, VaultKubernetesAuth};
use reqwest::StatusCode;
use secret_bytes::SecretBytes;
use tokio::sync::Mutex;

use super::api::{Call, VaultApi, json_body};
use crate::credential_resolver::KeyReference;
use crate::{ScopedResolver, SecretsError, json_value};

/// How long a requested service account token should live, as existing clients ask for it.
const SERVICE_ACCOUNT_TOKEN_SECONDS: i64 = 600;

const POD_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// Methods that are known by name and not built in, in the order in which they would be used.
const UNSUPPORTED: [&str; 6] = ["ldap", "userPass", "jwt", "cert", "iam", "gcp"];

/// A store's way to sign in, and the session it leads to.
pub(super) struct Login {
    method: Method,
    namespace: Option<String>,
    resolver: ScopedResolver,
    session: Mutex<Option<Arc<Session>>>,
}

enum Method {
    None,
    Token(SecretKeySelector),
    AppRole(VaultAppRoleAuth),
    Kubernetes(VaultKubernetesAuth),
}

/// A token and how long it is good for.
pub(super) struct Session {
    token: Option<SecretBytes>,
    origin: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// Given by the user: never renewed, never revoked.
    Given,
    /// From a login.
    Login {
        renewable: bool,
        /// When half of its life is over.
        due: Option<Instant>,
        ends: Option<Instant>,
    },
}

impl Login {
    pub(super) fn new(
        auth: Option<&VaultAuth>,
        resolver: &ScopedResolver,
    ) -> Result<Self, SecretsError> {
        Ok(Self {
            method: method(auth)?,
            namespace: auth.and_then(|auth| auth.namespace.clone()),
            resolver: resolver.clone(),
            session: Mutex::new(None),
        })
    }

    /// Returns the current session; signs in or renews when needed. Concurrent callers share it.
    pub(super) async fn session(&self, api: &VaultApi) -> Result<Arc<Session>, SecretsError> {
        let mut current = self.session.lock().await;
        let now = Instant::now();
        if let Some(session) = &*current {
            if !session.is_due(now) {
                return Ok(session.clone());
            }
            if session.can_be_renewed(now)
                && let Ok(renewed) = self.renew(api, session).await
            {
                let renewed = Arc::new(renewed);
                *current = Some(renewed.clone());
                return Ok(renewed);
            }
        }
        let session = Arc::new(self.sign_in(api).await?);
        *current = Some(session.clone());
        Ok(session)
    }

    /// Drops a session that the server refused, unless another caller replaced it already.
    ///
    /// Returns whether signing in again can help: a token that the server still knows was refused
    /// for what it may do, and a fresh one may do no more.
    pub(super) async fn has_lapsed(&self, api: &VaultApi, refused: &Arc<Session>) -> bool {
        if refused.origin == Origin::Given {
            return false;
        }
        let mut current = self.session.lock().await;
        if current
            .as_ref()
            .is_some_and(|current| !Arc::ptr_eq(current, refused))
        {
            return true;
        }
        let still_known = self.look_up(api, refused).await.is_ok();
        if !still_known {
            *current = None;
        }
        !still_known
    }

    /// Asks the server about the session's own token.
    pub(super) async fn look_up(
        &self,
        api: &VaultApi,
        session: &Session,
    ) -> Result<(), SecretsError> {
        let call = Call {
            namespace: self.namespace.as_deref(),
            ..Call::get("auth/token/lookup-self", session.token())
        };
        let reply = api.send(call).await?;
        reply.success("invalid vault credentials").map(drop)
    }

    /// Gives the session's token back, if it came from a login.
    pub(super) async fn end(&self, api: &VaultApi) {
        let session = self.session.lock().await.take();
        if let Some(session) = session
            && session.origin != Origin::Given
        {
            let call = Call {
                namespace: self.namespace.as_deref(),
                ..Call::post(
                    "auth/token/revoke-self",
                    session.token(),
                    SecretBytes::new(b"{}".to_vec()),
                )
            };
            if let Err(error) = api.send(call).await {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "vault token was not revoked and ends on its own"
                );
            }
        }
    }

    async fn sign_in(&self, api: &VaultApi) -> Result<Session, SecretsError> {
        match &self.method {
            Method::None => Ok(Session::given(None)),
            Method::Token(selector) => {
                let token = self.secret(selector, None).await?;
                Ok(Session::given(Some(token.duplicate())))
            }
            Method::AppRole(app_role) => {
                let role_id = self.role_id(app_role).await?;
                let secret_id = self.secret(&app_role.secret_ref, None).await?;
                let path = format!("auth/{}/login", app_role.path.trim_matches('/'));
                // EXPOSE: both ids are what the login consists of.
                let body = json_body([
                    ("role_id", role_id.expose().trim_ascii()),
                    ("secret_id", secret_id.expose()),
                ]);
                self.log_in(api, &path, body).await
            }
            Method::Kubernetes(kubernetes) => {
                let token = self.service_account_token(kubernetes).await?;
                let path = format!("auth/{}/login", kubernetes.mount_path.trim_matches('/'));
                // EXPOSE: the token is what the login consists of.
                let body = json_body([
                    ("role", kubernetes.role.as_bytes()),
                    ("jwt", token.expose()),
                ]);
                self.log_in(api, &path, body).await
            }
        }
    }

    async fn role_id(&self, app_role: &VaultAppRoleAuth) -> Result<SecretBytes, SecretsError> {
        match (&app_role.role_id, &app_role.role_ref) {
            (Some(id), _) if !id.trim().is_empty() => Ok(SecretBytes::from(id.clone())),
            (_, Some(reference)) => Ok(self.secret(reference, None).await?.duplicate()),
            _ => Err(SecretsError::invalid("appRole needs roleId or roleRef")),
        }
    }

    async fn service_account_token(
        &self,
        kubernetes: &VaultKubernetesAuth,
    ) -> Result<SecretBytes, SecretsError> {
        if let Some(account) = &kubernetes.service_account_ref {
            let token = self.resolver.service_account_token(
                &account.name,
                account.namespace.as_deref(),
                &account.audiences,
                SERVICE_ACCOUNT_TOKEN_SECONDS,
            );
            return Ok(token.await?);
        }
        if let Some(reference) = &kubernetes.secret_ref {
            return Ok(self.secret(reference, Some("token")).await?.duplicate());
        }
        let token = tokio::fs::read(POD_TOKEN).await;
        token.map(SecretBytes::new).map_err(|error| {
            SecretsError::unavailable(format!("failed to read {POD_TOKEN:?}"), error)
        })
    }

    async fn secret(
        &self,
        selector: &SecretKeySelector,
        default_key: Option<&str>,
    ) -> Result<Arc<SecretBytes>, SecretsError> {
        let reference = KeyReference {
            key: selector.key.as_deref().or(default_key),
            ..KeyReference::from(selector)
        };
        Ok(self.resolver.secret_key(reference).await?)
    }

    async fn log_in(
        &self,
        api: &VaultApi,
        path: &str,
        body: SecretBytes,
    ) -> Result<Session, SecretsError> {
        let call = Call {
            namespace: self.namespace.as_deref(),
            ..Call::post(path, None, body)
        };
        let action = format!("failed to log in at {path:?}");
        let reply = api.send(call).await?;
        if reply.status == StatusCode::BAD_REQUEST {
            // The server answers a wrong role or secret id with 400: those are credentials, too.
            return match reply.failure(&action) {
                SecretsError::Rejected { action, source } => {
                    Err(SecretsError::Denied { action, source })
                }
                other => Err(other),
            };
        }
        Session::parse(reply.success(&action)?, Instant::now())
            .ok_or_else(|| SecretsError::unavailable(action, "the answer holds no token"))
    }

    async fn renew(&self, api: &VaultApi, session: &Session) -> Result<Session, SecretsError> {
        let action = "failed to renew the vault token";
        let call = Call {
            namespace: self.namespace.as_deref(),
            ..Call::post(
                "auth/token/renew-self",
                session.token(),
                SecretBytes::new(b"{}".to_vec()),
            )
        };
        let reply = api.send(call).await?;
        let renewed = Session::parse(reply.success(action)?, Instant::now())
            .ok_or_else(|| SecretsError::unavailable(action, "the answer holds no token"))?;
        // A token near its maximum is "renewed" for what is left: a fresh one is needed instead.
        if renewed.is_due(Instant::now() + Session::SHORTEST_LIFE) {
            return Err(SecretsError::unavailable(action, "the token is at its end"));
        }
        Ok(renewed)
    }
}

impl Session {
    /// Tokens that end sooner are not used any more.
    const SHORTEST_LIFE: Duration = Duration::from_secs(5);

    fn given(token: Option<SecretBytes>) -> Self {
        Self {
            token,
            origin: Origin::Given,
        }
    }

    /// Reads the answer to a login or renewal.
    fn parse(answer: &str, now: Instant) -> Option<Self> {
        let answer = json_value::members(answer).ok()?;
        let auth = json_value::members(answer.get("auth")?.get()).ok()?;
        let token = json_value::text_or_json(auth.get("client_token")?.get());
        let seconds: u64 = auth
            .get("lease_duration")
            .and_then(|seconds| seconds.get().parse().ok())
            .unwrap_or_default();
        let renewable = auth
            .get("renewable")
            .is_some_and(|flag| flag.get() == "true");
        // A lease of zero seconds never ends.
        let life = (seconds > 0).then(|| Duration::from_secs(seconds));
        Some(Self {
            token: Some(token),
            origin: Origin::Login {
                renewable,
                due: life.and_then(|life| now.checked_add(life / 2)),
                ends: life.and_then(|life| now.checked_add(life)),
            },
        })
    }

    pub(super) fn token(&self) -> Option<&SecretBytes> {
        self.token.as_ref()
    }

    /// Whether half of the life of a renewable token is over, or nearly all of another's.
    fn is_due(&self, now: Instant) -> bool {
        match self.origin {
            Origin::Given => false,
            Origin::Login {
                renewable: true,
                due,
                ..
            } => due.is_some_and(|due| now >= due),
            Origin::Login { ends, .. } => {
                ends.is_some_and(|ends| now + Self::SHORTEST_LIFE >= ends)
            }
        }
    }

    fn can_be_renewed(&self, now: Instant) -> bool {
        match self.origin {
            Origin::Given => false,
            Origin::Login {
                renewable, ends, ..
            } => renewable && ends.is_some_and(|ends| now + Self::SHORTEST_LIFE < ends),
        }
    }
}

fn method(auth: Option<&VaultAuth>) -> Result<Method, SecretsError> {
    let Some(auth) = auth else {
        return Ok(Method::None);
    };
    if let Some(token) = &auth.token_secret_ref {
        return Ok(Method::Token(token.clone()));
    }
    if let Some(app_role) = &auth.app_role {
        return Ok(Method::AppRole(app_role.clone()));
    }
    if let Some(kubernetes) = &auth.kubernetes {
        return Ok(Method::Kubernetes(kubernetes.clone()));
    }
    let named = UNSUPPORTED
        .into_iter()
        .find(|name| auth.unmodelled.field(name).is_some());
    Err(SecretsError::invalid(match named {
        Some(name) => {
            format!("cannot initialize Vault client: auth method {name:?} is not supported")
        }
        None => "cannot initialize Vault client: no valid auth method specified".to_owned(),
    }))
}

#[cfg(test)]
mod tests;
