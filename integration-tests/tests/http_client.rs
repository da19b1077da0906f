//! The reqwest middleware against real servers: spans, headers, and what the caller gets.

use std::convert::Infallible;
use std::error::Error;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{Redirect, Response};
use axum::routing::{any, get};
use bytes::Bytes;
use elastic_apm::intake::{SpanContext, SpanEvent};
use elastic_apm::reqwest::ApmMiddleware;
use elastic_apm::testing::Events;
use elastic_apm::{FutureExt, Outcome, TraceContext, capture_span, span, trace_parent_header};
use elastic_apm_integration_tests::CheckedAgent;
use http::{HeaderMap, StatusCode, header};
use reqwest::dns::{Name, Resolve, Resolving};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Next};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

fn client() -> ClientWithMiddleware {
    ClientBuilder::new(reqwest::Client::new()).with(ApmMiddleware::new()).build()
}

/// A server that notes the headers of every request.
struct Server {
    /// `127.0.0.1:port`.
    host: String,
    seen: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Server {
    async fn with(router: Router) -> Self {
        let seen: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
        let noting = Arc::clone(&seen);
        let router =
            router.layer(axum::middleware::from_fn(move |request: Request, next: axum::middleware::Next| {
                noting.lock().unwrap().push(request.headers().clone());
                next.run(request)
            }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Server { host, seen }
    }

    /// Answers with the status that is the path.
    async fn of_statuses() -> Self {
        async fn answer(request: Request) -> (StatusCode, &'static str) {
            let status = request.uri().path().trim_matches('/').parse().unwrap_or(200);
            (StatusCode::from_u16(status).unwrap(), "the body")
        }
        Server::with(Router::new().fallback(any(answer))).await
    }

    /// Never answers; says when somebody asks.
    async fn of_silence() -> (Self, Arc<Notify>) {
        let asked = Arc::new(Notify::new());
        let notify = Arc::clone(&asked);
        let answer = move || {
            notify.notify_one();
            std::future::pending::<()>()
        };
        (Server::with(Router::new().fallback(any(answer))).await, asked)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }

    /// The values of a header in the requests so far.
    fn seen(&self, name: &str) -> Vec<Vec<String>> {
        let values = |headers: &HeaderMap| {
            headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
        };
        self.seen.lock().unwrap().iter().map(values).collect()
    }
}

/// Runs `work` in a transaction named `job`.
async fn in_job<T>(agent: &CheckedAgent, work: impl Future<Output = T>) -> T {
    agent.tracer().transaction("job", "script").run(work).await
}

fn context(span: &SpanEvent) -> &SpanContext {
    span.context.as_ref().unwrap()
}

fn status(span: &SpanEvent) -> Option<u16> {
    context(span).http.as_ref().unwrap().status_code
}

fn only(events: &Events) -> &SpanEvent {
    assert_eq!(events.spans.len(), 1, "{}", events.tree());
    &events.spans[0]
}

/// The `traceparent` of a call whose span, or nearest reported ancestor, is `id`.
fn traceparent(events: &Events, id: elastic_apm::SpanId, flags: &str) -> Vec<String> {
    vec![format!("00-{}-{id}-{flags}", events.transactions[0].trace_id)]
}

// What the span says.

#[tokio::test]
async fn a_call_is_an_exit_span_with_name_url_destination_and_target() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let url = server.url("/200?a=1&b=two%20words#fragment");

    let answer = in_job(&agent, client().post(&url).send()).await.unwrap();

    assert_eq!(answer.status(), 200);
    let events = agent.events();
    let span = only(&events);
    assert_eq!((span.name.as_str(), span.kind.as_str()), (&*format!("POST {}", server.host), "external"));
    assert_eq!((span.subtype.as_deref(), span.sync), (Some("http"), None));
    assert_eq!((span.parent_id, span.outcome), (events.transactions[0].id, Some(Outcome::Success)));
    let http = context(span).http.as_ref().unwrap();
    assert_eq!(http.url.as_deref(), Some(&*server.url("/200?a=1&b=two%20words")));
    assert_eq!((http.method.as_deref(), http.status_code), (Some("POST"), Some(200)));
    let (address, port) = server.host.split_once(':').unwrap();
    let destination = context(span).destination.as_ref().unwrap();
    assert_eq!((destination.address.as_deref(), destination.port), (Some(address), port.parse().ok()));
    assert_eq!(destination.service.as_ref().unwrap().resource, *server.host);
    let target = context(span).service.as_ref().unwrap().target.as_ref().unwrap();
    assert_eq!((target.kind.as_deref(), target.name.as_deref()), (Some("http"), Some(&*server.host)));
}

#[tokio::test]
async fn a_status_of_400_and_above_is_a_failure_and_no_error() {
    let cases = [
        (200, Outcome::Success),
        (204, Outcome::Success),
        (304, Outcome::Success),
        (400, Outcome::Failure),
        (404, Outcome::Failure),
        (500, Outcome::Failure),
        (503, Outcome::Failure),
    ];
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, async {
        for (status, _) in cases {
            let answer = client().get(server.url(&format!("/{status}"))).send().await.unwrap();
            assert_eq!(answer.status(), status);
        }
    })
    .await;

    let events = agent.events();
    let found: Vec<_> =
        events.spans.iter().map(|span| (status(span).unwrap(), span.outcome.unwrap())).collect();
    assert_eq!(found, cases);
    assert_eq!(events.errors.len(), 0);
    assert_eq!(events.transactions[0].outcome, Some(Outcome::Success));
}

#[tokio::test]
async fn credentials_in_the_url_reach_the_server_and_never_the_span() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let url = format!("http://joe:hunter2@{}/200", server.host);

