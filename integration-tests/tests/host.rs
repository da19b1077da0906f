//! The application beside a server that does everything wrong: its answers and its latency are as without an agent, memory is bounded, every
//! event is counted, waits end in time, and when the server works again events flow.
//!
//! One row per fault, all of them side by side; each has a server and an agent of its own.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use elastic_apm::axum::ApmLayer;
use elastic_apm::{Agent, AgentBuilder, LogLevel, Stats, capture_error, capture_span};
use elastic_apm_integration_tests::PATIENCE;
use elastic_apm_integration_tests::certificate::SelfSigned;
use elastic_apm_integration_tests::fault_server::{Answer, Fault, FaultServer, Received};
use http::{Request, StatusCode};
use tower::ServiceExt as _;

/// Requests that the application serves while the server fails.
const REQUESTS: usize = 300;
/// Far below what a request would take that waited for the server, whose timeout is five seconds.
const LATENCY: Duration = Duration::from_millis(2_500);
/// What a call may take beyond its own limit: a loaded machine is no failure.
const MARGIN: Duration = Duration::from_secs(2);
/// The most events that wait: the queue's, and what fits two requests of 16 kB.
const QUEUE: usize = 500;
const MOST_WAITING: u64 = QUEUE as u64 + 2 * (16 * 1024 / 200);

/// A fault, and what puts an end to it.
struct Row {
    name: &'static str,
    server: FaultServer,
    /// What goes on while requests are served.
    during: fn(&FaultServer),
    recover: Box<dyn Fn(&FaultServer) + Send + Sync>,
    configure: Box<dyn Fn(AgentBuilder) -> AgentBuilder + Send + Sync>,
}

fn row(name: &'static str, server: FaultServer) -> Row {
    Row {
        name,
        server,
        during: |_| {},
        recover: Box::new(|server| {
            server.always(Fault::accept());
            server.release();
            server.serve();
        }),
        configure: Box::new(|builder| builder),
    }
}

/// A server that does this with every request.
fn always(name: &'static str, fault: Fault) -> Row {
    let server = FaultServer::start();
    server.always(fault);
    row(name, server)
}

