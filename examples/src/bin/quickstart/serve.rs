//! An axum router on a socket of this machine, and its end.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long requests under way may take when the service stops.
const GRACE: Duration = Duration::from_secs(3);

/// A service that answers.
#[derive(Debug)]
pub(crate) struct Service {
    url: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Service {
    /// Serves `router` on a free port.
    pub(crate) async fn start(router: Router) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel::<()>();
        // With the peer's address, which the layer records.
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move {
            let stopped = async {
                // An error means that the owner is gone: a reason to stop as well.
                let _ = stopped.await;
            };
            let _ = axum::serve(listener, service).with_graceful_shutdown(stopped).await;
        });
        Ok(Self { url, stop, task })
    }

    /// Its URL, without a slash at the end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Takes no more requests and waits for those under way, so that their transactions end.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = tokio::time::timeout(GRACE, self.task).await;
    }
}
