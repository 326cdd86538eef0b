//! The cluster: its configuration, and the controller behind the API server's service proxy.

use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use k8s_openapi::api::core::v1::Service;
use kube::api::ListParams;
use kube::client::Body;
use kube::{Api, Client};
use serde_json::Value;

use super::error::Error;
use super::flags::DEFAULT_CONTROLLER_NAME;
use crate::Io;
use crate::kubeconfig::{self, ClusterFlags};
use crate::network::install_cryptography;

/// Which Service to talk to, in which cluster.
#[derive(Debug, Clone)]
pub(super) struct Controller {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) cluster: ClusterFlags,
    pub(super) verbosity: i32,
}

/// From this level on requests are shown.
const SHOW_REQUESTS: i32 = 6;

/// The controller's API, through the API server.
pub(super) struct Connection<'a> {
    client: Client,
    /// Without a leading slash.
    proxy: String,
    io: Option<&'a mut Io>,
}

impl Controller {
    /// Finds the Service.
    pub(super) async fn connect<'a>(&self, io: &'a mut Io) -> Result<Connection<'a>, Error> {
        install_cryptography();
        let config = kubeconfig::config(&self.cluster)
            .await
            .map_err(Error::of_kubeconfig)?;
        let client = Client::try_from(config).map_err(|source| Error::Connect {
            source: Box::new(source),
        })?;
        let io = (self.verbosity >= SHOW_REQUESTS).then_some(io);
        let mut connection = Connection {
            client,
            proxy: String::new(),
            io,
        };
        let service = self.service(&mut connection).await?;
        let port = service
            .spec
            .as_ref()
            .and_then(|spec| spec.ports.as_ref()?.first());
        let port = port
            .and_then(|port| port.name.as_deref())
            .unwrap_or_default();
        let name = service.metadata.name.as_deref().unwrap_or(&self.name);
        connection.proxy = format!(
            "/api/v1/namespaces/{}/services/http:{name}:{port}/proxy",
            self.namespace
        );
        Ok(connection)
    }

    async fn service(&self, connection: &mut Connection<'_>) -> Result<Service, Error> {
        connection.show("GET", &format!("service {}/{}", self.namespace, self.name));
        let services: Api<Service> = Api::namespaced(connection.client.clone(), &self.namespace);
        let refused = match services.get(&self.name).await {
            Ok(service) => return Ok(service),
            Err(error) => error,
        };
        if is_absent(&refused)
            && self.name == DEFAULT_CONTROLLER_NAME
            && let Some(service) = installed_by_chart(&services).await
        {
            return Ok(service);
        }
        Err(Error::Service {
            cause: cause(&refused),
        })
    }
}

/// The chart names the Service after the release, so look for its label.
async fn installed_by_chart(services: &Api<Service>) -> Option<Service> {
    let labelled = ListParams::default().labels("app.kubernetes.io/name=sealed-secrets");
    let found = services
        .list(&labelled)
        .await
        .map(|list| list.items)
        .unwrap_or_default();
    let api = |service: &Service| {
        let name = service.metadata.name.as_deref().unwrap_or_default();
        !name.ends_with("-metrics")
    };
    match found.into_iter().find(api) {
        Some(service) => Some(service),
        None => services.get("sealed-secrets").await.ok(),
    }
}

fn is_absent(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

fn cause(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message.clone(),
        other => crate::error::Chain(other).to_string(),
    }
}

/// What the controller answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// Returns a reason to show: what the controller said, or the status.
    pub(super) fn reason(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let message = serde_json::from_slice::<Value>(&self.body)
            .ok()
            .and_then(|status| status.get("message")?.as_str().map(str::to_owned));
        match (message, text.trim()) {
            (Some(message), _) => message,
            (None, "") => self.status.to_string(),
            (None, text) => format!("{}: {text}", self.status),
        }
    }
}

impl Connection<'_> {
    /// Fetches the certificate.
    pub(super) async fn certificate(&mut self) -> Result<Vec<u8>, Error> {
        let failed = |cause| Error::FetchCertificate { cause };
        let request = Request::builder().header("Accept", "application/x-pem-file, */*");
        let answer = self
            .send(request, Method::GET, "cert.pem", &[])
            .await
            .map_err(failed)?;
        if answer.status.is_success() {
            Ok(answer.body)
        } else {
            Err(failed(answer.reason()))
        }
    }

    /// Asks whether the controller can open a SealedSecret, waiting where it says to wait.
    pub(super) async fn verify(&mut self, object: &[u8]) -> Result<Answer, String> {
        const RETRIES: usize = 10;
        let mut answer = self.post("verify", object).await?;
        for _ in 0..RETRIES {
            let Some(wait) = answer.1 else { break };
            tokio::time::sleep(wait).await;
            answer = self.post("verify", object).await?;
        }
        Ok(answer.0)
    }

    /// Has the controller seal a SealedSecret again.
    pub(super) async fn rotate(&mut self, object: &[u8]) -> Result<Answer, String> {
        self.post("rotate", object).await.map(|(answer, _)| answer)
    }

    async fn post(
        &mut self,
        path: &str,
        object: &[u8],
    ) -> Result<(Answer, Option<Duration>), String> {
        let request = Request::builder().header("Content-Type", "application/json");
        let response = self.request(request, Method::POST, path, object).await?;
        let wait = (response.status() == StatusCode::TOO_MANY_REQUESTS).then(|| {
            let seconds = response
                .headers()
                .get("Retry-After")
                .and_then(|v| v.to_str().ok());
            Duration::from_secs(seconds.and_then(|text| text.parse().ok()).unwrap_or(1))
        });
        Ok((collect(response).await?, wait))
    }

    async fn send(
        &mut self,
        request: http::request::Builder,
        method: Method,
        path: &str,
        body: &[u8],
    ) -> Result<Answer, String> {
        collect(self.request(request, method, path, body).await?).await
    }

    async fn request(
        &mut self,
        request: http::request::Builder,
        method: Method,
        path: &str,
        body: &[u8],
    ) -> Result<Response<Body>, String> {
        let uri = format!("{}/v1/{path}", self.proxy);
        self.show(method.as_str(), &uri);
        let request = request
            .method(method)
            .uri(uri)
            .body(Body::from(body.to_vec()))
            .map_err(|error| error.to_string())?;
        self.client
            .send(request)
            .await
            .map_err(|error| cause(&error))
    }

    fn show(&mut self, method: &str, what: &str) {
        if let Some(io) = &mut self.io {
            io.note(&format!("{method} {what}"));
        }
    }
}

async fn collect(response: Response<Body>) -> Result<Answer, String> {
    let status = response.status();
    let body = response
        .into_body()
        .collect_bytes()
        .await
        .map_err(|error| cause(&error))?;
    Ok(Answer {
        status,
        body: body.to_vec(),
    })
}
