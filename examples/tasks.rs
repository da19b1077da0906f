//! Tasks, threads and pools: each starts with nothing current, unless the context is taken along.
//!
//! Events go to `ELASTIC_APM_SERVER_URL`, else to `http://127.0.0.1:8200`; without a server there, a warning says so.

use elastic_apm::prelude::*;
use elastic_apm::{TaskContext, task, thread, trace_id};
use tokio::task::JoinSet;

#[capture_span(name = "pour", labels(cup = cup))]
async fn pour(cup: u32) {
    tokio::task::yield_now().await;
}

#[capture_span(name = "grind", labels(beans = beans))]
fn grind(beans: u32) -> u32 {
    beans / 2
}

async fn breakfast() {
    // Each helper is tokio's or the standard library's function with the context taken along.
    let _ = task::spawn(pour(1)).await;
    let _ = task::spawn_blocking(|| grind(10)).await;
    let _ = thread::spawn(|| grind(20)).join();

    // Where there is no helper, what they do.
    let mut cups = JoinSet::new();
    cups.spawn(pour(2).in_current_span());
    cups.spawn_blocking(propagate(|| {
        grind(30);
    }));
    while cups.join_next().await.is_some() {}

    // For a closure that is called many times, on whichever thread: rayon's, say.
    let context = TaskContext::current();
    let grind_here = |beans| context.run_sync(|| grind(beans));
    std::thread::scope(|scope| {
        scope.spawn(|| grind_here(40));
    });

    // Nothing is taken along here.
    let bare = tokio::spawn(async { trace_id() }).await;
    println!("a bare task belongs to no trace: {bare:?}");
}

#[tokio::main]
async fn main() {
    let _apm = Agent::builder().service_name("tasks").install();

    transaction("breakfast", "script").run(breakfast()).await;
}