    in_job(&agent, client().get(url).send()).await.unwrap();

    assert_eq!(server.seen("authorization"), [["Basic am9lOmh1bnRlcjI="]]);
    let events = agent.events();
    assert_eq!(context(only(&events)).http.as_ref().unwrap().url.as_deref(), Some(&*server.url("/200")));
    assert!(!events.lines.iter().any(|line| line.contains("hunter2") || line.contains("joe")));
}

#[tokio::test]
async fn a_redirect_that_the_client_follows_is_one_span() {
    let agent = CheckedAgent::new();
    let router = Router::new()
        .route("/from", get(|| async { Redirect::temporary("/to") }))
        .route("/to", get(|| async { "there" }));
    let server = Server::with(router).await;

    in_job(&agent, client().get(server.url("/from")).send()).await.unwrap();

    let events = agent.events();
    assert_eq!(status(only(&events)), Some(200));
    let expected = traceparent(&events, only(&events).id, "01");
    assert_eq!(server.seen("traceparent"), [expected.clone(), expected]);
}

// Calls without an answer.

/// What must hold of a call that got no answer.
#[track_caller]
fn assert_failed_without_status(agent: &CheckedAgent) {
    let events = agent.events();
    let span = only(&events);
    assert_eq!((span.outcome, status(span)), (Some(Outcome::Failure), None));
    assert!(context(span).destination.is_some() && context(span).service.is_some());
    assert_eq!(events.errors.len(), 0);
}

