//! With a service in Python that uses Elastic's official agent: one trace through both, in both directions.
//!
//! Both report to one dev server, over real sockets. The tests run where `ELASTIC_APM_REQUIRE` lists `python`.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as the test does")]

mod python;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::RawQuery;
use axum::routing;
use elastic_apm::axum::ApmLayer;
use elastic_apm::reqwest::ApmMiddleware;
use elastic_apm::{Agent, LogLevel};
use elastic_apm_devserver::{DevServer, Record, RunningServer, Trace};
use elastic_apm_integration_tests::PATIENCE;
use http::{HeaderMap, StatusCode};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tokio::net::TcpListener;

use python::PythonService;

const RATE: f64 = 0.5;

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_from_rust_through_python_to_rust() {
    let world = World::start().await;
    let Some(python) = PythonService::start(&world.apm.url()) else { return };
    let url = python.url(&format!("/call?url={}/answer", world.rust));

    world.job(true, &url).await;

    let trace = world.trace_of(&python, 5).await;
    assert_eq!(
        line(&trace),
        [
            "rust-service transaction job",
            &format!("rust-service span GET {}", python.host()),
            "python-service transaction GET /call",
            &format!("python-service span GET {}", world.host()),
            "rust-service transaction GET /answer",
        ]
    );
    assert!(trace.events().iter().all(|record| rate(record) == Some(RATE)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_from_python_through_rust_to_python() {
    let world = World::start().await;
    let Some(python) = PythonService::start(&world.apm.url()) else { return };
    let call = format!("{}/call?{}", world.rust, python.url("/answer"));

    get(&python.url(&format!("/start?url={call}"))).await;

    let trace = world.trace_of(&python, 5).await;
    assert_eq!(
        line(&trace),
        [
            "python-service transaction GET /start",
            &format!("python-service span GET {}", world.host()),
            "rust-service transaction GET /call",
            &format!("rust-service span GET {}", python.host()),
            "python-service transaction GET /answer",
        ]
    );
    assert!(trace.events().iter().all(|record| rate(record) == Some(RATE)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_is_not_sampled_stays_so_through_both() {
    let world = World::start().await;
    let Some(python) = PythonService::start(&world.apm.url()) else { return };
    let sampled = |record: &Record| record.transaction().is_none_or(|event| event.sampled);

    world.job(false, &python.url(&format!("/call?url={}/answer", world.rust))).await;

    get(&python.url("/flush")).await;
    assert!(world.agent.flush_async(PATIENCE).await);
    let unsampled: Vec<_> = world.apm.store().traces();
    // Whether a server wants to hear of them at all depends on its release; spans there are none.
    let events = unsampled.iter().flat_map(|trace| trace.events());
    assert_eq!(events.filter(|record| sampled(record)).count(), 0);
    assert_eq!(*world.seen.lock().unwrap(), ["00"], "the flag came back as it was sent");
}

/// An APM Server, a Rust agent that reports to it, and a Rust service of that agent.
struct World {
    apm: RunningServer,
    agent: Agent,
    rust: String,
    /// The flags of the `traceparent` headers that `/answer` received.
    seen: Arc<Mutex<Vec<String>>>,
}

impl World {
    async fn start() -> Self {
        let apm = DevServer::builder().address("127.0.0.1:0").start().await.unwrap();
        let agent = Agent::builder()
            .without_env()
            .service_name("rust-service")
            .server_url(apm.url())
            .transaction_sample_rate(RATE)
            .log_level(LogLevel::Off)
            .build();
        async fn call(RawQuery(url): RawQuery) {
            traced_get(&url.unwrap()).await;
        }
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let notes = Arc::clone(&seen);
        let answer = move |headers: HeaderMap| async move {
            let traceparent = headers["traceparent"].to_str().unwrap();
            notes.lock().unwrap().push(traceparent[53..].to_owned());
        };
        let router = Router::new()
            .route("/answer", routing::get(answer))
            .route("/call", routing::get(call))
            .layer(ApmLayer::new().tracer(agent.tracer()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let rust = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        World { apm, agent, rust, seen }
    }

    /// Calls `url` from a job that is sampled or not, as asked for.
    async fn job(&self, sampled: bool, url: &str) {
        let wanted = (0..1_000).find_map(|_| {
            let job = self.agent.tracer().transaction("job", "script").start();
            if job.is_sampled() == sampled {
                return Some(job);
            }
            job.discard();
            None
        });
        let job = wanted.expect("one in a thousand");
        job.context().run(traced_get(url)).await;
    }

    fn host(&self) -> &str {
        self.rust.trim_start_matches("http://")
    }

    /// The trace that has `events` events, once both agents have sent what they hold.
    async fn trace_of(&self, python: &PythonService, events: usize) -> Arc<Trace> {
        get(&python.url("/flush")).await;
        assert!(self.agent.flush_async(PATIENCE).await);
        let complete = |trace: &Arc<Trace>| trace.events().len() == events;
        self.apm.wait_for(|store| store.traces().iter().any(complete), PATIENCE).await.unwrap();
        self.apm.store().traces().into_iter().find(complete).unwrap()
    }
}

/// Calls a URL that must answer in time.
async fn get(url: &str) {
    let answer = reqwest::Client::new().get(url).timeout(PATIENCE).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{url}");
}

/// The same by a traced client.
async fn traced_get(url: &str) {
    let client: ClientWithMiddleware =
        ClientBuilder::new(reqwest::Client::new()).with(ApmMiddleware::new()).build();
    let answer = client.get(url).timeout(PATIENCE).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{url}");
}

/// The events from the root on, each the only child of the one before.
fn line(trace: &Trace) -> Vec<String> {
    let mut line = Vec::new();
    let mut parent = None;
    while let Some(record) = trace.events().iter().find(|record| ids(record).1 == parent) {
        let (kind, name) = match (record.transaction(), record.span()) {
            (Some(event), _) => ("transaction", event.name.clone().unwrap()),
            (_, Some(event)) => ("span", event.name.clone()),
            _ => unreachable!("no other event is sent"),
        };
        line.push(format!("{} {kind} {name}", record.service()));
        parent = Some(ids(record).0);
    }
    line
}

/// The record's id and its parent's.
fn ids(record: &Record) -> (elastic_apm::SpanId, Option<elastic_apm::SpanId>) {
    match (record.transaction(), record.span()) {
        (Some(event), _) => (event.id, event.parent_id),
        (_, Some(event)) => (event.id, Some(event.parent_id)),
        _ => unreachable!("no other event is sent"),
    }
}

fn rate(record: &Record) -> Option<f64> {
    let rate = match (record.transaction(), record.span()) {
        (Some(event), _) => event.sample_rate,
        (_, Some(event)) => event.sample_rate,
        _ => None,
    };
    rate.map(elastic_apm::intake::SampleRate::as_f64)
}
