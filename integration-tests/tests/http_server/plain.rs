//! What only plain Tower does: services that fail, panic in `call`, or answer with bodies of their own.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use axum::body::Body;
use bytes::Bytes;
use elastic_apm::tower::ApmLayer;
use elastic_apm::tower::server::RequestFacts;
use elastic_apm::{Outcome, SpanId, capture_span, inject, transaction_id};
use elastic_apm_integration_tests::CheckedAgent;
use futures_util::FutureExt as _;
use http::{Extensions, Request, Response};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

use crate::answers::{end, response};
use crate::client::events_of;
use crate::stack::{Around, PATH, TOWER_HTTP1};

fn layer(agent: &CheckedAgent) -> ApmLayer {
    ApmLayer::new().tracer(agent.tracer())
}

fn request() -> Request<Body> {
    Request::get(PATH).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_service_that_fails_is_a_server_error_without_a_status() {
    let agent = CheckedAgent::new();
    let fails =
        service_fn(|_: Request<Body>| async { Err::<Response<Body>, BoxError>("out of order".into()) });

    let answer = layer(&agent).layer(fails).oneshot(request()).await;

    assert_eq!(answer.unwrap_err().to_string(), "out of order");
    let events = agent.events();
    let request = events.transaction("GET unknown route");
    assert_eq!(end(request), (Some("HTTP 5xx"), Some(Outcome::Failure)));
    assert_eq!(response(request), None);
}

#[tokio::test]
async fn the_closure_that_knows_the_user_is_asked_for_sampled_requests_only() {
    for (sample_rate, expected) in [(1.0, 1), (0.0, 0)] {
        let agent = CheckedAgent::with(|options| options.transaction_sample_rate(sample_rate));
        let asked = Arc::new(Mutex::new(0));
        let asking = Arc::clone(&asked);
        let apm = layer(&agent).user(move |_| {
            *asking.lock().unwrap() += 1;
            None
        });
        let answers = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Body::empty())) });

        drop(apm.layer(answers).oneshot(request()).await.unwrap());

        assert_eq!((*asked.lock().unwrap(), agent.events().transactions.len()), (expected, 1));
    }
}

#[tokio::test]
async fn a_panic_in_the_call_itself_is_reported_and_passed_on() {
    let agent = CheckedAgent::new();
    let panics = service_fn(|_: Request<Body>| -> std::future::Ready<Result<Response<Body>, Infallible>> {
        panic!("no coffee left")
    });
    let mut service = layer(&agent).layer(panics);

    let panicked = catch_unwind(AssertUnwindSafe(|| drop(service.call(request()))));

    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"no coffee left"));
    assert_eq!(transaction_id(), None);
    let events = agent.events();
    assert_eq!(end(events.transaction("GET unknown route")), (Some("HTTP 5xx"), Some(Outcome::Failure)));
    assert_eq!(events.errors.len(), 1);
}

#[tokio::test]
async fn a_panic_that_two_layers_see_is_reported_once() {
    let agent = CheckedAgent::new();
    let panics = |_| async { panic!("no coffee left") };
    let server = TOWER_HTTP1.serve_with(agent.tracer(), Around::OursTwice, panics).await;

    server.connect().await.send(request()).await.unwrap_err();

    assert_eq!(events_of(&agent, 1).await.errors.len(), 1);
}

#[tokio::test]
async fn a_call_that_is_never_polled_is_a_cancelled_request() {
    let agent = CheckedAgent::new();
    let answers = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) });

    drop(layer(&agent).layer(answers).call(request()));

    assert_eq!(
        end(agent.events().transaction("GET unknown route")),
        (Some("cancelled"), Some(Outcome::Unknown))
    );
}

/// Notes which transaction is current when it is dropped.
struct NotesItsEnd(Arc<Mutex<Vec<Option<SpanId>>>>);

impl Drop for NotesItsEnd {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(transaction_id());
    }
}

#[tokio::test]
async fn what_future_and_body_own_is_dropped_with_the_transaction_current_however_they_end() {
    enum End {
        Complete,
        Fails,
        Panics,
        DroppedMidway,
        DroppedUnread,
    }
    for end in [End::Complete, End::Fails, End::Panics, End::DroppedMidway, End::DroppedUnread] {
        let (agent, notes) = (CheckedAgent::new(), Arc::default());
        let owned = || NotesItsEnd(Arc::clone(&notes));
        let answers = service_fn(|_: Request<Body>| {
            // Futures that are no `async fn` keep what they own until they are dropped themselves.
            let (own, bodys, mut left) = (owned(), owned(), 2);
            let (fails, panics) = (matches!(end, End::Fails), matches!(end, End::Panics));
            std::future::poll_fn(move |_| {
                let (_, bodys) = (&own, NotesItsEnd(Arc::clone(&bodys.0)));
                let frames = futures_util::stream::poll_fn(move |_| {
                    let _ = &bodys;
                    left -= 1;
                    assert!(left > 0 || !panics, "no coffee left");
                    Poll::Ready(match left {
                        0 if fails => Some(Err(BoxError::from("the disk is gone"))),
                        0 => None,
                        _ => Some(Ok(Frame::data(Bytes::from_static(b"x")))),
                    })
                });
                Poll::Ready(Ok::<_, Infallible>(Response::new(StreamBody::new(frames))))
            })
        });

        let answer = layer(&agent).layer(answers).oneshot(request()).await.unwrap();
        let mut body = Box::pin(answer.into_body());
        if !matches!(end, End::DroppedUnread) {
            assert!(body.frame().await.unwrap().is_ok());
        }
        match end {
            End::Complete => assert!(body.frame().await.is_none()),
            End::Fails => assert!(body.frame().await.unwrap().is_err()),
            End::Panics => drop(AssertUnwindSafe(body.frame()).catch_unwind().await.unwrap_err()),
            End::DroppedMidway | End::DroppedUnread => {}
        }
        drop(body);

        let id = Some(agent.events().transactions[0].id);
        assert_eq!(*notes.lock().unwrap(), [id; 3]);
        assert_eq!(transaction_id(), None);
    }
}