#[tokio::test]
async fn a_refused_connection_is_a_failure_without_a_status() {
    let agent = CheckedAgent::new();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();

    let error = in_job(&agent, client().get(format!("http://{closed}/")).send()).await.unwrap_err();

    assert!(error.is_connect());
    assert_failed_without_status(&agent);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_a_failure_without_a_status() {
    struct NoSuchName;
    impl Resolve for NoSuchName {
        fn resolve(&self, _: Name) -> Resolving {
            Box::pin(async { Err("no such name".into()) })
        }
    }
    let agent = CheckedAgent::new();
    let resolving_nothing = reqwest::Client::builder().dns_resolver(NoSuchName).build().unwrap();
    let client = ClientBuilder::new(resolving_nothing).with(ApmMiddleware::new()).build();

    let error = in_job(&agent, client.get("http://api.example.com/users").send()).await.unwrap_err();

    assert!(error.is_connect());
    assert_failed_without_status(&agent);
    let events = agent.events();
    assert_eq!(only(&events).name, "GET api.example.com");
    let target = context(only(&events)).service.as_ref().unwrap().target.as_ref().unwrap();
    assert_eq!(target.name.as_deref(), Some("api.example.com:80"), "the port always counts here");
}

#[tokio::test]
async fn a_timeout_is_a_failure_without_a_status_and_with_its_true_duration() {
    let (agent, (server, _)) = (CheckedAgent::new(), Server::of_silence().await);
    let call = client().get(server.url("/")).timeout(Duration::from_millis(30)).send();

    let error = in_job(&agent, call).await.unwrap_err();

    assert!(error.is_timeout());
    assert_failed_without_status(&agent);
    assert!(only(&agent.events()).duration >= 29.0);
}

#[tokio::test]
async fn a_call_that_is_dropped_before_its_answer_is_a_failure_without_a_status() {
    let (agent, (server, asked)) = (CheckedAgent::new(), Server::of_silence().await);

    in_job(&agent, async {
        tokio::select! {
            answer = client().get(server.url("/")).send() => unreachable!("{answer:?}"),
            () = asked.notified() => {}
        }
    })
    .await;

    assert_failed_without_status(&agent);
}

#[tokio::test]
async fn a_call_that_is_never_awaited_leaves_no_span() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, async { drop(client().get(server.url("/200")).send()) }).await;

    assert_eq!(agent.events().spans.len(), 0);
    assert_eq!(server.seen("host").len(), 0);
}

#[tokio::test]
async fn an_answer_that_is_no_http_is_a_failure() {
    let agent = CheckedAgent::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        tokio::io::AsyncReadExt::read(&mut socket, &mut request).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut socket, b"garbage\r\n\r\n").await.unwrap();
    });

    in_job(&agent, client().get(format!("http://{address}/")).send()).await.unwrap_err();

    assert_failed_without_status(&agent);
}

// What the caller gets.

#[tokio::test]
async fn the_answer_is_the_one_without_the_middleware() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let parts = |answer: reqwest::Response| async {
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        headers.remove(header::DATE);
        (status, answer.version(), headers, answer.text().await.unwrap())
    };
    let plain = reqwest::Client::new();

    for path in ["/200", "/404", "/204"] {
        let expected = parts(plain.get(server.url(path)).send().await.unwrap()).await;
        let traced = in_job(&agent, client().get(server.url(path)).send()).await.unwrap();
        assert_eq!(parts(traced).await, expected, "{path}");
    }
}

#[tokio::test]
async fn the_error_is_the_one_without_the_middleware() {
    let agent = CheckedAgent::new();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let chain = |error: &dyn Error| {
        let mut texts = vec![error.to_string()];
        let mut source = error.source();
        while let Some(error) = source {
            texts.push(error.to_string());
            source = error.source();
        }
        texts
    };
    let url = format!("http://{closed}/");
    let plain = ClientBuilder::new(reqwest::Client::new()).build();

    let expected = plain.get(&url).send().await.unwrap_err();
    let traced = in_job(&agent, client().get(&url).send()).await.unwrap_err();

    assert_eq!(chain(&traced), chain(&expected));
}

