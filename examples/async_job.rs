//! Jobs that wait: a transaction around a future. An `Err`, a panic and being dropped midway decide what becomes of it.

use std::time::Duration;

use elastic_apm::prelude::*;
use tokio::time::{sleep, timeout};

/// The function is a transaction, on each call a trace of its own.
#[transaction(name = "count stock", type = "scheduled", labels(shelf = shelf))]
async fn count_stock(shelf: u32) -> u32 {
    sleep(Duration::from_millis(1)).in_span("look").await;
    shelf * 12
}

async fn send_report(to: &str) -> Result<(), String> {
    match to {
        "" => Err("nobody to send it to".to_owned()),
        _ => Ok(()),
    }
}

#[tokio::main]
async fn main() {
    let _apm = Agent::builder().service_name("async-job").install();

    println!("{} in stock", count_stock(7).await);

    for to in ["office@example.com", ""] {
        // The future's `Result` is the transaction's: `success`, `failure`.
        let sent = transaction("send report", "scheduled").try_run(send_report(to)).await;
        println!("sent to {to:?}: {sent:?}");
    }

    // Given up: result `cancelled`, outcome unknown.
    let endless = transaction("wait for delivery", "scheduled").run(std::future::pending::<()>());
    let given_up = timeout(Duration::from_millis(5), endless).await.is_err();
    println!("given up: {given_up}");

    // A panic is reported with its message, and goes on.
    let broken = tokio::spawn(transaction("clean up", "scheduled").run(async { panic!("no broom") }));
    println!("panicked: {}", broken.await.is_err());
}
