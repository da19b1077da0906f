//! What is in a request, and when it is sent.

use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use elastic_apm::{
    DropReason, Transaction, Transport, TransportFuture, capture_message, label, set_custom_context,
};
use elastic_apm_integration_tests::CheckedAgent;
use elastic_apm_integration_tests::agent_log::AgentLog;
use elastic_apm_integration_tests::fault_server::{FaultServer, Received};

use crate::support::{
    PATIENCE, agent_of, eager_agent_of, names_once, numbered, record, record_numbered, settled,
};

/// Elastic's limit for one line.
const MAX_EVENT_SIZE: usize = 307_200;

#[test]
fn a_request_is_metadata_and_then_the_events_in_order() {
    let server = FaultServer::start();
    let agent = agent_of(&server).service_version("1.2").build();

    record_numbered(&agent, 0..3);
    let delivered = agent.flush(PATIENCE);

    let received = server.received();
    let documents = received[0].documents();
    assert!(delivered);
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].request_line, "POST /intake/v2/events HTTP/1.1");
    assert_eq!(received[0].header("content-type"), Some("application/x-ndjson"));
    assert_eq!(documents[0]["metadata"]["service"]["name"], "faults");
    assert_eq!(documents[0]["metadata"]["service"]["version"], "1.2");
    assert_eq!(received[0].names(), numbered(0..3));
    assert_eq!(settled(&agent.stats(), DropReason::SendFailed), (3, 0));
}

#[test]
fn a_server_on_this_machine_gets_plain_lines() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();

    record_numbered(&agent, 0..1);
    agent.flush(PATIENCE);

    let received = server.received();
    assert_eq!(received[0].header("content-encoding"), None);
    assert!(received[0].body.starts_with(b"{\"metadata\":"));
}

#[test]
fn a_server_elsewhere_gets_gzip() {
    let server = FaultServer::start();
    // By its text not a loopback address; what connects to it ends up on this machine all the same.
    let agent = agent_of(&server).server_url(format!("http://0.0.0.0:{}", server.port())).build();

    record_numbered(&agent, 0..100);
    agent.flush(PATIENCE);

    let received = server.received();
    let plain: usize = received[0].lines().iter().map(|line| line.len() + 1).sum();
    assert_eq!(received[0].header("content-encoding"), Some("gzip"));
    assert!(received[0].body.len() < plain / 2, "{} of {plain} bytes", received[0].body.len());
    assert_eq!(received[0].names(), numbered(0..100));
}

/// Asks for compression, whatever the server's address says.
struct Compressing(Box<dyn Transport>);

impl Transport for Compressing {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        self.0.send(request)
    }

    fn wants_compression(&self) -> bool {
        true
    }
}

#[test]
fn a_transport_decides_about_compression() {
    let server = FaultServer::start();
    let agent = agent_of(&server).wrap_transport(|inner| Box::new(Compressing(inner))).build();

    record_numbered(&agent, 0..3);
    agent.flush(PATIENCE);

    assert_eq!(server.received()[0].header("content-encoding"), Some("gzip"));
    assert_eq!(server.names_taken(), numbered(0..3));
}

#[test]
fn the_request_time_sends_without_a_flush() {
    let server = FaultServer::start();
    let agent = eager_agent_of(&server).build();

    record_numbered(&agent, 0..1);

    assert_eq!(server.wait_for_events(1)[0].names(), numbered(0..1));
    drop(agent);
}

