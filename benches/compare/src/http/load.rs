//! The load: a few connections, each of which asks again as soon as it is answered.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::samples::Samples;

const CONNECTIONS: usize = 16;
/// Load before anything is measured.
pub(crate) const WARM_UP: Duration = Duration::from_millis(500);
/// Load that is measured.
pub(crate) const MEASURED: Duration = Duration::from_millis(2_000);

/// What was answered.
pub(crate) struct Answered {
    /// Microseconds from a request to the end of its answer.
    pub(crate) latencies: Samples,
    /// How long it took altogether.
    pub(crate) seconds: f64,
}

/// Asks for so long, and fails where an answer is not the one expected.
pub(crate) fn run(server: SocketAddr, lasts: Duration) -> Result<Answered, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("runtime: {error}"))?;
    let answered = runtime.block_on(async {
        let started = Instant::now();
        let connections: Vec<_> =
            (0..CONNECTIONS).map(|_| tokio::spawn(connection(server, started + lasts))).collect();
        let mut latencies = Samples::default();
        for connection in connections {
            for latency in connection.await?? {
                latencies.add(latency.as_nanos() as f64 / 1e3);
            }
        }
        Ok(Answered { latencies, seconds: started.elapsed().as_secs_f64() })
    });
    answered.map_err(|error: Error| format!("load: {error}"))
}

type Error = Box<dyn std::error::Error + Send + Sync>;

async fn connection(server: SocketAddr, end: Instant) -> Result<Vec<Duration>, Error> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let (mut client, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut latencies = Vec::new();
    while Instant::now() < end {
        let sent = Instant::now();
        client.ready().await?;
        let response = client.send_request(request()?).await?;
        if response.status() != StatusCode::OK {
            return Err(format!("answered {}", response.status()).into());
        }
        response.into_body().collect().await?;
        latencies.push(sent.elapsed());
    }
    Ok(latencies)
}

/// As a browser or a service in front would send it.
fn request() -> Result<Request<Empty<Bytes>>, http::Error> {
    let request = Request::get("/users/42?page=2")
        .header("host", "shop.example.com")
        .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
        .header("accept", "application/json")
        .header("accept-encoding", "gzip, br")
        .header("x-request-id", "5f2b9f2e-7a0c-4c3c-9a43-0d7d1a1d2b6e");
    request.body(Empty::new())
}
