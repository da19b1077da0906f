//! What stands where the application leaves names and types empty.

use elastic_apm::intake::SpanEvent;
use elastic_apm::{capture_error, capture_span, span};
use elastic_apm_integration_tests::CheckedAgent;

use crate::only;

fn parts(span: &SpanEvent) -> (&str, Option<&str>, Option<&str>) {
    let action = span.extra.as_ref().and_then(|extra| extra.action.as_deref());
    (span.kind.as_str(), span.subtype.as_deref(), action)
}

#[test]
fn a_transaction_without_type_is_custom_to_its_errors_too() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("");
    capture_error(&std::fmt::Error);
    drop(tx);

    let events = agent.events();
    assert_eq!(only(&events).kind, "custom");
    assert_eq!(events.errors[0].transaction.as_ref().unwrap().kind.as_deref(), Some("custom"));
}

#[test]
fn a_span_without_name_is_unnamed_however_it_lost_it() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    drop(capture_span(""));
    capture_span("named").set_name("");
    drop(tx);

    assert!(agent.events().spans.iter().all(|span| span.name == "unnamed"));
}

#[test]
fn empty_parts_of_a_spans_type_are_left_out() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    for kind in ["", ".", "..", ".mysql", "db.", "db..query", "db.mysql."] {
        drop(span("step").span_type(kind).enter());
    }
    drop(span("step").span_type("db").subtype("").action("").enter());
    drop(tx);

    let events = agent.events();
    let found: Vec<_> = events.spans.iter().map(parts).collect();
    assert_eq!(
        found,
        [
            ("custom", None, None),
            ("custom", None, None),
            ("custom", None, None),
            ("custom", Some("mysql"), None),
            ("db", None, None),
            ("db", None, Some("query")),
            ("db", Some("mysql"), None),
            ("db", None, None),
        ]
    );
}
