//! The way to the APM Server: one request in, one answer out.
//!
//! What is in a request, when it is sent and whether it is sent again is not known here; only whether the server can have
//! seen it.

mod body;
mod client;
mod connector;
mod credentials;
mod error;
mod executor;
mod http;
mod proxy;
mod servers;
mod tls;
mod user_agent;
mod verifier;

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

pub use self::error::TransportError;
pub(crate) use self::executor::spawn_untraced;
pub(crate) use self::http::HttpTransport;

/// The answer to one request, some time later. Dropping it gives the request up.
pub type TransportFuture<'a> =
    Pin<Box<dyn Future<Output = Result<::http::Response<Bytes>, TransportError>> + Send + 'a>>;

/// Carries requests to the APM Server. The agent brings its own; tests and unusual networks put theirs in its place.
///
/// Requests have only a path and the headers that describe their body. Address and credentials are the transport's. There are
/// `POST /intake/v2/events`, which carries events, and `GET /` and `GET /config/v1/agents`, which ask for the server's version
/// and for the central configuration; at most one of each kind is under way at a time. It is called on the agent's own thread, inside
/// the agent's own runtime, and must not go through anything that the agent traces. A process that is forked off uses what it has
/// inherited, from a thread and a runtime of its own.
pub trait Transport: Send + Sync + 'static {
    /// Sends a request and waits for the whole answer, whatever its status. The wait must be bounded.
    fn send(&self, request: ::http::Request<Bytes>) -> TransportFuture<'_>;

    /// Tells whether compressing is worth the time; not so for a server on this machine.
    fn wants_compression(&self) -> bool {
        true
    }
}
