//! What only the layer for Tower clients meets: services of any kind, with or without sockets behind them.

use std::convert::Infallible;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use axum::body::Body;
use elastic_apm::tower::ApmClientLayer;
use elastic_apm::{CallOptions, Outcome, span_id};
use elastic_apm_integration_tests::CheckedAgent;
use futures_util::FutureExt as _;
use http::{HeaderMap, Request, Response, StatusCode};
use tower::retry::{Policy, RetryLayer};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use crate::{context, in_job, only, status};

fn request(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn what_the_clients_future_owns_is_dropped_with_the_span_current() {
    struct NotesItsEnd(Arc<Mutex<Vec<Option<elastic_apm::SpanId>>>>);
    impl Drop for NotesItsEnd {
        fn drop(&mut self) {
            self.0.lock().unwrap().push(span_id());
        }
    }
    for (answers, polls) in [(true, 1), (false, 1), (false, 0)] {
        let (agent, notes) = (CheckedAgent::new(), Arc::default());
        let client = service_fn(|_: Request<Body>| {
            let own = NotesItsEnd(Arc::clone(&notes));
            std::future::poll_fn(move |_| {
                let _ = &own;
                if !answers {
                    return Poll::Pending;
                }
                Poll::Ready(Ok::<_, Infallible>(Response::new(Body::empty())))
            })
        });

        in_job(&agent, async {
            let mut call = Box::pin(ApmClientLayer::new().layer(client).call(request("http://a.test/")));
            for _ in 0..polls {
                assert_eq!((&mut call).now_or_never().is_some(), answers);
            }
        })
        .await;

        let events = agent.events();
        assert_eq!(*notes.lock().unwrap(), [Some(only(&events).id)]);
        let outcome = if answers { Outcome::Success } else { Outcome::Failure };
        assert_eq!(only(&events).outcome, Some(outcome));
    }
}

#[tokio::test]
async fn what_a_client_does_in_the_call_itself_is_inside_of_the_span() {
    let (agent, seen) = (CheckedAgent::new(), Mutex::new(None));
    let client = service_fn(|_: Request<Body>| {
        *seen.lock().unwrap() = span_id();
        std::future::ready(Ok::<_, Infallible>(Response::new(Body::empty())))
    });

    in_job(&agent, ApmClientLayer::new().layer(client).oneshot(request("http://a.test/"))).await.unwrap();

    assert_eq!(*seen.lock().unwrap(), Some(only(&agent.events()).id));
}

#[tokio::test]
async fn a_client_that_does_not_get_ready_fails_as_without_us_and_leaves_no_span() {
    #[derive(Clone)]
    struct NeverReady;
    impl Service<Request<Body>> for NeverReady {
        type Response = Response<Body>;
        type Error = &'static str;
        type Future = std::future::Pending<Result<Response<Body>, &'static str>>;

        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), &'static str>> {
            Poll::Ready(Err("out of connections"))
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            unreachable!("it never gets ready")
        }
    }
    let agent = CheckedAgent::new();
    let client = ApmClientLayer::new().layer(NeverReady);

    let error = in_job(&agent, client.oneshot(request("http://a.test/"))).await.unwrap_err();

    assert_eq!(error, "out of connections");
    assert_eq!(agent.events().spans.len(), 0);
}

#[tokio::test]
async fn a_panic_of_the_client_is_passed_on_and_the_span_is_a_failure() {
    for in_call in [true, false] {
        let agent = CheckedAgent::new();
        let client = ApmClientLayer::new().layer(service_fn(|_: Request<Body>| {
            assert!(!in_call, "no coffee left");
            async {
                assert!(in_call, "no coffee left");
                Ok::<_, Infallible>(Response::new(Body::empty()))
            }
        }));

        let call = in_job(&agent, async {
            let calling = std::panic::AssertUnwindSafe(client.oneshot(request("http://a.test/")));
            let panic = calling.catch_unwind().await.unwrap_err();
            assert_eq!(span_id(), None, "the span is no longer current");
            panic
        });

        assert_eq!(call.await.downcast_ref(), Some(&"no coffee left"));
        let events = agent.events();
        assert_eq!((only(&events).outcome, status(only(&events))), (Some(Outcome::Failure), None));
    }
}

#[derive(Clone)]
struct TwiceAgain(usize);

impl Policy<Request<()>, Response<Body>, Infallible> for TwiceAgain {
    type Future = std::future::Ready<()>;

    fn retry(
        &mut self,
        request: &mut Request<()>,
        result: &mut Result<Response<Body>, Infallible>,
    ) -> Option<Self::Future> {
        let failed = result.as_ref().is_ok_and(|answer| answer.status().is_server_error());
        self.0 = self.0.checked_sub(usize::from(failed))?;
        let attempt = 3 - u32::try_from(self.0).unwrap();
        request.extensions_mut().insert(CallOptions::new().attempt(attempt));
        failed.then(|| std::future::ready(()))
    }

    fn clone_request(&mut self, request: &Request<()>) -> Option<Request<()>> {
        Some(request.clone())
    }
}

