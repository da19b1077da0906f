//! The program under test, and the server that it calls.

use std::io::BufRead as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::routing::any;
use http::HeaderMap;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};

/// One call that the service made.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The program while it runs, with nothing of the agent's in its environment.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) struct Harness {
    _service: Service,
    /// Where the service listens: `127.0.0.1:4711`.
    service: String,
    /// The URL that it is told to call.
    back: String,
    calls: Arc<Mutex<mpsc::UnboundedReceiver<Call>>>,
}

impl Harness {
    pub(crate) async fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trace-context-service"));
        let own = |name: &str| name.starts_with("ELASTIC_APM_") || name.to_lowercase().ends_with("_proxy");
        for (name, _) in std::env::vars_os().filter(|(name, _)| own(&name.to_string_lossy())) {
            command.env_remove(name);
        }
        command.env("ELASTIC_APM_LOG_LEVEL", "off").args(["--port", "0"]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").and_then(|url| url.strip_suffix("/test"));
        let address = address.unwrap_or_else(|| panic!("no address: {line}")).to_owned();

        let (sender, receiver) = mpsc::unbounded_channel();
        let receive = move |headers: HeaderMap, body: Bytes| {
            let sender = sender.clone();
            async move { sender.send(Call { headers, body }).unwrap() }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let back = format!("http://{}/back", listener.local_addr().unwrap());
        let router = Router::new().route("/back", any(receive));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Harness { _service: Service(child), service: address, back, calls: Arc::new(Mutex::new(receiver)) }
    }

    /// Has the service make this many calls; answers its status, its body and the calls.
    pub(crate) async fn post(&self, headers: &[(&str, &str)], calls: usize) -> (u16, String, Vec<Call>) {
        let item = json!({"url": self.back, "arguments": [{"nested": [1]}]});
        let (status, body) = self.post_raw(headers, &json!(vec![item; calls]).to_string()).await;
        let mut receiver = self.calls.lock().await;
        let mut received = Vec::new();
        while let Ok(call) = receiver.try_recv() {
            received.push(call);
        }
        assert_eq!(received.len(), calls, "calls made for {headers:?}");
        (status, body, received)
    }

    /// Has the service make one call, and returns the headers it came with.
    pub(crate) async fn call(&self, headers: &[(&str, &str)]) -> HeaderMap {
        let (status, _, mut calls) = self.post(headers, 1).await;
        assert_eq!(status, 200, "{headers:?}");
        calls.remove(0).headers
    }

    /// Posts a body with these headers, byte for byte; answers status and body.
    pub(crate) async fn post_raw(&self, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let mut socket = TcpStream::connect(&self.service).await.unwrap();
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let request = format!(
            "POST /test HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            self.service,
            body.len()
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }
}
