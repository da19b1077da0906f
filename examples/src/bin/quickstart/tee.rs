//! A copy of what a server took, for the report: a transport around the agent's own, and a dev server beside it.
//!
//! The agent is not slowed down: copies go through a channel to a task that posts them. Where that lags far behind, copies
//! are lost, never events.

use bytes::Bytes;
use elastic_apm::{AgentBuilder, Transport, TransportFuture};
use elastic_apm_devserver::{DevServer, RunningServer, StartError, Store};
use http::Request;
use tokio::sync::mpsc;

/// Requests that may wait to be posted.
const BACKLOG: usize = 256;

/// A dev server on a free port, and the way to it.
#[derive(Debug)]
pub(crate) struct Mirror {
    server: RunningServer,
    copies: mpsc::Sender<Request<Bytes>>,
}

impl Mirror {
    /// Starts the dev server and the task that posts to it.
    pub(crate) async fn start() -> Result<Self, StartError> {
        let server = DevServer::builder().address("127.0.0.1:0").start().await?;
        let (copies, waiting) = mpsc::channel(BACKLOG);
        tokio::spawn(post(server.url(), waiting));
        Ok(Self { server, copies })
    }

    /// Makes the agent copy what its server took.
    pub(crate) fn follow(&self, agent: AgentBuilder) -> AgentBuilder {
        let copies = self.copies.clone();
        agent.wrap_transport(|inner| Box::new(Tee { inner, copies }))
    }

    /// The copies, as far as they have been posted.
    pub(crate) fn store(&self) -> &Store {
        self.server.store()
    }
}

/// The agent's own transport, with a second reader.
struct Tee {
    inner: Box<dyn Transport>,
    copies: mpsc::Sender<Request<Bytes>>,
}

impl Transport for Tee {
    fn send(&self, request: Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async move {
            // Cheap: the body is reference-counted. Address and credentials are not in it, they are the inner transport's.
            let copy = request.clone();
            let answer = self.inner.send(request).await?;
            if answer.status().is_success() {
                let _ = self.copies.try_send(copy);
            }
            Ok(answer)
        })
    }

    fn wants_compression(&self) -> bool {
        self.inner.wants_compression()
    }
}

/// Posts until the last agent is gone.
async fn post(url: String, mut waiting: mpsc::Receiver<Request<Bytes>>) {
    let Ok(http) = reqwest::Client::builder().no_proxy().build() else { return };
    while let Some(request) = waiting.recv().await {
        let (parts, body) = request.into_parts();
        let url = format!("{url}{}", parts.uri.path());
        // What fails here is missing in the report, which says so.
        let _ = http.request(parts.method, url).headers(parts.headers).body(body).send().await;
    }
}
