//! Errors in custom code: captured with their causes, described, on spans of one's own; messages; panics.
//!
//! Events go to `ELASTIC_APM_SERVER_URL`, else to `http://127.0.0.1:8200`; without a server there, a warning says so.

use std::error::Error;
use std::fmt;

use elastic_apm::Agent;
use elastic_apm::prelude::*;

/// An error with a cause: both are reported, each with its message and type.
#[derive(Debug)]
struct BadOrder {
    line: String,
    cause: std::num::ParseIntError,
}

impl fmt::Display for BadOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no number of cups in {:?}", self.line)
    }
}

impl Error for BadOrder {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

fn parse(line: &str) -> Result<u32, BadOrder> {
    line.parse().map_err(|cause| BadOrder { line: line.to_owned(), cause })
}

fn take_orders(lines: &[&str]) -> Result<u32, Box<dyn Error>> {
    let mut cups = 0;
    for line in lines {
        match parse(line) {
            Ok(0) => {
                // No error type: a message. Kibana groups by its template.
                elastic_apm::message(format!("order of {line} cups"))
                    .param_message("order of {} cups")
                    .level("warning")
                    .capture();
            }
            Ok(more) => cups += more,
            // Belongs to the span that is current, and carries the transaction's labels.
            Err(error) => drop(capture_error(&error)),
        }
    }
    if cups > 3 { Err("the machine is too small".into()) } else { Ok(cups) }
}

fn main() {
    let agent = Agent::builder().service_name("errors").install();

    agent.tracer().transaction("take orders", "script").run_sync(|| {
        label("shop", "station");
        let step = capture_span("read orders");
        if let Err(error) = take_orders(&["2", "0", "two", "2"]) {
            // What is in the box, with more to say of it, on a span of one's choice.
            step.error(&*error).handled(false).label("cups", 4).culprit("errors::machine").capture();
        }
    });
    // A panic in a transaction is reported and goes on its way.
    let machine = agent.tracer().transaction("brew", "script");
    let brewed =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| machine.run_sync(|| panic!("no water"))));

    println!("brewed: {}, {} events recorded", brewed.is_ok(), agent.stats().recorded());
}
