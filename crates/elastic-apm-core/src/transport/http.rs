//! The one transport of production: HTTP/1.1 over TCP or TLS, on the agent's own runtime.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT};
use http::uri::PathAndQuery;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::body::{Taken, TrackedBody};
use super::client::HttpClient;
use super::credentials::authorization;
use super::error::{TimedOut, TransportError};
use super::proxy::Proxies;
use super::servers::{Server, Servers};
use super::tls::Trust;
use super::user_agent::user_agent;
use super::{Transport, TransportFuture};
use crate::config::{Config, Environment};
use crate::log::AgentLog;

/// As much of an answer as is kept; its first errors say enough.
const MAX_ANSWER_KEPT: usize = 64 * 1024;
/// As much of an answer as is read, so that its connection can be used again. Beyond it the connection is closed.
const MAX_ANSWER_READ: usize = 1024 * 1024;

/// Sends requests to an APM Server and keeps a connection to it; where there are several, to the next one after a failure.
///
/// Must be used inside a tokio runtime with timer and I/O. Redirects are answers like any other. A request is repeated
/// only if the kept connection turns out to be closed before anything was written to it.
pub(crate) struct HttpTransport {
    servers: Servers,
    timeout: Duration,
    authorization: Option<HeaderValue>,
    user_agent: HeaderValue,
    trust: Trust,
    log: AgentLog,
}

impl HttpTransport {
    /// Prepares the way to the configured servers, without touching the network.
    pub(crate) fn new(config: &Config, environment: &Environment, log: &AgentLog) -> Self {
        let (trust, urls) = (Trust::new(config), config.servers());
        if matches!(trust, Trust::Everything) {
            for server in urls.iter().filter(|url| url.is_https()) {
                log.warn(format_args!(
                    "verify_server_cert is false: anybody on the way to {server} can read and change what the agent \
                     sends, credentials included"
                ));
            }
        }
        Self {
            servers: Servers::new(urls, &Proxies::of(environment), log),
            timeout: config.server_timeout,
            authorization: authorization(config),
            user_agent: user_agent(config),
            trust,
            log: log.clone(),
        }
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let (place, server) = self.servers.in_use();
        let is_question = request.method() == Method::GET;
        let answer = self.exchange_with(server, request).await;
        let fails = match &answer {
            Ok(answer) => !is_question && !serves(answer.status()),
            Err(_) => true,
        };
        if let Some(next) = fails.then(|| self.servers.turn_away_from(place)).flatten() {
            self.log.debug(format_args!("the next requests go to {}", next.url));
        }
        answer
    }

    async fn exchange_with(
        &self,
        server: &Server,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let (request, taken) = self.prepare(server, request).map_err(TransportError::not_sent)?;
        let failed = |cause: Failure| {
            if taken.get() { TransportError::interrupted(cause.0) } else { TransportError::not_sent(cause.0) }
        };
        let exchange = async {
            let client = server.client(&self.trust).await.map_err(Failure)?;
            round_trip(client, request).await
        };
        match tokio::time::timeout(self.timeout, exchange).await {
            Ok(answer) => answer.map_err(failed),
            Err(_) => Err(failed(Failure(Box::new(TimedOut(self.timeout))))),
        }
    }

    /// Adds what the agent does not know about: the address, the credentials, the names of agent and service.
    fn prepare(
        &self,
        server: &Server,
        request: Request<Bytes>,
    ) -> Result<(Request<TrackedBody>, Taken), http::Error> {
        let (mut parts, bytes) = request.into_parts();
        let root = PathAndQuery::from_static("/");
        parts.uri = server.url.join(parts.uri.path_and_query().unwrap_or(&root))?;
        parts.headers.insert(USER_AGENT, self.user_agent.clone());
        parts.headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        if let Some(authorization) = &self.authorization {
            parts.headers.insert(AUTHORIZATION, authorization.clone());
        }
        if let Some(authorization) = server.proxy_authorization() {
            parts.headers.insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        let (body, taken) = TrackedBody::new(bytes);
        Ok((Request::from_parts(parts, body), taken))
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(self.exchange(request))
    }

    fn wants_compression(&self) -> bool {
        !self.servers.in_use().1.url.is_loopback()
    }
}

/// Whether who answers events like this does what a server is there for: takes them, or judges them.
fn serves(status: StatusCode) -> bool {
    status.is_success() || [StatusCode::BAD_REQUEST, StatusCode::PAYLOAD_TOO_LARGE].contains(&status)
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
