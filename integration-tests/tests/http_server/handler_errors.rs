//! Errors that handlers turn into responses, carried to the layer by the response.

use axum::body::Body;
use elastic_apm::tower::CapturedError;
use elastic_apm::{FutureExt, Outcome};
use elastic_apm_integration_tests::CheckedAgent;
use http::{Request, Response};

use crate::answers::{end, response};
use crate::client::events_of;
use crate::stack::{Around, Stack};

/// An error with two causes.
#[derive(Debug)]
struct Failed {
    what: &'static str,
    source: Option<Box<Failed>>,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.what)
    }
}

impl std::error::Error for Failed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

fn failed() -> Failed {
    let cause = |what, source| Some(Box::new(Failed { what, source }));
    Failed { what: "no order", source: cause("no row", cause("no disk", None)) }
}

fn carries(error: CapturedError) -> Response<Body> {
    Response::builder().status(500).extension(error).body(Body::from("sorry")).unwrap()
}

pub(crate) async fn the_error_behind_a_response_is_reported_once_with_its_causes(stack: Stack) {
    for around in [Around::OursAlone, Around::OursTwice] {
        let agent = CheckedAgent::new();
        let fails = |_: Request<Body>| async { carries(CapturedError::new(failed())) };
        let server = stack.serve_with(agent.tracer(), around, fails).await;

        let (head, body) = server.connect().await.get().await;

        assert_eq!((head.status.as_u16(), &*body), (500, &b"sorry"[..]));
        let events = events_of(&agent, 1).await;
        let request = &events.transactions[0];
        assert_eq!(end(request), (Some("HTTP 5xx"), Some(Outcome::Failure)));
        assert_eq!(response(request), Some((500, None)));
        assert_eq!(events.errors.len(), 1, "{}", events.tree());
        let error = &events.errors[0];
        assert_eq!(error.parent.unwrap().parent_id, request.id);
        assert_eq!(error.context.as_ref().unwrap().request, request.context.as_ref().unwrap().request);
        let mut exception = error.exception.as_deref().unwrap();
        assert_eq!((exception.kind.as_deref(), exception.handled), (Some("Failed"), Some(true)));
        let mut messages = vec![exception.message.as_deref().unwrap()];
        while let Some(cause) = exception.cause.first() {
            messages.push(cause.message.as_deref().unwrap());
            exception = cause;
        }
        assert_eq!(messages, ["no order", "no row", "no disk"]);
        let made_at = "the_error_behind_a_response_is_reported_once_with_its_causes";
        assert_eq!(error.culprit.as_deref(), Some(&*format!("http_server::handler_errors::{made_at}")));
    }
}

pub(crate) async fn the_error_behind_an_unsampled_response_is_reported_too(stack: Stack) {
    let agent = CheckedAgent::with(|options| options.transaction_sample_rate(0.0));
    let server = stack.serve(&agent, |_| async { carries(CapturedError::new(failed())) }).await;

    server.connect().await.get().await;

    let events = events_of(&agent, 1).await;
    let error = &events.errors[0];
    assert_eq!(error.parent.unwrap().parent_id, events.transactions[0].id);
    assert!(!error.transaction.as_ref().unwrap().sampled);
    assert_eq!(error.exception.as_ref().unwrap().message.as_deref(), Some("no order"));
}

pub(crate) async fn an_error_made_in_a_span_belongs_to_it(stack: Stack) {
    let agent = CheckedAgent::new();
    let fails = |_: Request<Body>| async {
        carries(async { CapturedError::new("lost".to_owned()) }.in_span("query").await)
    };
    let server = stack.serve(&agent, fails).await;

    server.connect().await.get().await;

    let events = events_of(&agent, 1).await;
    assert_eq!(events.errors[0].parent.unwrap().parent_id, events.span("query").id);
}

pub(crate) async fn the_outcome_is_the_statuss_whatever_error_is_behind_it(stack: Stack) {
    let agent = CheckedAgent::new();
    let fails = |_: Request<Body>| async {
        let mut response = carries(CapturedError::new(failed()));
        *response.status_mut() = http::StatusCode::NOT_FOUND;
        response
    };
    let server = stack.serve(&agent, fails).await;

    server.connect().await.get().await;

    let events = events_of(&agent, 1).await;
    assert_eq!(end(&events.transactions[0]), (Some("HTTP 4xx"), Some(Outcome::Success)));
    assert_eq!(events.errors.len(), 1);
}

pub(crate) async fn an_error_in_an_ignored_request_is_not_reported(stack: Stack) {
    let agent = CheckedAgent::with(|options| options.transaction_ignore_urls(["*"]));
    let fails = |_: Request<Body>| async { carries(CapturedError::new(failed())) };
    let server = stack.serve(&agent, fails).await;

    let (head, _) = server.connect().await.get().await;

    assert_eq!(head.status.as_u16(), 500);
    assert_eq!(agent.stats().recorded(), 0);
}
