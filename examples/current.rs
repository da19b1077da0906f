//! What is said of the transaction and the span that are current, by code that has neither at hand: names, labels, the user, ids
//! for the lines of a log.
//!
//! Events go to `ELASTIC_APM_SERVER_URL`, else to `http://127.0.0.1:8200`; without a server there, a warning says so.

use elastic_apm::prelude::*;
use elastic_apm::{baggage, current_trace_ids, is_recording, set_baggage};

struct Order {
    customer: u64,
    cups: Vec<u32>,
}

fn take(order: &Order) {
    // Labels are indexed, custom context is not.
    set_transaction_name("take order");
    set_user_context(User::new().id(order.customer));
    label("cups", order.cups.len());
    if is_recording() {
        set_custom_context("cups", order.cups.clone());
    }
    // Handed on to every service that is called from here.
    set_baggage("customer", &order.customer.to_string());

    let filled = fill(order);
    println!("{} cups are full {}", filled.len(), current_trace_ids());
    // Failed or not: no error was captured, so it is said by the status that is answered.
    set_transaction_outcome(Outcome::of_response(if filled.is_empty() { 503 } else { 200 }));
}

#[capture_span(name = "fill")]
fn fill(order: &Order) -> Vec<u32> {
    let full: Vec<u32> = order.cups.iter().copied().filter(|cup| *cup < 300).collect();
    // The span of this function, which has no name for it.
    current_span().label("full", full.len());
    full
}

fn main() {
    let agent = Agent::builder().service_name("current").install();

    for order in [Order { customer: 7, cups: vec![100, 200] }, Order { customer: 8, cups: vec![400] }] {
        let tx = agent.begin_transaction("script");
        take(&order);
        println!("customer {:?} is known to those we call", baggage().get("customer"));
        drop(tx);
    }

    let tx = agent.begin_transaction("script");
    // Nobody wants to see this one.
    current_transaction().discard();
    drop(tx);
}