#[tokio::test]
async fn what_a_future_owns_that_fails_or_panics_is_dropped_with_the_transaction_current() {
    for panics in [true, false] {
        let (agent, notes) = (CheckedAgent::new(), Arc::default());
        let answers = service_fn(|_: Request<Body>| {
            let own = NotesItsEnd(Arc::clone(&notes));
            std::future::poll_fn(move |_| {
                let _ = &own;
                assert!(!panics, "no coffee left");
                Poll::Ready(Err::<Response<Body>, _>("out of order"))
            })
        });

        let mut answer = Box::pin(layer(&agent).layer(answers).oneshot(request()));
        let ended = AssertUnwindSafe(&mut answer).catch_unwind().await;
        assert_eq!(ended.is_err(), panics);
        drop(answer);

        assert_eq!(*notes.lock().unwrap(), [Some(agent.events().transactions[0].id)]);
        assert_eq!(transaction_id(), None);
    }
}

/// A body that says of itself what it is told to.
struct Says {
    left: usize,
    hint: SizeHint,
    ends: bool,
}

impl http_body::Body for Says {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
    }

    fn is_end_stream(&self) -> bool {
        self.ends && self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

#[tokio::test]
async fn what_a_body_says_of_itself_is_passed_on_after_every_frame() {
    let hints = [SizeHint::default(), SizeHint::with_exact(2), {
        let mut hint = SizeHint::new();
        hint.set_upper(9);
        hint
    }];

    for (hint, ends) in hints.iter().flat_map(|hint| [(hint, true), (hint, false)]) {
        let agent = CheckedAgent::new();
        let says = || Says { left: 2, hint: *hint, ends };
        let answers = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(says())) });
        let mut bare = says();
        let mut traced = layer(&agent).layer(answers).oneshot(request()).await.unwrap().into_body();
        loop {
            let same = (traced.is_end_stream(), format!("{:?}", traced.size_hint()));
            assert_eq!(same, (bare.is_end_stream(), format!("{:?}", bare.size_hint())));
            match (bare.frame().await, traced.frame().await) {
                (Some(_), Some(_)) => {}
                (None, None) => break,
                _ => panic!("one has ended before the other"),
            }
        }
    }
}

/// A body of one frame that owns something.
struct OneFrame {
    data: Bytes,
    _own: NotesItsEnd,
}

impl http_body::Body for OneFrame {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.data)))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.len() as u64)
    }
}

#[tokio::test]
async fn a_body_is_let_go_with_its_last_frame_and_has_nothing_more_to_give() {
    let (agent, notes) = (CheckedAgent::new(), Arc::default());
    let answers = service_fn(|_: Request<Body>| async {
        let own = NotesItsEnd(Arc::clone(&notes));
        Ok::<_, Infallible>(Response::new(OneFrame { data: Bytes::from_static(b"x"), _own: own }))
    });

    let mut body = layer(&agent).layer(answers).oneshot(request()).await.unwrap().into_body();
    assert!(body.frame().await.unwrap().is_ok() && agent.stats().recorded() == 0);

    assert!(body.is_end_stream() && body.size_hint().exact() == Some(0));
    assert!(body.frame().await.is_none());
    let id = agent.events().transactions[0].id;
    assert_eq!(*notes.lock().unwrap(), [Some(id)]);
}

#[tokio::test]
async fn a_body_is_complete_when_it_says_so_or_its_length_has_been_read() {
    // Frames in it, whether it says when it ends, the length in the header, frames read; whether it is complete then.
    let cases = [
        (0, true, None, 0, true),
        (0, false, None, 0, false),
        (0, false, Some(0), 0, true),
        (2, true, None, 2, true),
        (2, true, None, 1, false),
        (2, false, None, 2, false),
        (2, false, Some(2), 2, true),
        (2, false, Some(2), 1, false),
        (2, false, None, 3, true),
    ];

    for (left, ends, length, read, complete) in cases {
        let agent = CheckedAgent::new();
        let answers = service_fn(|_: Request<Body>| async {
            let answer = length
                .into_iter()
                .fold(Response::builder(), |answer, length: u64| answer.header("content-length", length));
            Ok::<_, Infallible>(answer.body(Says { left, hint: SizeHint::new(), ends }).unwrap())
        });
        let mut body = layer(&agent).layer(answers).oneshot(request()).await.unwrap().into_body();
        for _ in 0..read {
            let _ = body.frame().await;
        }
        drop(body);

        let events = agent.events();
        let result = if complete { "HTTP 2xx" } else { "cancelled" };
        let finished = (!complete).then_some(false);
        let event = &events.transactions[0];
        assert_eq!(event.result.as_deref(), Some(result), "{left} {ends} {length:?} {read}");
        assert_eq!(response(event), Some((200, finished)));
    }
}

