//! The HTTP API of Vault and OpenBao: one request, one answer.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use secret_bytes::SecretBytes;
use url::Url;

use crate::http;
use crate::{SecretsError, json_value};

/// One server, with what every request to it carries.
pub(crate) struct VaultApi {
    http: reqwest::Client,
    server: Url,
    namespace: Option<String>,
    headers: HeaderMap,
}

/// One request.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// The path behind `/v1/`.
    pub(crate) path: &'a str,
    pub(crate) version: Option<&'a str>,
    pub(crate) token: Option<&'a SecretBytes>,
    /// Overrides the namespace of the API.
    pub(crate) namespace: Option<&'a str>,
    pub(crate) body: Option<SecretBytes>,
}

/// What the server answered.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: SecretBytes,
}

/// The server's own words for a failure.
#[derive(Debug, thiserror::Error)]
#[error("server answered {status}: {messages}")]
pub(crate) struct ServerError {
    status: StatusCode,
    messages: String,
}

impl<'a> Call<'a> {
    pub(crate) fn get(path: &'a str, token: Option<&'a SecretBytes>) -> Self {
        Self {
            method: Method::GET,
            path,
            version: None,
            token,
            namespace: None,
            body: None,
        }
    }

    pub(crate) fn post(path: &'a str, token: Option<&'a SecretBytes>, body: SecretBytes) -> Self {
        Self {
            method: Method::POST,
            body: Some(body),
            ..Self::get(path, token)
        }
    }
}

impl VaultApi {
    pub(crate) fn new(
        http: reqwest::Client,
        server: &str,
        namespace: Option<&str>,
    ) -> Result<Self, SecretsError> {
        let server = Url::parse(server)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && !url.cannot_be_a_base())
            .ok_or_else(|| SecretsError::invalid(format!("server {server:?} is no HTTP URL")))?;
        Ok(Self {
            http,
            server,
            namespace: namespace.map(ToOwned::to_owned),
            headers: HeaderMap::new(),
        })
    }

    /// Adds a header to every request.
    pub(crate) fn add_header(&mut self, name: &str, value: &str) -> Result<(), SecretsError> {
        let unusable = || SecretsError::invalid(format!("header {name:?} cannot be sent"));
        let key = HeaderName::try_from(name).map_err(|_| unusable())?;
        let mut value = HeaderValue::try_from(value).map_err(|_| unusable())?;
        value.set_sensitive(true);
        self.headers.insert(key, value);
        Ok(())
    }

    /// Sends one request and reads the answer, whatever its status.
    pub(crate) async fn send(&self, call: Call<'_>) -> Result<Reply, SecretsError> {
        let action = || {
            format!(
                "failed to reach {}",
                self.server.origin().ascii_serialization()
            )
        };
        let mut request = self
            .http
            .request(call.method, self.url(call.path, call.version))
            .headers(self.headers.clone())
            .header("X-Vault-Request", "true");
        let namespace = call.namespace.or(self.namespace.as_deref());
        if let Some(namespace) = namespace.filter(|namespace| !namespace.is_empty()) {
            request = request.header("X-Vault-Namespace", namespace);
        }
        if let Some(token) = call.token {
            // EXPOSE: the request has to carry the token.
            let mut value = HeaderValue::from_bytes(token.expose())
                .map_err(|_| SecretsError::invalid("the token holds bytes no header can carry"))?;
            value.set_sensitive(true);
            request = request.header("X-Vault-Token", value);
        }
        if let Some(body) = call.body {
            // EXPOSE: the request body: a login or a wrap needs its secret.
            request = request
                .header("Content-Type", "application/json")
                .body(body.expose().to_vec());
        }
        let response = request
            .send()
            .await
            .map_err(|error| SecretsError::unavailable(action(), error.without_url()))?;
        let status = response.status();
        let body = http::body(response)
            .await
            .map_err(|error| SecretsError::unavailable(action(), error))?;
        Ok(Reply { status, body })
    }

    fn url(&self, path: &str, version: Option<&str>) -> Url {
        let mut url = self.server.clone();
        url.set_query(None);
        url.set_fragment(None);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").extend(path.split('/'));
        }
        if let Some(version) = version {
            url.query_pairs_mut().append_pair("version", version);
        }
        url
    }
}

impl Reply {
    /// Returns the answer's text when the request succeeded, and the fitting error otherwise.
    pub(crate) fn success(&self, action: &str) -> Result<&str, SecretsError> {
        if !self.status.is_success() {
            return Err(self.failure(action));
        }
        // EXPOSE: the parts that callers need are copied out into their own `SecretBytes`.
        let text = self.body.expose_str();
        text.map_err(|_| SecretsError::unavailable(action, "the answer is no text"))
    }

    /// Returns the error that belongs to the status.
    pub(crate) fn failure(&self, action: &str) -> SecretsError {
        let source = ServerError {
            status: self.status,
            messages: self.messages(),
        };
        match self.status.as_u16() {
            401 | 403 => SecretsError::denied(action, source),
            // 412: a standby that is behind; 429: rate limit; 473: a performance standby.
            412 | 429 | 473 | 500..=599 => SecretsError::unavailable(action, source),
            _ => SecretsError::rejected(action, source),
        }
    }

    /// Returns what the server says is wrong. Answers without its own `errors` list say nothing.
    fn messages(&self) -> String {
        #[derive(serde::Deserialize)]
        struct Errors {
            errors: Vec<String>,
        }
        const LONGEST: usize = 400;

        // EXPOSE: only the server's own list of errors is taken out.
        let errors: Option<Errors> = serde_json::from_slice(self.body.expose()).ok();
        let text = errors.map(|errors| errors.errors.join("; "));
        let text: String = text.unwrap_or_default();
        let text: String = text
            .chars()
            .map(|character| {
                if character.is_control() {
                    ' '
                } else {
                    character
                }
            })
            .take(LONGEST)
            .collect();
        match text.trim() {
            "" => "no reason given".to_owned(),
            text => text.to_owned(),
        }
    }
}

/// Returns a JSON object of strings as a request body.
pub(crate) fn json_body<'a>(members: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> SecretBytes {
    json_value::object_of_strings(members, json_value::Html::Plain)
}

#[cfg(test)]
mod tests;
