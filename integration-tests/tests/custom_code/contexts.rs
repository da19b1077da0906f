//! User and custom context, and passing the trace on.

use elastic_apm::{
    TransactionOptions, User, capture_span, inject, set_custom_context, set_user_context, span_id, trace_id,
    trace_parent_header, transaction_id,
};
use elastic_apm_integration_tests::CheckedAgent;
use serde_json::{Value, json};

use crate::{recorded, tags};

#[test]
fn what_is_said_of_the_user_adds_to_what_was_said_before() {
    let events = recorded(|| {
        set_user_context(User::new().id(1).email("old@example.com"));
        set_user_context(User::new().id("2").username("x".repeat(2000)));
        set_user_context(User::new());
    });

    let user = events.transaction("job").context.as_ref().unwrap().user.as_ref().unwrap();
    assert_eq!((user.id.as_deref(), user.email.as_deref()), (Some("2"), Some("old@example.com")));
    assert_eq!(user.username.as_deref().unwrap().chars().count(), 1024);
}

#[test]
fn custom_context_takes_any_json_and_merges_by_key() {
    let events = recorded(|| {
        set_custom_context("a.b*c\"d", json!([1, {"nested.key": null}]));
        set_custom_context("number", 1);
        set_custom_context("number", 2);
        set_custom_context("not a number", f64::NAN);
        set_custom_context("", "");
    });

    let custom = events.transaction("job").context.as_ref().unwrap().custom.clone().unwrap();
    assert_eq!(
        Value::Object(custom),
        json!({"a_b_c_d": [1, {"nested.key": null}], "number": 2, "not a number": null, "": ""})
    );
}

#[test]
fn options_carry_labels_to_the_transaction() {
    let agent = CheckedAgent::new();

    drop(agent.tracer().begin_transaction(TransactionOptions::new("script").label("a.b", 1).label("a_b", 2)));

    assert_eq!(tags(&agent.events()), json!({"a_b": 2}));
}

#[test]
fn the_header_is_the_current_spans_or_else_the_transactions() {
    let mut seen = Vec::new();

    let events = recorded(|| {
        seen.push((trace_parent_header().unwrap(), span_id()));
        let _outer = capture_span("outer");
        let inner = capture_span("inner");
        seen.push((trace_parent_header().unwrap(), span_id()));
        assert_eq!(inner.trace_parent().unwrap().to_string(), trace_parent_header().unwrap());
        drop(inner);
        seen.push((trace_parent_header().unwrap(), span_id()));
    });

    let job = events.transaction("job");
    let header = |id| format!("00-{}-{id}-01", job.trace_id);
    let (outer, inner) = (events.span("outer").id, events.span("inner").id);
    assert_eq!(seen, [(header(job.id), None), (header(inner), Some(inner)), (header(outer), Some(outer))]);
}

#[test]
fn the_ids_that_are_current_are_the_ids_that_are_sent() {
    let mut seen = None;

    let events = recorded(|| {
        let _span = capture_span("step");
        seen = Some((trace_id().unwrap(), transaction_id().unwrap(), span_id().unwrap()));
    });

    let (job, step) = (events.transaction("job"), events.span("step"));
    assert_eq!(seen, Some((job.trace_id, job.id, step.id)));
    assert_eq!((step.trace_id, step.transaction_id), (job.trace_id, Some(job.id)));
}

#[test]
fn inject_replaces_what_is_there_and_keeps_other_headers() {
    let mut headers = http::HeaderMap::new();
    headers.append("traceparent", http::HeaderValue::from_static("stale"));
    headers.append("traceparent", http::HeaderValue::from_static("staler"));
    headers.append("tracestate", http::HeaderValue::from_static("stale=1"));
    headers.append("x-other", http::HeaderValue::from_static("kept"));

    let events = recorded(|| inject(&mut headers));

    let job = events.transaction("job");
    assert_eq!(headers.len(), 3);
    assert_eq!(headers["traceparent"], format!("00-{}-{}-01", job.trace_id, job.id));
    assert_eq!(
        (&headers["tracestate"], &headers["x-other"]),
        (&"es=s:1".parse().unwrap(), &"kept".parse().unwrap())
    );
}