#[test]
fn events_that_keep_coming_do_not_put_off_the_request() {
    let server = FaultServer::start();
    let agent = eager_agent_of(&server).api_request_time(Duration::from_millis(200)).build();
    let start = Instant::now();

    // Fewer than fill a request.
    while server.received().is_empty() {
        assert!(start.elapsed() < PATIENCE, "{:?}", agent.stats());
        record(&agent.tracer(), "another");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_full_request_is_sent_without_a_flush() {
    let server = FaultServer::start();
    let agent = agent_of(&server).api_request_time(Duration::from_secs(3600)).api_request_size(1024).build();

    record_numbered(&agent, 0..20);

    assert!(server.wait_for_requests(1)[0].event_count() > 0);
    drop(agent);
}

#[test]
fn the_request_size_splits_what_is_sent() {
    let server = FaultServer::start();
    let agent = agent_of(&server).api_request_size(4 * 1024).build();

    record_numbered(&agent, 0..200);
    let delivered = agent.flush(PATIENCE);

    let received = server.received();
    assert!(delivered);
    assert!(received.len() > 5, "{} requests", received.len());
    for request in &received {
        let lines = request.lines();
        let last = lines.last().map_or(0, String::len);
        assert!(lines[0].starts_with("{\"metadata\":"), "{}", lines[0]);
        assert!(lines[1..].iter().all(|line| !line.starts_with("{\"metadata\":")));
        assert!(request.body.len() <= 4 * 1024 + last + 1, "{} bytes", request.body.len());
    }
    assert_eq!(server.names_taken(), numbered(0..200));
}

#[test]
fn requests_share_a_connection() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();

    for number in 0..3 {
        record_numbered(&agent, number..=number);
        agent.flush(PATIENCE);
    }

    let connections: Vec<u64> = server.received().iter().map(|request| request.connection).collect();
    // The first one may go out while another connection is busy with the question for the version.
    assert_eq!(connections[1], connections[2], "{connections:?}");
}

#[test]
fn an_event_over_the_servers_limit_is_cut_and_said_once() {
    let server = FaultServer::start();
    let log = AgentLog::new();
    let agent = log.build(agent_of(&server));
    let tracer = agent.tracer();

    record(&tracer, "before");
    for name in ["huge", "huge too"] {
        let huge = tracer.begin_transaction("script");
        set_custom_context("blob", "x".repeat(MAX_EVENT_SIZE));
        set_custom_context("note", "short");
        huge.end_with(name, "success");
    }
    record(&tracer, "after");
    let delivered = agent.flush(PATIENCE);

    let received = server.received();
    let custom = received[0].documents()[2]["transaction"]["context"]["custom"].clone();
    let blob = custom["blob"].as_str().expect("a text");
    assert!(delivered);
    assert_eq!(server.names_taken(), ["before", "huge", "huge too", "after"]);
    assert_eq!(settled(&agent.stats(), DropReason::TooLarge), (4, 0));
    assert!(blob.ends_with("x…") && blob.len() > 9_000, "{} bytes", blob.len());
    assert_eq!(custom["note"], "short");
    let warnings = log.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].ends_with("cut: custom context"), "{warnings:#?}");
}

#[test]
fn what_is_left_of_a_cut_event_is_what_elastics_schemas_allow() {
    let agent = CheckedAgent::new();

    {
        let huge = agent.tracer().begin_transaction("script");
        for number in 0..400 {
            label(format!("label-{number}"), "\u{1}é".repeat(1_000));
            set_custom_context(&format!("text-{number}"), "x".repeat(1_000));
        }
        capture_message("m".repeat(20_000));
        huge.end_with("huge", "success");
    }

    let events = agent.events();
    assert_eq!((events.transactions.len(), events.errors.len()), (1, 1));
    assert!(events.lines.iter().all(|line| line.len() < MAX_EVENT_SIZE));
}

#[test]
fn an_event_just_below_the_servers_limit_arrives() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();

    {
        let large = agent.begin_transaction("script");
        set_custom_context("blob", "x".repeat(MAX_EVENT_SIZE - 1024));
        large.end_with("large", "success");
    }
    agent.flush(PATIENCE);

    assert_eq!(server.names_taken(), ["large"]);
}

#[test]
fn many_threads_lose_nothing_and_double_nothing() {
    let server = FaultServer::start();
    let agent = eager_agent_of(&server).max_queue_size(100_000).max_queue_bytes(1 << 30).build();

    std::thread::scope(|scope| {
        for thread in 0..8 {
            let tracer = agent.tracer();
            scope.spawn(move || (0..500).for_each(|number| record(&tracer, format!("{thread}/{number}"))));
        }
    });
    let delivered = agent.flush(PATIENCE);

    assert!(delivered);
    assert_eq!(names_once(&server.received()).len(), 4_000);
    assert_eq!(settled(&agent.stats(), DropReason::QueueFull), (4_000, 0));
}

#[test]
fn spans_go_before_their_transaction() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();

    let transaction: Transaction = agent.tracer().transaction("job", "script").start();
    transaction.span("step").start().end();
    transaction.end();
    agent.flush(PATIENCE);

    let names: Vec<String> = server.received().iter().flat_map(Received::names).collect();
    assert_eq!(names, ["step", "job"]);
}

#[test]
fn an_error_that_nobody_handled_goes_out_at_once_and_takes_along_what_is_there() {
    let server = FaultServer::start();
    let agent = agent_of(&server).api_request_time(Duration::from_secs(3600)).build();
    record_numbered(&agent, 0..3);

    agent.tracer().error(&std::fmt::Error).handled(false).capture();

    let received = server.wait_for_requests(1);
    assert_eq!(received[0].names(), numbered(0..3));
    assert_eq!(received[0].documents()[4]["error"]["exception"]["handled"], false);
    drop(agent);
}

#[test]
fn a_flood_of_errors_that_nobody_handled_is_no_flood_of_requests() {
    let server = FaultServer::start();
    let agent = agent_of(&server).api_request_time(Duration::from_secs(3600)).build();
    let start = Instant::now();

    for _ in 0..500 {
        agent.tracer().error(&std::fmt::Error).handled(false).capture();
    }

    let received = server.wait_for_events(500);
    // One at once, and then one a second.
    let most = 2 + start.elapsed().as_secs() as usize;
    assert!(received.len() <= most, "{} requests", received.len());
    drop(agent);
}
