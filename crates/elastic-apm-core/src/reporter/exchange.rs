//! One request and its answer, as a task of the agent's runtime.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use tokio::task::JoinHandle;

use super::batch::SealedBatch;
use crate::transport::{Transport, TransportError, spawn_untraced};

/// What came back.
pub(super) type Answer = Result<Response<Bytes>, TransportError>;

/// A request on its way. Dropping it leaves it to itself.
pub(super) struct Exchange(JoinHandle<Answer>);

impl Exchange {
    /// Sends events.
    pub(super) fn of_events(transport: &Arc<dyn Transport>, batch: &SealedBatch) -> Self {
        let mut request = Request::new(batch.body.clone());
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = Uri::from_static("/intake/v2/events");
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
        if batch.gzip {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Self::begin(transport, request)
    }

    /// Sends a request.
    pub(super) fn begin(transport: &Arc<dyn Transport>, request: Request<Bytes>) -> Self {
        let transport = Arc::clone(transport);
        // A task of its own, for two reasons: it is polled only when it can go on, so that the transport can let the runtime look
        // at its connections before it uses one; and a transport of the application may panic without ending the reporter.
        Exchange(spawn_untraced(async move { transport.send(request).await }))
    }

    /// Waits for the answer. Given up midway it can be asked again.
    pub(super) async fn answer(&mut self) -> Answer {
        (&mut self.0).await.unwrap_or_else(|panic| Err(TransportError::interrupted(panic)))
    }
}
