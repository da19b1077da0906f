//! One layer on an axum router: every request becomes a transaction, named after its route.
//!
//! Run it, then `curl http://127.0.0.1:3000/users/7`. Events go to `ELASTIC_APM_SERVER_URL`, else to `http://127.0.0.1:8200`.

use axum::extract::Path;
use axum::{Router, routing::get};
use elastic_apm::Agent;
use elastic_apm::axum::ApmLayer;
use elastic_apm::prelude::*;

async fn show(Path(id): Path<u64>) -> String {
    label("user", id);
    let name = load(id).in_span("load user").await;
    format!("hello, {name}\n")
}

async fn load(id: u64) -> String {
    format!("user {id}")
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let _apm = Agent::builder().service_name("axum-layer").install();
    let app = Router::new().route("/users/{id}", get(show)).layer(ApmLayer::new());

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("http://{}/users/7, until Ctrl-C", listener.local_addr()?);
    // The agent sends the rest when it is dropped, so let `main` return.
    let stop = async { drop(tokio::signal::ctrl_c().await) };
    axum::serve(listener, app).with_graceful_shutdown(stop).await
}