#[tokio::test]
async fn the_span_ends_with_the_headers_and_bodies_stream_in_both_directions() {
    let agent = CheckedAgent::new();
    async fn echo(request: Request) -> Response {
        Response::new(request.into_body())
    }
    let server = Server::with(Router::new().route("/echo", any(echo))).await;
    let (chunks, mut source) = mpsc::unbounded_channel::<&'static str>();
    let stream = futures_util::stream::poll_fn(move |cx| {
        source.poll_recv(cx).map(|chunk| chunk.map(|chunk| Ok::<_, Infallible>(Bytes::from(chunk))))
    });

    in_job(&agent, async {
        chunks.send("first").unwrap();
        let call = client().post(server.url("/echo")).body(reqwest::Body::wrap_stream(stream)).send();
        let mut answer = call.await.unwrap();
        assert_eq!(agent.stats().recorded(), 1, "the span has ended, the bodies have not");
        assert_eq!(answer.chunk().await.unwrap().unwrap(), "first");
        chunks.send("second").unwrap();
        assert_eq!(answer.chunk().await.unwrap().unwrap(), "second");
        drop(chunks);
        assert_eq!(answer.chunk().await.unwrap(), None);
    })
    .await;

    assert_eq!(only(&agent.events()).outcome, Some(Outcome::Success));
}

#[tokio::test]
async fn a_body_that_breaks_off_after_the_headers_leaves_the_span_as_it_was() {
    let agent = CheckedAgent::new();
    let (frames, source) = mpsc::unbounded_channel::<Result<Bytes, &'static str>>();
    let source = Arc::new(Mutex::new(Some(source)));
    let answer = move || {
        let mut source = source.lock().unwrap().take().unwrap();
        let body = Body::from_stream(futures_util::stream::poll_fn(move |cx| source.poll_recv(cx)));
        async { Response::new(body) }
    };
    let server = Server::with(Router::new().route("/", get(answer))).await;

    let read = in_job(&agent, async {
        let answer = client().get(server.url("/")).send().await.unwrap();
        frames.send(Err("the disk is gone")).unwrap();
        answer.bytes().await
    })
    .await;

    assert!(read.is_err());
    let events = agent.events();
    assert_eq!((status(only(&events)), only(&events).outcome), (Some(200), Some(Outcome::Success)));
}

// Headers.

#[tokio::test]
async fn the_server_becomes_a_child_of_the_span() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let after = in_job(&agent, async {
        let before = trace_parent_header();
        client().get(server.url("/200")).send().await.unwrap();
        assert_eq!(trace_parent_header(), before, "the span is current only within the call");
        before
    })
    .await;

    let events = agent.events();
    assert_eq!(after.map(|header| vec![header]), Some(traceparent(&events, events.transactions[0].id, "01")));
    assert_eq!(server.seen("traceparent"), [traceparent(&events, only(&events).id, "01")]);
    assert_eq!(server.seen("tracestate"), [["es=s:1"]]);
}

#[tokio::test]
async fn the_callers_own_headers_are_replaced_and_never_doubled() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let own = || {
        let mut headers = HeaderMap::new();
        headers.append(
            "traceparent",
            "00-11111111111111111111111111111111-2222222222222222-01".parse().unwrap(),
        );
        headers.append("traceparent", "second".parse().unwrap());
        headers.append("tracestate", "mine=1".parse().unwrap());
        headers
    };

    in_job(&agent, client().get(server.url("/200")).headers(own()).send()).await.unwrap();
    // The caller of this transaction sent no tracestate, so there is none to send on.
    let parent = TraceContext::parse(&format!("00-{TRACE}-{PARENT}-01")).unwrap();
    let call = client().get(server.url("/200")).headers(own()).send();
    agent.tracer().transaction("child", "script").child_of(parent).run(call).await.unwrap();

    let events = agent.events();
    let expected = |span: &SpanEvent| vec![format!("00-{}-{}-01", span.trace_id, span.id)];
    assert_eq!(server.seen("traceparent"), [expected(&events.spans[0]), expected(&events.spans[1])]);
    assert_eq!(server.seen("tracestate"), [vec!["es=s:1"], vec![]]);
}

