//! The HTTP client of one server, and its kept connection.

use http::Request;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{self, Client, ResponseFuture};
use hyper_util::rt::TokioTimer;
use std::time::Duration;

use super::body::TrackedBody;
use super::connector::{Connector, Road};
use super::executor::UntracedExecutor;
use super::tls::{TlsError, Trust};

/// How long a connection may idle: less than the 45 s after which the server closes it, so that the two do not race.
const MAX_IDLE: Duration = Duration::from_secs(30);

/// Sends requests to one server.
pub(super) enum HttpClient {
    Plain(Client<Connector, TrackedBody>),
    Tls(Client<HttpsConnector<Connector>, TrackedBody>),
}

impl HttpClient {
    /// A client without encryption.
    pub(super) fn plain(road: Road) -> Self {
        Self::Plain(builder().build(Connector::new(road)))
    }

    /// A client that encrypts, for servers that `trust` believes. Does blocking I/O.
    pub(super) fn tls(road: Road, trust: &Trust) -> Result<Self, TlsError> {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(trust.client_config()?)
            .https_only()
            .enable_http1()
            .wrap_connector(Connector::new(road));
        Ok(Self::Tls(builder().build(connector)))
    }

    pub(super) fn request(&self, request: Request<TrackedBody>) -> ResponseFuture {
        match self {
            Self::Plain(client) => client.request(request),
            Self::Tls(client) => client.request(request),
        }
    }
}

fn builder() -> legacy::Builder {
    let mut builder = Client::builder(UntracedExecutor);
    builder.pool_max_idle_per_host(1).pool_idle_timeout(MAX_IDLE).pool_timer(TokioTimer::new());
    builder
}
