//! The one transport of production: HTTP/1.1 over TCP or TLS, on the agent's own runtime.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, HeaderValue, USER_AGENT};
use http::uri::PathAndQuery;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client, ResponseFuture};
use hyper_util::rt::TokioTimer;

use super::body::{Taken, TrackedBody};
use super::credentials::authorization;
use super::error::{TimedOut, TransportError};
use super::executor::UntracedExecutor;
use super::tls::{TlsError, Trust};
use super::user_agent::user_agent;
use super::{Transport, TransportFuture};
use crate::config::{Config, ServerUrl};
use crate::log::AgentLog;

/// As much of an answer as is kept; its first errors say enough.
const MAX_ANSWER_KEPT: usize = 64 * 1024;
/// As much of an answer as is read, so that its connection can be used again. Beyond it the connection is closed.
const MAX_ANSWER_READ: usize = 1024 * 1024;
/// How long a connection may idle: less than the 45 s after which the server closes it, so that the two do not race.
const MAX_IDLE: Duration = Duration::from_secs(30);

/// Sends requests to one APM Server and keeps a connection to it.
///
/// Must be used inside a tokio runtime with timer and I/O. Redirects are answers like any other. A request is repeated
/// only if the kept connection turns out to be closed before anything was written to it.
pub(crate) struct HttpTransport {
    server: ServerUrl,
    timeout: Duration,
    authorization: Option<HeaderValue>,
    user_agent: HeaderValue,
    trust: Trust,
    /// Made at the first request: reading the system's certificates takes time that only `https` should cost.
    client: OnceLock<HttpClient>,
}

enum HttpClient {
    Plain(Client<HttpConnector, TrackedBody>),
    Tls(Client<HttpsConnector<HttpConnector>, TrackedBody>),
}

impl HttpTransport {
    /// Prepares the way to the configured server, without touching the network.
    pub(crate) fn new(config: &Config, log: &AgentLog) -> Self {
        let trust = match &config.server_ca_cert_file {
            _ if !config.verify_server_cert => Trust::Everything,
            Some(path) => Trust::File(path.clone()),
            None => Trust::System,
        };
        if config.server_url.is_https() && !config.verify_server_cert {
            log.warn(format_args!(
                "verify_server_cert is false: anybody on the way to {} can read and change what the agent sends, \
                 credentials included",
                config.server_url
            ));
        }
        Self {
            server: config.server_url.clone(),
            timeout: config.server_timeout,
            authorization: authorization(config),
            user_agent: user_agent(config),
            trust,
            client: OnceLock::new(),
        }
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let client = self.client().map_err(TransportError::not_sent)?;
        let (request, taken) = self.prepare(request).map_err(TransportError::not_sent)?;
        let failed = |cause: Failure| {
            if taken.get() { TransportError::interrupted(cause.0) } else { TransportError::not_sent(cause.0) }
        };
        match tokio::time::timeout(self.timeout, round_trip(client, request)).await {
            Ok(answer) => answer.map_err(failed),
            Err(_) => Err(failed(Failure(Box::new(TimedOut(self.timeout))))),
        }
    }

    /// Adds what the agent does not know about: the address, the credentials, the names of agent and service.
    fn prepare(&self, request: Request<Bytes>) -> Result<(Request<TrackedBody>, Taken), http::Error> {
        let (mut parts, bytes) = request.into_parts();
        let root = PathAndQuery::from_static("/");
        parts.uri = self.server.join(parts.uri.path_and_query().unwrap_or(&root))?;
        parts.headers.insert(USER_AGENT, self.user_agent.clone());
        parts.headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        if let Some(authorization) = &self.authorization {
            parts.headers.insert(AUTHORIZATION, authorization.clone());
        }
        let (body, taken) = TrackedBody::new(bytes);
        Ok((Request::from_parts(parts, body), taken))
    }

    /// Returns the client, made now if need be. A failure is not remembered: the file may appear later.
    fn client(&self) -> Result<&HttpClient, TlsError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = if self.server.is_https() { HttpClient::tls(&self.trust)? } else { HttpClient::plain() };
        Ok(self.client.get_or_init(|| client))
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(self.exchange(request))
    }

    fn wants_compression(&self) -> bool {
        !self.server.is_loopback()
    }
}

impl HttpClient {
    fn plain() -> Self {
        Self::Plain(builder().build(connector()))
    }

    fn tls(trust: &Trust) -> Result<Self, TlsError> {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(trust.client_config()?)
            .https_only()
            .enable_http1()
            .wrap_connector(connector());
        Ok(Self::Tls(builder().build(connector)))
    }

    fn request(&self, request: Request<TrackedBody>) -> ResponseFuture {
        match self {
            Self::Plain(client) => client.request(request),
            Self::Tls(client) => client.request(request),
        }
    }
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    // Which schemes are taken is the options' business.
    connector.enforce_http(false);
    connector
}

fn builder() -> legacy::Builder {
    let mut builder = Client::builder(UntracedExecutor);
    builder.pool_max_idle_per_host(1).pool_idle_timeout(MAX_IDLE).pool_timer(TokioTimer::new());
    builder
}

/// What went wrong, whether or not the request had been taken by then.
struct Failure(Box<dyn std::error::Error + Send + Sync>);

async fn round_trip(client: &HttpClient, request: Request<TrackedBody>) -> Result<Response<Bytes>, Failure> {
    // Lets the runtime hear of a connection that the server has closed meanwhile, before the request goes out on it.
    tokio::task::yield_now().await;
    let answer = client.request(request).await.map_err(|cause| Failure(cause.into()))?;
    let (parts, body) = answer.into_parts();
    let bytes = read(body).await.map_err(|cause| Failure(cause.into()))?;
    Ok(Response::from_parts(parts, bytes))
}

/// Reads an answer to its end and keeps its beginning.
async fn read(mut body: Incoming) -> Result<Bytes, hyper::Error> {
    let mut kept = Vec::new();
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        let room = MAX_ANSWER_KEPT - kept.len();
        kept.extend_from_slice(&data[..data.len().min(room)]);
        seen += data.len();
        if seen > MAX_ANSWER_READ {
            break;
        }
    }
    Ok(kept.into())
}

#[cfg(test)]
mod tests;