#[tokio::test]
async fn without_a_transaction_nothing_is_injected_and_nothing_removed() {
    let server = Server::of_statuses().await;

    client().get(server.url("/200")).send().await.unwrap();
    client()
        .get(server.url("/200"))
        .header("traceparent", "mine")
        .header("tracestate", "a=1")
        .send()
        .await
        .unwrap();

    assert_eq!(server.seen("traceparent"), [vec![], vec!["mine"]]);
    assert_eq!(server.seen("tracestate"), [vec![], vec!["a=1"]]);
}

#[tokio::test]
async fn an_unsampled_transaction_sends_its_own_id_and_flag_00() {
    let agent = CheckedAgent::with(|options| options.transaction_sample_rate(0.0));
    let server = Server::of_statuses().await;

    in_job(&agent, client().get(server.url("/200")).send()).await.unwrap();

    let events = agent.events();
    assert_eq!(events.spans.len(), 0);
    assert_eq!(server.seen("traceparent"), [traceparent(&events, events.transactions[0].id, "00")]);
    assert_eq!(server.seen("tracestate"), [["es=s:0"]]);
}

#[tokio::test]
async fn a_call_over_the_limit_sends_the_id_of_its_nearest_reported_ancestor_and_flag_01() {
    let agent = CheckedAgent::with(|options| options.transaction_max_spans(1));
    let server = Server::of_statuses().await;

    in_job(&agent, async {
        async {}.in_span("the only one").await;
        client().get(server.url("/200")).send().await.unwrap();
        async { client().get(server.url("/500")).send().await }.in_span("also over").await.unwrap();
    })
    .await;

    let events = agent.events();
    let job = &events.transactions[0];
    assert_eq!((job.span_count.started, job.span_count.dropped, events.spans.len()), (1, 3, 1));
    let expected = traceparent(&events, job.id, "01");
    assert_eq!(server.seen("traceparent"), [expected.clone(), expected]);
    assert_eq!(server.seen("tracestate"), [["es=s:1"], ["es=s:1"]]);
}

#[tokio::test]
async fn the_callers_tracestate_and_random_flag_are_sent_on() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let mut incoming = HeaderMap::new();
    incoming.insert("traceparent", format!("00-{TRACE}-{PARENT}-03").parse().unwrap());
    incoming.insert("tracestate", "other=abc,es=s:0.25".parse().unwrap());
    let parent = TraceContext::from_headers(&incoming);

    let call = client().get(server.url("/200")).send();
    agent.tracer().transaction("job", "script").child_of(parent).run(call).await.unwrap();

    let events = agent.events();
    assert_eq!(only(&events).sample_rate.unwrap().as_f64(), 0.25);
    assert_eq!(server.seen("traceparent"), [[format!("00-{TRACE}-{}-03", only(&events).id)]]);
    assert_eq!(server.seen("tracestate"), [["other=abc,es=s:0.25"]]);
}

// Nesting.

/// What a middleware that is a function returns.
type Answer<'a> = Pin<Box<dyn Future<Output = reqwest_middleware::Result<reqwest::Response>> + Send + 'a>>;

#[tokio::test]
async fn below_an_exit_span_of_another_type_there_is_no_span_and_its_id_is_sent() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, async {
        let query = span("Elasticsearch: GET /_search").span_type("db.elasticsearch").exit();
        async { client().get(server.url("/404")).send().await }.in_span(query).await.unwrap();
    })
    .await;

    let events = agent.events();
    assert_eq!(only(&events).kind, "db");
    assert_eq!(only(&events).outcome, Some(Outcome::Success), "the call's status is not the query's");
    assert_eq!(server.seen("traceparent"), [traceparent(&events, only(&events).id, "01")]);
}

