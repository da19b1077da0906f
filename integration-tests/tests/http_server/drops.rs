//! Futures and bodies that are given up at every point where they can be, and services that misbehave at each of Tower's steps.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use elastic_apm::tower::ApmLayer;
use elastic_apm::{FutureExt as _, Outcome, capture_span, span_id, transaction_id};
use elastic_apm_integration_tests::CheckedAgent;
use futures_util::FutureExt as _;
use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

use crate::answers::{end, response};
use crate::client::data;
use crate::stack::PATH;

const STEPS: usize = 6;

fn layer(agent: &CheckedAgent) -> ApmLayer {
    ApmLayer::new().tracer(agent.tracer())
}

fn request() -> Request<Body> {
    Request::get(PATH).body(Body::empty()).unwrap()
}

/// Waits once in each of six places: outside of spans, in a span's future, under a scope, in a nested service, and in between.
async fn waits_everywhere(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    yield_now().await;
    yield_now().in_span("a future").await;
    {
        let _scope = capture_span("a scope over an await");
        yield_now().await;
    }
    async { yield_now().in_span("inside").await }.in_span("outside").await;
    yield_now().in_current_span().await;
    yield_now().await;
    let mut left = STEPS;
    let frames = futures_util::stream::poll_fn(move |cx| {
        drop(capture_span("a frame"));
        left -= 1;
        match left {
            0 => Poll::Ready(None),
            odd if odd % 2 == 1 => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            _ => Poll::Ready(Some(data("x"))),
        }
    });
    Ok(Response::new(Body::new(StreamBody::new(frames))))
}

#[test]
fn a_future_that_is_dropped_after_any_number_of_polls_leaves_one_cancelled_request_and_nothing_current() {
    for polls in 0..=STEPS {
        for twice in [false, true] {
            let agent = CheckedAgent::new();
            let handler = service_fn(waits_everywhere);
            let mut inner = layer(&agent).layer(handler);
            // Polling by hand says exactly where it stops.
            let mut answer: std::pin::Pin<Box<dyn Future<Output = ()>>> = if twice {
                Box::pin(layer(&agent).layer(inner).call(request()).map(drop))
            } else {
                Box::pin(inner.call(request()).map(drop))
            };
            for poll in 0..polls {
                assert!((&mut answer).now_or_never().is_none(), "it waits {STEPS} times, not {poll}");
                assert_eq!((transaction_id(), span_id()), (None, None));
            }
            drop(answer);

            assert_eq!((transaction_id(), span_id()), (None, None));
            let events = agent.events();
            assert_eq!(events.transactions.len(), 1);
            let event = &events.transactions[0];
            assert_eq!(end(event), (Some("cancelled"), Some(Outcome::Unknown)), "{polls}");
            assert_eq!(response(event), None);
            assert!(event.span_count.started as usize == events.spans.len(), "{}", events.tree());
        }
    }
}

#[tokio::test]
async fn a_body_that_is_dropped_after_any_number_of_polls_leaves_one_request_and_nothing_current() {
    for polls in 0..=STEPS {
        let agent = CheckedAgent::new();
        let mut answer = Box::pin(layer(&agent).layer(service_fn(waits_everywhere)).oneshot(request()));
        let mut body = (&mut answer).await.unwrap().into_body();
        for _ in 0..polls {
            let _ = body.frame().now_or_never();
            assert_eq!((transaction_id(), span_id()), (None, None));
        }
        drop((answer, body));

        assert_eq!((transaction_id(), span_id()), (None, None));
        let events = agent.events();
        assert_eq!(events.transactions.len(), 1);
        let event = &events.transactions[0];
        let complete = polls == STEPS;
        let result = if complete { "HTTP 2xx" } else { "cancelled" };
        assert_eq!(event.result.as_deref(), Some(result), "{polls}");
        assert_eq!(response(event), Some((200, (!complete).then_some(false))));
        assert_eq!(event.span_count.started as usize, events.spans.len(), "{}", events.tree());
    }
}

#[tokio::test]
async fn a_service_that_does_not_get_ready_fails_as_without_us_and_leaves_no_transaction() {
    struct NeverReady;
    impl Service<Request<Body>> for NeverReady {
        type Response = Response<Body>;
        type Error = BoxError;
        type Future = std::future::Pending<Result<Response<Body>, BoxError>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            Poll::Ready(Err("out of workers".into()))
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            unreachable!("it never gets ready")
        }
    }
    let agent = CheckedAgent::new();

    let error = layer(&agent).layer(NeverReady).oneshot(request()).await.unwrap_err();

    assert_eq!(error.to_string(), "out of workers");
    assert_eq!(agent.stats().recorded(), 0);
}

/// A service that must be made ready on the very instance that is called, as Tower's rule is.
#[derive(Default)]
struct Strict {
    is_ready: bool,
    calls: Arc<AtomicUsize>,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Strict { is_ready: false, calls: Arc::clone(&self.calls) }
    }
}

