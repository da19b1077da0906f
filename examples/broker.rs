//! One trace across a message broker: who sends writes the trace headers into the message, who receives continues the trace.
//!
//! The broker here is a channel; any other whose messages have headers will do. These have bytes for values, as Kafka's do.

use elastic_apm::prelude::*;
use elastic_apm::{baggage, set_baggage};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

struct Message {
    headers: Vec<(String, Vec<u8>)>,
    order: u32,
}

async fn take_order(order: u32, queue: &UnboundedSender<Message>) {
    let publish = async {
        let mut headers = Vec::new();
        // What goes with the trace, to whoever is part of it.
        set_baggage("customer", "7");
        // The receiver becomes a child of this span.
        inject(&mut headers);
        let _ = queue.send(Message { headers, order });
    };
    publish.in_span(span("send to orders").span_type("messaging.channel.send")).await;
}

async fn make_coffee(mut queue: UnboundedReceiver<Message>) {
    while let Some(message) = queue.recv().await {
        transaction("receive from orders", "messaging")
            // No headers or bad ones: a new trace.
            .child_of(TraceContext::from_headers(&message.headers))
            .run(async {
                label("order", message.order);
                let trace = elastic_apm::trace_id().map_or_else(String::new, |id| id.to_string());
                let baggage = baggage();
                let customer = baggage.get("customer").unwrap_or("nobody");
                println!("order {} of customer {customer} belongs to trace {trace}", message.order);
            })
            .await;
    }
}

#[tokio::main]
async fn main() {
    let _apm = Agent::builder().service_name("broker").install();
    let (sender, receiver) = unbounded_channel();
    let kitchen = tokio::spawn(make_coffee(receiver));

    for order in 1..=2 {
        transaction("take order", "script").run(take_order(order, &sender)).await;
    }

    drop(sender);
    let _ = kitchen.await;
}
