//! A started server, requests to it, and lines of events to send.
#![allow(
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "test code, of which each suite uses its own part"
)]

use std::io::Write as _;
use std::time::Duration;

use elastic_apm_devserver::{DevServer, RunningServer};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

/// Long enough for any machine; only a failing test waits for it.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
/// The start of the example trace, microseconds since the Unix epoch.
pub const START: u64 = 1_700_000_000_000_000;

pub async fn start() -> RunningServer {
    start_with(DevServer::builder()).await
}

pub async fn start_with(server: DevServer) -> RunningServer {
    server.address("127.0.0.1:0").start().await.unwrap()
}

/// A request to the intake with the usual content type.
pub fn intake(server: &RunningServer) -> RequestBuilder {
    let url = format!("{}/intake/v2/events", server.url());
    Client::new().post(url).header(CONTENT_TYPE, "application/x-ndjson")
}

pub async fn send(server: &RunningServer, lines: &[Value]) {
    let response = intake(server).body(ndjson(lines)).send().await.unwrap();
    let status = response.status();
    assert_eq!(status, StatusCode::ACCEPTED, "{}", response.text().await.unwrap());
}

pub async fn get(server: &RunningServer, path: &str) -> Response {
    Client::new().get(format!("{}{path}", server.url())).send().await.unwrap()
}

pub async fn get_json(server: &RunningServer, path: &str) -> Value {
    get(server, path).await.json().await.unwrap()
}

pub async fn post(server: &RunningServer, body: impl Into<reqwest::Body>) -> (StatusCode, Value) {
    parts(intake(server).body(body).send().await.unwrap()).await
}

pub async fn parts(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

pub fn refusal(message: &str) -> Value {
    json!({"accepted": 0, "errors": [{"message": message}]})
}

pub fn ndjson(lines: &[Value]) -> Vec<u8> {
    lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn metadata(service: &str) -> Value {
    json!({"metadata": {"service": {
        "name": service,
        "environment": "test",
        "agent": {"name": "rust", "version": "0.1.0"},
    }}})
}

/// `offset` and `duration` in milliseconds.
pub fn transaction(id: &str, parent: Option<&str>, name: &str, offset: u64, duration: f64) -> Value {
    json!({"transaction": {
        "id": id, "trace_id": TRACE, "parent_id": parent, "name": name, "type": "request", "result": "HTTP 2xx",
        "timestamp": START + offset * 1000, "duration": duration, "outcome": "success",
        "sampled": true, "span_count": {"started": 0},
    }})
}

/// `offset` and `duration` in milliseconds.
pub fn span(id: &str, parent: &str, transaction: &str, name: &str, offset: u64, duration: f64) -> Value {
    json!({"span": {
        "id": id, "trace_id": TRACE, "parent_id": parent, "transaction_id": transaction, "name": name,
        "type": "external", "subtype": "http", "timestamp": START + offset * 1000, "duration": duration,
        "outcome": "success",
    }})
}

pub fn error(parent: &str, transaction: &str, message: &str, offset: u64) -> Value {
    json!({"error": {
        "id": "9632587410abcdef9632587410abcdef", "trace_id": TRACE, "parent_id": parent, "transaction_id": transaction,
        "timestamp": START + offset * 1000, "culprit": "stock::reserve",
        "exception": {"type": "StockError", "message": message, "handled": true,
            "cause": [{"type": "io::Error", "message": "connection reset by peer"}]},
    }})
}

pub const CHECKOUT: &str = "b7ad6b7169203331";
pub const CALL: &str = "c7ad6b7169203332";
pub const RESERVE: &str = "d7ad6b7169203333";
pub const QUERY: &str = "e7ad6b7169203334";

/// The half of the example trace that the front service sends.
pub fn checkout_lines() -> Vec<Value> {
    let mut root = transaction(CHECKOUT, None, "POST /checkout", 0, 120.0);
    root["transaction"]["span_count"]["started"] = json!(1);
    root["transaction"]["context"] = json!({"tags": {"tenant": "acme"}, "custom": {"cart": {"items": 3}}});
    let mut call = span(CALL, CHECKOUT, CHECKOUT, "POST stock:8080", 10, 90.0);
    call["span"]["outcome"] = json!("failure");
    vec![metadata("checkout"), call, root]
}

/// The half that the service behind it sends, with an error.
pub fn stock_lines() -> Vec<Value> {
    let mut reserve = transaction(RESERVE, Some(CALL), "POST /reserve", 15, 80.0);
    reserve["transaction"]["outcome"] = json!("failure");
    reserve["transaction"]["span_count"]["started"] = json!(1);
    let mut query = span(QUERY, RESERVE, RESERVE, "SELECT FROM stock", 20, 60.0);
    query["span"]["type"] = json!("db");
    query["span"]["subtype"] = json!("postgresql");
    vec![metadata("stock"), error(QUERY, RESERVE, "out of stock", 70), query, reserve]
}
