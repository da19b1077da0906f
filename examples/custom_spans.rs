//! Spans in custom code: around a function, a block, a future and a closure; with a type, labels and an explicit parent.
//!
//! Events go to `ELASTIC_APM_SERVER_URL`, else to `http://127.0.0.1:8200`; without a server there, a warning says so.

use elastic_apm::prelude::*;

/// A function: the span is called after it, `custom_spans::grind`.
#[capture_span]
fn grind(beans: u32) -> u32 {
    beans / 2
}

/// What is said of the span stands in the attribute; arguments are labels only where asked for.
#[capture_span(name = "brew", type = "app.kitchen", labels(cups = cups))]
fn brew(cups: u32) -> u32 {
    let ground = {
        // A block: until the end of its scope.
        let span = capture_span("fill the filter");
        span.label("spoons", cups);
        grind(cups * 20)
    };
    ground * 2
}

async fn pour(cup: u32) -> Result<u32, String> {
    if cup > 2 { Err(format!("there is no cup {cup}")) } else { Ok(cup) }
}

#[tokio::main]
async fn main() {
    let agent = Agent::builder().service_name("custom-spans").install();

    let breakfast = async {
        let strength = brew(3);
        // A future: its span goes with it, from thread to thread. An `Err` makes it a failure.
        for cup in [1, 3] {
            let poured = pour(cup).try_in_span(span("pour").label("cup", cup)).await;
            println!("poured: {poured:?}");
        }
        strength
    };
    let strength = transaction("breakfast", "script").run(breakfast).await;

    // Handles, where the end is not where the start is. They are current nowhere: the parent is said.
    let washing = agent.tracer().transaction("washing up", "script").start();
    let rinse = washing.span("rinse").start();
    let dry = rinse.span("dry one cup").start();
    drop(dry);
    drop(rinse);
    washing.set_result("clean");

    println!("strength {strength}");
}