#[tokio::test]
async fn two_stacked_middlewares_make_one_span() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let twice = ClientBuilder::new(reqwest::Client::new())
        .with(ApmMiddleware::new())
        .with(ApmMiddleware::new())
        .build();

    in_job(&agent, twice.get(server.url("/200")).send()).await.unwrap();

    let events = agent.events();
    assert_eq!(server.seen("traceparent"), [traceparent(&events, only(&events).id, "01")]);
    assert_eq!(status(only(&events)), Some(200));
}

#[tokio::test]
async fn a_call_is_below_the_current_span_and_concurrent_calls_are_siblings() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, async {
        let call = |path| client().get(server.url(path)).send();
        async { tokio::join!(call("/200"), call("/404"), call("/500")) }.in_span("gather").await
    })
    .await
    .0
    .unwrap();

    let events = agent.events();
    let gather = events.span("gather");
    let calls: Vec<_> = events.spans.iter().filter(|span| span.kind == "external").collect();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call.parent_id == gather.id), "{}", events.tree());
}

#[tokio::test]
async fn a_call_in_a_spawned_task_is_traced_where_the_context_goes_along() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, async {
        let call = |path| {
            let url = server.url(path);
            async move { client().get(url).send().await.unwrap() }
        };
        tokio::spawn(call("/200").in_current_span()).await.unwrap();
        tokio::spawn(call("/404")).await.unwrap();
    })
    .await;

    assert_eq!(status(only(&agent.events())), Some(200));
    assert_eq!(server.seen("traceparent")[1], [""; 0]);
}

#[tokio::test]
async fn what_an_inner_middleware_does_is_below_the_call_only_if_it_is_of_its_kind() {
    fn inner<'a>(
        request: reqwest::Request,
        extensions: &'a mut http::Extensions,
        next: Next<'a>,
    ) -> Answer<'a> {
        drop(capture_span("sign"));
        drop(span("connect").span_type("external.http").start());
        next.run(request, extensions)
    }
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let client = ClientBuilder::new(reqwest::Client::new()).with(ApmMiddleware::new()).with(inner).build();

    in_job(&agent, client.get(server.url("/200")).send()).await.unwrap();

    let lines = agent.events().tree();
    assert!(lines.contains("connect") && !lines.contains("sign"), "{lines}");
}

#[tokio::test]
async fn inside_a_retry_middleware_there_is_a_span_per_attempt() {
    fn retry<'a>(
        request: reqwest::Request,
        extensions: &'a mut http::Extensions,
        next: Next<'a>,
    ) -> Answer<'a> {
        Box::pin(async move {
            let first = next.clone().run(request.try_clone().unwrap(), extensions).await?;
            if first.status().is_server_error() { next.run(request, extensions).await } else { Ok(first) }
        })
    }
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let inside = ClientBuilder::new(reqwest::Client::new()).with(retry).with(ApmMiddleware::new()).build();
    let outside = ClientBuilder::new(reqwest::Client::new()).with(ApmMiddleware::new()).with(retry).build();

    in_job(&agent, inside.get(server.url("/500")).send()).await.unwrap();
    let attempts = agent.events();
    in_job(&agent, outside.get(server.url("/500")).send()).await.unwrap();
    let all = agent.events();

    let sent = server.seen("traceparent");
    let [first, second] = &attempts.spans[..] else { panic!("{}", attempts.tree()) };
    assert_eq!(first.parent_id, second.parent_id);
    assert_eq!(sent[..2], [traceparent(&attempts, first.id, "01"), traceparent(&attempts, second.id, "01")]);
    assert_eq!((all.spans.len(), sent.len()), (3, 4));
    assert_eq!(sent[2], sent[3], "both attempts belong to the one call");
}

#[tokio::test]
async fn calling_twice_makes_two_spans() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, async {
        let client = client();
        for _ in 0..2 {
            client.get(server.url("/503")).send().await.unwrap();
        }
    })
    .await;

    let events = agent.events();
    assert_eq!(events.spans.len(), 2);
    let sent = server.seen("traceparent");
    assert_ne!(sent[0], sent[1]);
}