impl Service<Request<Body>> for Strict {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "called before it was ready");
        let calls = Arc::clone(&self.calls);
        Box::pin(async move {
            yield_now().await;
            calls.fetch_add(1, Ordering::Relaxed);
            Ok(Response::new(Body::from(transaction_id().unwrap().to_string())))
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clones_that_are_called_at_once_get_ready_each_for_itself_and_never_mix() {
    let (agent, strict) = (CheckedAgent::new(), Strict::default());
    let calls = Arc::clone(&strict.calls);
    let service = layer(&agent).layer(layer(&agent).layer(strict));

    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let mut service = service.clone();
        tasks.spawn(async move {
            let mut ids = Vec::new();
            for _ in 0..25 {
                let answer = service.ready().await.unwrap().call(request()).await.unwrap();
                ids.push(answer.into_body().collect().await.unwrap().to_bytes());
            }
            ids
        });
    }
    let mut seen: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();

    let events = agent.events();
    let mut recorded: Vec<_> =
        events.transactions.iter().map(|event| event.id.to_string().into_bytes()).collect();
    seen.sort();
    recorded.sort();
    assert_eq!(calls.load(Ordering::Relaxed), 200);
    assert_eq!(seen, recorded);
}

#[tokio::test]
async fn a_body_that_panics_when_it_is_dropped_costs_nobody_else_anything() {
    struct PanicsAtItsEnd(bool);
    impl Drop for PanicsAtItsEnd {
        fn drop(&mut self) {
            assert!(!self.0, "no coffee left");
        }
    }
    let agent = CheckedAgent::new();
    let answers = service_fn(|_: Request<Body>| async {
        let own = PanicsAtItsEnd(true);
        let frames = futures_util::stream::poll_fn(move |_| {
            let _ = &own;
            Poll::Ready(Some(data("x")))
        });
        Ok::<_, Infallible>(Response::new(StreamBody::new(frames)))
    });

    let body = layer(&agent).layer(answers).oneshot(request()).await.unwrap().into_body();
    let panicked = std::panic::catch_unwind(AssertUnwindSafe(|| drop(body)));

    assert!(panicked.is_err());
    assert_eq!(transaction_id(), None);
    assert_eq!(end(&agent.events().transactions[0]), (Some("cancelled"), Some(Outcome::Unknown)));
}

/// A body of trailers only, which ends once it is told to.
struct EndsWhenTold {
    trailers: Option<HeaderMap>,
    told: oneshot::Receiver<()>,
}

impl http_body::Body for EndsWhenTold {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.trailers.take() {
            Some(trailers) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            None => Pin::new(&mut self.told).poll(cx).map(|_| None),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(0)
    }
}

#[tokio::test]
async fn a_body_that_is_not_ready_to_end_is_kept_until_it_is() {
    let (agent, (tell, told)) = (CheckedAgent::new(), oneshot::channel());
    let mut answer = Some(EndsWhenTold { trailers: Some(HeaderMap::new()), told });
    let answers = service_fn(|_: Request<Body>| {
        let answer = answer.take().unwrap();
        async { Ok::<_, Infallible>(Response::new(answer)) }
    });

    let mut body = layer(&agent).layer(answers).oneshot(request()).await.unwrap().into_body();
    assert!(body.frame().await.unwrap().unwrap().is_trailers());
    assert!(body.frame().now_or_never().is_none());

    assert!(tell.send(()).is_ok(), "it still waits");
    assert!(body.frame().await.is_none());
    assert_eq!(end(&agent.events().transactions[0]), (Some("HTTP 2xx"), Some(Outcome::Success)));
}

/// A body of one frame that panics when it is dropped.
struct PanicsWhenLetGo(Full<Bytes>);

impl Drop for PanicsWhenLetGo {
    fn drop(&mut self) {
        panic!("no coffee left");
    }
}

impl http_body::Body for PanicsWhenLetGo {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

#[tokio::test]
async fn a_body_that_panics_instead_of_giving_its_last_frame_is_no_complete_answer() {
    let agent = CheckedAgent::new();
    let answers = service_fn(|_: Request<Body>| async {
        Ok::<_, Infallible>(Response::new(PanicsWhenLetGo(Full::from("x"))))
    });

    let mut body = layer(&agent).layer(answers).oneshot(request()).await.unwrap().into_body();
    let panicked = AssertUnwindSafe(body.frame()).catch_unwind().await;
    drop(body);

    assert!(panicked.is_err());
    assert_eq!(transaction_id(), None);
    let events = agent.events();
    assert_eq!(end(&events.transactions[0]), (Some("HTTP 5xx"), Some(Outcome::Failure)));
    assert_eq!(events.errors.len(), 1);
}

/// A future that answers at once and panics when it is dropped.
struct AnswersAndPanics;

impl Drop for AnswersAndPanics {
    fn drop(&mut self) {
        panic!("no coffee left");
    }
}

impl Future for AnswersAndPanics {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(Response::new(Body::empty())))
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_to_a_panic_of_the_future_that_gave_it_is_a_failure() {
    let agent = CheckedAgent::new();
    let service = layer(&agent).layer(service_fn(|_: Request<Body>| AnswersAndPanics));

    let panicked = AssertUnwindSafe(service.oneshot(request())).catch_unwind().await;

    assert!(panicked.is_err());
    assert_eq!(transaction_id(), None);
    let events = agent.events();
    assert_eq!(end(&events.transactions[0]), (Some("HTTP 5xx"), Some(Outcome::Failure)));
    assert_eq!(events.errors.len(), 1);
}

#[tokio::test]
async fn a_future_that_is_polled_again_after_it_has_answered_panics_as_one_of_the_language_does() {
    let agent = CheckedAgent::new();
    let answers = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
    let mut answer = Box::pin(layer(&agent).layer(answers).oneshot(request()));
    drop((&mut answer).await);

    assert!(AssertUnwindSafe(answer).catch_unwind().await.is_err());
    assert_eq!(agent.events().transactions.len(), 1);
}