#[tokio::test]
async fn a_body_that_knows_its_length_is_complete_after_as_much_without_a_header() {
    for (read, result) in [(1, "cancelled"), (2, "HTTP 2xx")] {
        let agent = CheckedAgent::new();
        let says = || Says { left: 2, hint: SizeHint::with_exact(2), ends: false };
        let answers = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(says())) });
        let mut body = layer(&agent).layer(answers).oneshot(request()).await.unwrap().into_body();

        for _ in 0..read {
            body.frame().await.unwrap().unwrap();
        }
        drop(body);

        assert_eq!(agent.events().transactions[0].result.as_deref(), Some(result));
    }
}

#[tokio::test]
async fn nothing_said_after_the_end_changes_it() {
    let agent = CheckedAgent::new();
    let answers = service_fn(|_: Request<Body>| async {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("x"))))
    });

    let mut body = layer(&agent).layer(answers).oneshot(request()).await.unwrap().into_body();
    while body.frame().await.is_some() {}
    assert_eq!(agent.stats().recorded(), 1, "it ends with the last frame, not with the drop");
    drop(body);

    assert_eq!(
        end(agent.events().transaction("GET unknown route")),
        (Some("HTTP 2xx"), Some(Outcome::Success))
    );
}

#[tokio::test]
async fn a_body_made_up_by_an_outer_layer_belongs_to_no_transaction() {
    let mut body = elastic_apm::tower::server::ResponseBody::<Full<Bytes>>::default();

    assert_eq!(body.size_hint().exact(), Some(0));
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn facts_of_another_framework_name_the_transaction() {
    #[derive(Clone)]
    struct Route(&'static str);
    let agent = CheckedAgent::new();
    let facts = RequestFacts {
        route: |extensions: &Extensions| extensions.get::<Route>().map(|route| route.0),
        remote: |_| Some([10, 0, 0, 7].into()),
        ..RequestFacts::default()
    };
    let answers =
        service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) });
    let mut request = request();
    request.extensions_mut().insert(Route("/orders/:id"));

    layer(&agent).facts(facts).layer(answers).oneshot(request).await.unwrap();

    let events = agent.events();
    let request = events.transaction("GET /orders/:id").context.as_ref().unwrap().request.as_ref().unwrap();
    assert_eq!(request.socket.as_ref().unwrap().remote_address.as_deref(), Some("10.0.0.7"));
}

#[tokio::test]
async fn layers_of_two_agents_make_one_transaction_of_the_outer_one() {
    let (outer, inner) = (CheckedAgent::new(), CheckedAgent::new());
    let answers = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) });

    layer(&outer).layer(layer(&inner).layer(answers)).oneshot(request()).await.unwrap();

    assert_eq!((outer.events().transactions.len(), inner.events().transactions.len()), (1, 0));
}

#[tokio::test]
async fn a_request_to_a_service_in_the_same_process_is_a_child_and_the_outer_one_comes_back() {
    let agent = CheckedAgent::new();
    let back = layer(&agent).layer(service_fn(|_: Request<Body>| async {
        drop(capture_span("in the back"));
        Ok::<_, Infallible>(Response::new(Body::empty()))
    }));
    let front = service_fn(|_: Request<Body>| {
        let back = back.clone();
        async move {
            let own = transaction_id();
            let mut request = Request::post("/back").body(Body::empty()).unwrap();
            inject(request.headers_mut());
            drop(back.oneshot(request).await.unwrap());
            assert_eq!(transaction_id(), own);
            Ok::<_, Infallible>(Response::new(Body::empty()))
        }
    });

    drop(layer(&agent).layer(front).oneshot(request()).await.unwrap());

    assert_eq!(
        agent.events().tree(),
        "transaction GET unknown route [success]\n  transaction POST unknown route [success]\n    \
         span in the back [success]\n"
    );
}

#[tokio::test]
async fn a_thousand_headers_are_recorded() {
    let agent = CheckedAgent::new();
    let answers = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
    let many =
        (0..1_000).fold(Request::get(PATH), |request, number| request.header(format!("x-{number}"), number));

    layer(&agent).layer(answers).oneshot(many.body(Body::empty()).unwrap()).await.unwrap();

    let events = agent.events();
    let request = events.transactions[0].context.as_ref().unwrap().request.as_ref().unwrap();
    assert_eq!(request.headers.len(), 1_000);
}
