//! Filters: events are changed or left out before they are sent.
//!
//! Events go to `ELASTIC_APM_SERVER_URL`, else to `http://127.0.0.1:8200`; without a server there, a warning says so.

use elastic_apm::intake::{ErrorEvent, SpanEvent, TransactionEvent};
use elastic_apm::prelude::*;
use elastic_apm::{Agent, DropReason};

/// Hides who it was in whatever a transaction or an error says of its user.
fn hide_user(user: Option<&mut Box<User>>) {
    if let Some(user) = user {
        user.email = user.email.take().map(|_| "somebody".into());
    }
}

fn main() {
    // The kind of event is that of the closure's argument; filters of a kind run in this order.
    let agent = Agent::builder()
        .service_name("filters")
        .filter(|span: &mut SpanEvent| span.name != "SELECT 1")
        .filter(|transaction: &mut TransactionEvent| {
            hide_user(transaction.context.as_mut().and_then(|context| context.user.as_mut()));
            true
        })
        .filter(|error: &mut ErrorEvent| {
            hide_user(error.context.as_mut().and_then(|context| context.user.as_mut()));
            let message = error.log.as_mut().map(|log| &mut log.message);
            if let Some(message) = message {
                *message = message.replace("1234-5678", "****").into();
            }
            true
        })
        .install();

    let tx = agent.begin_transaction("script");
    set_user_context(User { email: Some("joe@example.com".into()), ..User::default() });
    drop(capture_span("SELECT 1"));
    drop(capture_span("SELECT FROM orders"));
    capture_message("card 1234-5678 refused");
    tx.end_with("pay", "failure");

    let all_arrived = agent.flush(std::time::Duration::from_secs(3));
    println!("all arrived: {all_arrived}; left out: {}", agent.stats().dropped_for(DropReason::Filtered));
}
