//! Whose child a request's transaction is.

use axum::body::Body;
use elastic_apm::{FutureExt, trace_parent_header};
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
