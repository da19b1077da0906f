//! One line around a reqwest client: every request becomes a span, and carries the trace to the service it calls.
//!
//! The service here is a small one in the same process, which answers with the header that reached it.

use axum::{Router, http::HeaderMap, routing::get};
use elastic_apm::Agent;
use elastic_apm::reqwest::ApmMiddleware;
use reqwest_middleware::ClientBuilder;

async fn echo(headers: HeaderMap) -> String {
    let trace = headers.get("traceparent").and_then(|value| value.to_str().ok());
    format!("traceparent: {}", trace.unwrap_or("none"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _apm = Agent::builder().service_name("reqwest-client").install();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(echo))).await });

    let plain = reqwest::Client::builder().no_proxy().build()?;
    let http = ClientBuilder::new(plain).with(ApmMiddleware::new()).build();

    let call = async { http.get(&url).send().await?.text().await.map_err(Into::into) };
    let answer: Result<String, reqwest_middleware::Error> =
        elastic_apm::transaction("ask once", "script").try_run(call).await;
    println!("{}", answer?);
    Ok(())
}
