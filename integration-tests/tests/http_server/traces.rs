//! Whose child a request's transaction is.

use axum::body::Body;
use elastic_apm::intake::TransactionEvent;
use elastic_apm::testing::Events;
use elastic_apm::{FutureExt, TraceContinuationStrategy, trace_parent_header};
use elastic_apm_integration_tests::CheckedAgent;
use http::{Request, Response};

use crate::client::events_of;
use crate::stack::{PATH, Stack};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// Answers with the `traceparent` that the handler would send on.
async fn passes_on(_: Request<Body>) -> Response<Body> {
    async {}.in_span("step").await;
    Response::new(Body::from(trace_parent_header().unwrap()))
}

pub(crate) async fn the_callers_trace_is_continued(stack: Stack) {
    let agent = CheckedAgent::new();
    let server = stack.serve(&agent, passes_on).await;

    let request = Request::get(PATH)
        .header("traceparent", format!("00-{TRACE}-{PARENT}-03"))
        .header("tracestate", "other=abc,es=s:0.25");
    let (_, sent_on) = server.connect().await.exchange(request).await;

    let events = events_of(&agent, 1).await;
    let request = &events.transactions[0];
    assert_eq!(request.trace_id.to_string(), TRACE);
    assert_eq!(request.parent_id.unwrap().to_string(), PARENT);
    assert_eq!(request.sample_rate.unwrap().as_f64(), 0.25);
    assert_eq!(events.span("step").sample_rate, request.sample_rate);
    assert_eq!(sent_on, format!("00-{TRACE}-{}-03", request.id));
}

pub(crate) async fn garbage_and_duplicates_start_a_new_trace(stack: Stack) {
    let good = format!("00-{TRACE}-{PARENT}-01");
    let cases: [&[&str]; 4] = [&[], &["garbage"], &[&good, &good], &["00-zz-zz-01"]];
    let agent = CheckedAgent::new();
    let server = stack.serve(&agent, passes_on).await;

    let mut client = server.connect().await;
    for traceparents in cases {
        let request = traceparents
            .iter()
            .fold(Request::get(PATH), |request, value| request.header("traceparent", *value))
            .header("tracestate", "es=s:0.25");
        client.exchange(request).await;
    }

    let events = events_of(&agent, cases.len()).await;
    for request in &events.transactions {
        assert_eq!((request.parent_id, request.sample_rate.unwrap().as_f64()), (None, 1.0));
        assert_ne!(request.trace_id.to_string(), TRACE);
    }
}

pub(crate) async fn an_unsampled_caller_gets_a_bare_transaction(stack: Stack) {
    let agent = CheckedAgent::new();
    let server = stack.serve(&agent, passes_on).await;

    let request = Request::get(PATH).header("traceparent", format!("00-{TRACE}-{PARENT}-00"));
    let (_, sent_on) = server.connect().await.exchange(request).await;

    let events = events_of(&agent, 1).await;
    let request = events.transaction(&stack.name("GET"));
    assert!(!request.sampled && request.context.is_none() && events.spans.is_empty());
    assert_eq!(sent_on, format!("00-{TRACE}-{}-00", request.id));
    assert_eq!(request.result.as_deref(), Some("HTTP 2xx"));
}

/// The transaction of a request that a caller sent, under this strategy.
async fn called(
    stack: Stack,
    strategy: TraceContinuationStrategy,
    tracestate: &str,
    rate: f64,
) -> (Events, String) {
    let agent = CheckedAgent::with(|options| {
        options.trace_continuation_strategy(strategy).transaction_sample_rate(rate)
    });
    let server = stack.serve(&agent, passes_on).await;
    let request = Request::get(PATH)
        .header("traceparent", format!("00-{TRACE}-{PARENT}-03"))
        .header("tracestate", tracestate);
    let (_, sent_on) = server.connect().await.exchange(request).await;
    let sent_on = String::from_utf8(sent_on.to_vec()).unwrap();
    (events_of(&agent, 1).await, sent_on)
}

#[track_caller]
fn assert_restarted(event: &TransactionEvent, sent_on: &str, rate: f64) {
    assert_ne!(event.trace_id.to_string(), TRACE);
    let links: Vec<_> =
        event.links.iter().map(|link| (link.trace_id.to_string(), link.span_id.to_string())).collect();
    assert_eq!(links, [(TRACE.to_owned(), PARENT.to_owned())]);
    assert_eq!((event.parent_id, event.sample_rate.unwrap().as_f64()), (None, rate));
    let flags = if rate > 0.0 { "01" } else { "00" };
    assert_eq!(sent_on, format!("00-{}-{}-{flags}", event.trace_id, event.id), "flags are our own");
}

pub(crate) async fn a_restarted_trace_links_to_the_callers(stack: Stack) {
    for rate in [1.0, 0.0] {
        let (events, sent_on) =
            called(stack, TraceContinuationStrategy::Restart, "es=s:0.25,other=abc", rate).await;

        assert_restarted(&events.transactions[0], &sent_on, rate);
    }
}

pub(crate) async fn a_trace_restarted_for_strangers_continues_where_an_elastic_agent_is_part_of_it(
    stack: Stack,
) {
    let strategy = TraceContinuationStrategy::RestartExternal;

    for tracestate in ["es=s:0.25", "other=abc,es=x:1"] {
        let (events, _) = called(stack, strategy, tracestate, 1.0).await;
        let event = &events.transactions[0];
        assert_eq!((event.trace_id.to_string().as_str(), event.links.len()), (TRACE, 0), "{tracestate}");
    }
    for tracestate in ["other=abc", "", "es", "es=s:0.25,MALFORMED=1"] {
        let (events, sent_on) = called(stack, strategy, tracestate, 1.0).await;
        assert_restarted(&events.transactions[0], &sent_on, 1.0);
    }
}

pub(crate) async fn a_restart_without_a_caller_links_to_nobody(stack: Stack) {
    let agent =
        CheckedAgent::with(|options| options.trace_continuation_strategy(TraceContinuationStrategy::Restart));
    let server = stack.serve(&agent, passes_on).await;

    let mut client = server.connect().await;
    client.get().await;
    client.exchange(Request::get(PATH).header("traceparent", "garbage")).await;

    let events = events_of(&agent, 2).await;
    assert!(events.transactions.iter().all(|event| event.links.is_empty()));
}
