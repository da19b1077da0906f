//! Layers of `tower-http` on either side of ours. Those that catch panics and set time limits have files of their own.

use axum::body::Body;
use bytes::Bytes;
use elastic_apm::Outcome;
use elastic_apm::intake::TransactionEvent;
use elastic_apm_integration_tests::CheckedAgent;
use http::{Request, Response, response};

use crate::answers::end;
use crate::client::events_of;
use crate::stack::{Around, PATH, REQUEST_ID, Stack};

/// The answer to a request that takes gzip, and its only transaction.
async fn exchange(stack: Stack, around: Around) -> (response::Parts, Bytes, TransactionEvent) {
    let agent = CheckedAgent::new();
    let answers = |_| async { Response::new(Body::from("x".repeat(10_000))) };
    let server = stack.serve_with(agent.tracer(), around, answers).await;

    let request = Request::get(PATH).header("accept-encoding", "gzip");
    let (head, body) = server.connect().await.exchange(request).await;

    let event = events_of(&agent, 1).await.transaction(&stack.name("GET")).clone();
    assert_eq!(end(&event), (Some("HTTP 2xx"), Some(Outcome::Success)), "{around:?}");
    (head, body, event)
}

/// A header of the response as it was recorded.
fn recorded<'a>(event: &'a TransactionEvent, name: &str) -> Option<&'a str> {
    event.context.as_ref()?.response.as_ref()?.headers.get(name)
}

pub(crate) async fn a_layer_that_traces_stands_on_either_side(stack: Stack) {
    for around in [Around::TraceInside, Around::TraceOutside] {
        let (_, body, _) = exchange(stack, around).await;

        assert_eq!(body.len(), 10_000);
    }
}

pub(crate) async fn a_layer_that_compresses_stands_on_either_side(stack: Stack) {
    for (around, seen) in [(Around::CompressionInside, Some("gzip")), (Around::CompressionOutside, None)] {
        let (head, body, event) = exchange(stack, around).await;

        assert_eq!(head.headers["content-encoding"], "gzip", "{around:?}");
        assert!(body.len() < 1_000);
        assert_eq!(recorded(&event, "content-encoding"), seen, "{around:?}");
    }
}

pub(crate) async fn a_layer_that_numbers_requests_stands_on_either_side(stack: Stack) {
    for (around, in_request, in_response) in
        [(Around::RequestIdInside, false, true), (Around::RequestIdOutside, true, false)]
    {
        let (head, _, event) = exchange(stack, around).await;

        let id = head.headers[REQUEST_ID].to_str().unwrap();
        let request = event.context.as_ref().unwrap().request.as_ref().unwrap();
        assert_eq!(request.headers.get(REQUEST_ID.as_str()), Some(id).filter(|_| in_request));
        assert_eq!(recorded(&event, REQUEST_ID.as_str()), Some(id).filter(|_| in_response));
    }
}
