//! A job without async and without tokio: a transaction around it, spans in it, an error on the way.
//!
//! Events go to `ELASTIC_APM_SERVER_URL`, else to `http://127.0.0.1:8200`; without a server there, a warning says so.

use elastic_apm::Agent;
use elastic_apm::prelude::*;

#[capture_span(name = "read numbers", labels(lines = text.lines().count()))]
fn read(text: &str) -> Vec<u64> {
    text.lines().filter_map(parse).collect()
}

fn parse(line: &str) -> Option<u64> {
    let parsed = line.parse::<u64>();
    if let Err(error) = &parsed {
        // Belongs to the span and the transaction that are current.
        capture_error(error);
    }
    parsed.ok()
}

fn main() {
    let agent = Agent::builder().service_name("job").install();

    let tx = agent.begin_transaction("script");
    let numbers = read("19\n23\nforty\n");
    let sum = {
        let _span = capture_span("add up");
        numbers.iter().sum::<u64>()
    };
    label("sum", sum);
    tx.end_with("nightly-sum", "success");

    println!("the sum is {sum}");
    // Dropping the agent sends what is left. Here we want to know whether it arrived.
    let all_arrived = agent.flush(std::time::Duration::from_secs(3));
    println!("{} events recorded, all arrived: {all_arrived}", agent.stats().recorded());
}