fn rows() -> Vec<Row> {
    let deaf = FaultServer::refusing();
    deaf.hang_on_accept();
    let mut rows = vec![
        row("down from the start", FaultServer::refusing()),
        Row { during: FaultServer::refuse, ..row("dying under load", FaultServer::start()) },
        Row {
            during: |server| (0..5).for_each(|_| server.serve()),
            ..row("restarting", FaultServer::start())
        },
        row("hanging on accept", deaf),
        always("hanging before the body", Fault::HangBeforeBody),
        always("hanging before the answer", Fault::Hang),
        always("hanging mid-answer", Fault::HangMidAnswer(Answer::new(202).body("x".repeat(1_000)))),
        always("reading a byte a second", Fault::ReadSlowly { bytes: 1, pause: Duration::from_secs(1) }),
        always("resetting before the head's end", Fault::ResetAfter(40)),
        always("resetting in the body", Fault::ResetAfter(1_000)),
        always("resetting mid-answer", Fault::ResetMidAnswer(Answer::new(202).body("x".repeat(1_000)))),
        always("answering garbage", Fault::Raw(b"\x00\x01\x02 this is not HTTP\r\n\r\n".to_vec())),
        always("answering early", Fault::AnswerEarly(Answer::new(202))),
        always("redirecting", Fault::Answer(Answer::new(307).header("location", "http://127.0.0.1:1/"))),
    ];
    for (name, status) in [
        ("answering 401", 401),
        ("answering 403", 403),
        ("answering 404", 404),
        ("answering 413", 413),
        ("answering 429", 429),
        ("answering 500", 500),
        ("answering 502", 502),
        ("answering 503", 503),
    ] {
        rows.push(always(name, Fault::answer(status, r#"{"error":"on purpose"}"#)));
    }
    rows.push(wrong_certificate());
    rows
}

/// A server whose certificate is not the one that the agent trusts, until the file is put right.
fn wrong_certificate() -> Row {
    let certificate = SelfSigned::new();
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("host-wrong-certificate.pem");
    std::fs::write(&file, "no certificate at all").expect("a writable folder");
    let trusted = file.clone();
    Row {
        recover: Box::new(move |_| std::fs::write(&file, &certificate.pem).expect("a writable file")),
        configure: Box::new(move |builder| builder.server_ca_cert_file(&trusted)),
        ..row("showing the wrong certificate", FaultServer::start_tls(certificate.config))
    }
}

fn app() -> Router {
    let handler = || async {
        let _span = capture_span("work");
        capture_error(&std::fmt::Error);
        (StatusCode::CREATED, [("x-answer", "yes")], "as ever")
    };
    Router::new().route("/users/{id}", get(handler))
}

/// The answer to one request as bytes, and how long it took.
fn ask(runtime: &tokio::runtime::Runtime, app: &Router) -> (String, Duration) {
    runtime.block_on(async {
        let start = Instant::now();
        let request = Request::get("/users/7").body(Body::empty()).expect("a request");
        let response = app.clone().oneshot(request).await.expect("an answer");
        let head = format!("{} {:?}", response.status(), response.headers());
        let body = axum::body::to_bytes(response.into_body(), 1024).await.expect("a body");
        (format!("{head} {body:?}"), start.elapsed())
    })
}

#[track_caller]
fn assert_bounded(name: &str, stats: &Stats) {
    assert_eq!(stats.recorded(), stats.sent() + stats.dropped() + stats.queued(), "{name}: {stats:?}");
    assert!(stats.queued() <= MOST_WAITING, "{name}: {stats:?}");
}

fn live_through(row: &Row) {
    let Row { name, server, during, recover, configure } = row;
    let builder = Agent::builder()
        .without_env()
        .service_name("host")
        .server_url(server.url())
        .api_request_time(Duration::from_millis(20))
        .api_request_size(16 * 1024)
        .max_queue_size(QUEUE)
        // Metrics are events that nobody here records.
        .breakdown_metrics(false)
        .log_level(LogLevel::Off);
    let agent = configure(builder).build();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (bare, traced) = (app(), app().layer(ApmLayer::new().tracer(agent.tracer())));
    let expected = ask(&runtime, &bare).0;

    // Served throughout the fault, with time for it to do its worst.
    for number in 0..REQUESTS {
        if number == REQUESTS / 2 {
            during(server);
        }
        let (answer, took) = ask(&runtime, &traced);
        assert_eq!(answer, expected, "{name}");
        assert!(took < LATENCY, "{name}: {took:?}");
        assert_bounded(name, &agent.stats());
        thread::sleep(Duration::from_millis(2));
    }
    let limit = Duration::from_millis(50);
    let start = Instant::now();
    agent.flush(limit);
    assert!(start.elapsed() < limit + MARGIN, "{name}: a flush took {:?}", start.elapsed());
    assert_bounded(name, &agent.stats());

    let taken = |received: &[Received]| received.iter().filter(|request| request.is_taken()).count();
    let before = taken(&server.received());
    recover(server);
    // Unless the queue is full; then there is enough that waits to be sent.
    agent.tracer().transaction("another", "script").start().end();
    server.wait_until(|received| taken(received) > before);
    while !agent.flush(PATIENCE) {}
    agent.tracer().transaction("after the fault", "script").start().end();
    server.wait_until(|received| {
        received.iter().flat_map(Received::names).any(|event| event == "after the fault")
    });

    let start = Instant::now();
    agent.shutdown(PATIENCE);
    assert!(start.elapsed() < PATIENCE, "{name}");
    let stats = agent.stats();
    assert_eq!((stats.recorded(), stats.queued()), (stats.sent() + stats.dropped(), 0), "{name}: {stats:?}");
    assert_eq!(stats.recorded(), 3 * REQUESTS as u64 + 2, "{name}: {stats:?}");
}

#[test]
fn no_fault_of_the_server_is_the_applications() {
    let rows = rows();

    thread::scope(|scope| {
        let running: Vec<_> = rows.iter().map(|row| (row.name, scope.spawn(|| live_through(row)))).collect();
        let failed: Vec<_> =
            running.into_iter().filter_map(|(name, row)| row.join().is_err().then_some(name)).collect();
        assert!(failed.is_empty(), "{failed:?}");
    });

    println!("{} faults lived through", rows.len());
}

#[test]
fn a_shutdown_ends_in_time_whatever_the_server_does() {
    let rows = rows();

    thread::scope(|scope| {
        for Row { name, server, configure, .. } in &rows {
            scope.spawn(move || {
                let builder = Agent::builder()
                    .without_env()
                    .server_url(server.url())
                    .api_request_time(Duration::from_millis(20))
                    .log_level(LogLevel::Off);
                let agent = if *name == "showing the wrong certificate" {
                    builder.build()
                } else {
                    configure(builder).build()
                };
                for _ in 0..200 {
                    agent.tracer().transaction("event", "script").start().end();
                }
                let (limit, start) = (Duration::from_millis(200), Instant::now());

                agent.shutdown(limit);

                assert!(start.elapsed() < limit + MARGIN, "{name}: {:?}", start.elapsed());
                // What the reporter's thread has in hand it counts itself, as soon as the machine lets it.
                let counting = Instant::now();
                while agent.stats().queued() > 0 {
                    assert!(counting.elapsed() < PATIENCE, "{name}: {:?}", agent.stats());
                    thread::yield_now();
                }
            });
        }
    });
}
