//! The program `trace-context-service`, driven over sockets as the public W3C suite drives it: what it is sent, and what it sends on.
//!
//! `harness` starts the program and receives its calls; `traceparent` and `tracestate` hold the cases.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail as the test does")]

mod harness;
mod traceparent;
mod tracestate;

use crate::harness::Harness;

#[tokio::test]
async fn the_service_answers_200_with_an_empty_object_when_all_calls_are_done() {
    let harness = Harness::start().await;

    let (status, body, calls) = harness.post(&[], 2).await;

    assert_eq!((status, body.as_str(), calls.len()), (200, "{}", 2));
}

#[tokio::test]
async fn the_service_posts_the_arguments_as_json() {
    let harness = Harness::start().await;

    let (_, _, calls) = harness.post(&[], 1).await;

    assert_eq!(calls[0].headers["content-type"], "application/json");
    assert_eq!(calls[0].body, br#"[{"nested":[1]}]"#[..]);
}

#[tokio::test]
async fn a_request_that_is_no_list_is_refused() {
    let harness = Harness::start().await;

    for body in ["", "{}", "nonsense", "[1]", r#"[{"url":"http://127.0.0.1/"}]"#, r#"[{"arguments":[]}]"#] {
        assert_eq!(harness.post_raw(&[], body).await.0, 400, "{body}");
    }
}

#[tokio::test]
async fn a_url_that_cannot_be_called_is_a_bad_gateway() {
    let harness = Harness::start().await;

    for url in ["not a url", "http://127.0.0.1:1/"] {
        let body = format!(r#"[{{"url":"{url}","arguments":[]}}]"#);
        assert_eq!(harness.post_raw(&[], &body).await.0, 502, "{url}");
    }
}
