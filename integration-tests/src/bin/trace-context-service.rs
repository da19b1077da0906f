//! A service that the public W3C trace-context suite can drive: `trace-context-service [--port N]`.
//!
//! `POST /test` takes a JSON list of `{"url", "arguments"}`, posts the `arguments` of each item to its `url`, one after the other and
//! traced, and answers 200 `{}` when all are done. Port 0, which is the default, is any free one; the first line on standard output
//! says where it listens.
//!
//! With the suite's folder `test` as the working directory, `STRICT_LEVEL=2 SPEC_LEVEL=2 python test.py http://127.0.0.1:N/test` runs all of it at its
//! strictest; the tests in `tests/trace_context_service` hold to the same rules without it. An agent that samples nothing fails the two cases that
//! want three calls to have three parents: as Elastic has it, they all name the transaction, for there are no spans.

use std::process::ExitCode;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use elastic_apm::Agent;
use elastic_apm::axum::{ApmLayer, CapturedError};
use elastic_apm::reqwest::ApmMiddleware;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let port = match &arguments[..] {
        [] => Some(0),
        [flag, port] if flag == "--port" => port.parse().ok(),
        _ => None,
    };
    let Some(port) = port else {
        eprintln!("usage: trace-context-service [--port N]");
        return ExitCode::from(2);
    };
    match serve(port).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot listen on port {port}: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(port: u16) -> std::io::Result<()> {
    let _apm = Agent::builder().service_name("trace-context-service").install();
    let client = ClientBuilder::new(reqwest::Client::new()).with(ApmMiddleware::new()).build();
    let app = Router::new().route("/test", post(call_all)).layer(ApmLayer::new()).with_state(client);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}/test", listener.local_addr()?);
    let stop = async { drop(tokio::signal::ctrl_c().await) };
    axum::serve(listener, app).with_graceful_shutdown(stop).await
}

/// Why the calls were not all made.
enum Refusal {
    /// The request is no list of calls.
    Malformed,
    /// A call failed.
    Unreachable(reqwest_middleware::Error),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Refusal::Malformed => http::StatusCode::BAD_REQUEST.into_response(),
            Refusal::Unreachable(error) => {
                (http::StatusCode::BAD_GATEWAY, CapturedError::new(error)).into_response()
            }
        }
    }
}

async fn call_all(State(client): State<ClientWithMiddleware>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let Ok(Value::Array(calls)) = serde_json::from_slice(&body) else { return Err(Refusal::Malformed) };
    for call in calls {
        let (Some(url), Some(arguments)) = (call["url"].as_str(), call.get("arguments")) else {
            return Err(Refusal::Malformed);
        };
        let request = client.post(url).header("content-type", "application/json");
        request.body(arguments.to_string()).send().await.map_err(Refusal::Unreachable)?;
    }
    Ok(Json(json!({})))
}
