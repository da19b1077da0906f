//! A timeout layer on either side of ours.

use elastic_apm::{Outcome, capture_span};
use elastic_apm_integration_tests::CheckedAgent;
use http::StatusCode;

use crate::answers::{end, response};
use crate::client::events_of;
use crate::stack::{Around, Stack};

pub(crate) async fn a_timeout_inside_is_an_answer(stack: Stack) {
    let agent = CheckedAgent::new();
    let never = |_| std::future::pending();
    let server = stack.serve_with(agent.tracer(), Around::TimeoutInside, never).await;

    let (head, _) = server.connect().await.get().await;

    assert_eq!(head.status, StatusCode::GATEWAY_TIMEOUT);
    let events = events_of(&agent, 1).await;
    let request = events.transaction(&stack.name("GET"));
    assert_eq!(end(request), (Some("HTTP 5xx"), Some(Outcome::Failure)));
    assert_eq!(response(request), Some((504, None)));
}

pub(crate) async fn a_timeout_outside_is_a_cancellation(stack: Stack) {
    let agent = CheckedAgent::new();
    let never = |_| async {
        let _guarded = capture_span("never done").id();
        std::future::pending().await
    };
    let server = stack.serve_with(agent.tracer(), Around::TimeoutOutside, never).await;

    let (head, _) = server.connect().await.get().await;

    assert_eq!(head.status, StatusCode::GATEWAY_TIMEOUT);
    let events = events_of(&agent, 1).await;
    let request = events.transaction(&stack.name("GET"));
    assert_eq!(end(request), (Some("cancelled"), Some(Outcome::Unknown)));
    assert_eq!(response(request), None);
    assert!(request.duration >= 19.0, "its true duration: {}", request.duration);
}
