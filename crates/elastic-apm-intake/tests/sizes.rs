//! What an event costs to move, a budget of the design.

use elastic_apm_intake::{Context, ErrorEvent, Event, SpanContext, SpanEvent, TransactionEvent};

#[test]
fn a_span_takes_at_most_256_bytes() {
    assert!(size_of::<SpanEvent>() <= 256, "{}", size_of::<SpanEvent>());
}

#[test]
fn a_transaction_takes_at_most_320_bytes() {
    assert!(size_of::<TransactionEvent>() <= 320, "{}", size_of::<TransactionEvent>());
}

#[test]
fn rare_parts_are_boxed() {
    assert!(size_of::<Context>() <= 96, "{}", size_of::<Context>());
    assert!(size_of::<SpanContext>() <= 256, "{}", size_of::<SpanContext>());
    assert!(size_of::<ErrorEvent>() <= 320, "{}", size_of::<ErrorEvent>());
    assert_eq!(size_of::<Event>(), 16);
}