#[tokio::test]
async fn inside_a_retry_layer_there_is_a_span_per_attempt_and_outside_of_it_one_for_all() {
    let sent = Mutex::new(Vec::new());
    let unavailable = service_fn(|request: Request<()>| {
        sent.lock().unwrap().push(request.headers()["traceparent"].clone());
        let answer = Response::builder().status(503).body(Body::empty()).unwrap();
        std::future::ready(Ok::<_, Infallible>(answer))
    });
    let request = || Request::get("http://a.test/").body(()).unwrap();
    let retry = RetryLayer::new(TwiceAgain(2));

    let (inside, outside) = (CheckedAgent::new(), CheckedAgent::new());
    // The policy wants axum's body, which the traced client's is not.
    let plain = ServiceBuilder::new()
        .layer(retry.clone())
        .map_response(|answer: Response<_>| answer.map(Body::new))
        .layer(ApmClientLayer::new())
        .service(unavailable);
    drop(in_job(&inside, plain.oneshot(request())).await.unwrap());
    let plain = ServiceBuilder::new().layer(ApmClientLayer::new()).layer(retry).service(unavailable);
    drop(in_job(&outside, plain.oneshot(request())).await.unwrap());

    let sent = sent.lock().unwrap();
    let ids: Vec<_> =
        inside.events().spans.iter().map(|span| format!("00-{}-{}-01", span.trace_id, span.id)).collect();
    assert_eq!(sent[..3], ids);
    let attempts: Vec<_> =
        inside.events().spans.iter().map(|span| span.labels.get("attempt").cloned()).collect();
    assert_eq!(attempts, [None, Some(2.into()), Some(3.into())], "the policy says which it is");
    assert_eq!(status(only(&outside.events())), Some(503));
    assert!(sent[3..].iter().all(|header| *header == sent[3]) && sent.len() == 6);
}

#[tokio::test]
async fn a_target_without_a_host_takes_it_from_the_header_or_does_without() {
    for (method, uri, host, name, resource) in [
        ("GET", "/cart?a=1", Some("shop.test:8080"), "GET shop.test:8080", "shop.test:8080"),
        ("GET", "/cart", Some("shop.test"), "GET shop.test", "shop.test:80"),
        ("GET", "/cart", Some("not a host"), "GET", "http"),
        ("GET", "/cart", None, "GET", "http"),
        ("OPTIONS", "*", Some("shop.test"), "OPTIONS shop.test", "shop.test:80"),
        ("CONNECT", "a.test:443", None, "CONNECT a.test:443", "a.test:443"),
        ("GET", "https://[2001:db8::1]:8443/", None, "GET [2001:db8::1]:8443", "[2001:db8::1]:8443"),
        ("GET", "https://[2001:db8::1]/", None, "GET [2001:db8::1]", "[2001:db8::1]:443"),
        ("GET", "http://joe:secret@a.test/", None, "GET a.test", "a.test:80"),
        ("GET", "ftp://a.test/", None, "GET a.test", "a.test:21"),
    ] {
        let agent = CheckedAgent::new();
        let answers = service_fn(|request: Request<Body>| {
            let uri = request.uri().to_string();
            async move { Ok::<_, Infallible>(Response::new(Body::from(uri))) }
        });
        let mut request = request(uri);
        *request.method_mut() = method.parse().unwrap();
        if let Some(host) = host {
            request.headers_mut().insert("host", host.parse().unwrap());
        }

        let answer = in_job(&agent, ApmClientLayer::new().layer(answers).oneshot(request)).await.unwrap();

        let seen = axum::body::to_bytes(Body::new(answer.into_body()), 1024).await.unwrap();
        assert_eq!(seen, uri, "the request is the caller's");
        let events = agent.events();
        let span = only(&events);
        assert_eq!(span.name, name, "{method} {uri}");
        let service = context(span).destination.as_ref().and_then(|destination| destination.service.as_ref());
        assert_eq!(service.unwrap().resource, resource, "{method} {uri}");
        let url = context(span).http.as_ref().unwrap().url.as_deref().unwrap();
        assert!(uri != "*" || url == "http://shop.test", "an asterisk is no path: {url}");
        assert!(!events.lines.iter().any(|line| line.contains("secret")));
    }
}

#[tokio::test]
async fn stacks_of_boxed_errors_and_futures_that_stay_on_their_thread_are_traced_too() {
    let agent = CheckedAgent::new();
    let local = Rc::new(7);
    let answers = service_fn(move |request: Request<Rc<()>>| {
        let (local, headers): (_, HeaderMap) = (Rc::clone(&local), request.headers().clone());
        async move {
            assert!(headers.contains_key("traceparent"));
            Ok::<_, BoxError>(Response::new(local.to_string()))
        }
    });
    let client = ServiceBuilder::new()
        .layer(ApmClientLayer::new())
        .load_shed()
        .timeout(std::time::Duration::from_secs(60))
        .service(answers);

    let request = Request::get("http://a.test/").body(Rc::new(())).unwrap();
    let answer = in_job(&agent, client.oneshot(request)).await.unwrap();

    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(only(&agent.events()).outcome, Some(Outcome::Success));
}
