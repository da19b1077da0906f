//! What an answer, or none, means for the events: taken, refused, sent again, or lost. Each is counted once, and nothing
//! arrives twice.

use std::time::Duration;

use bytes::Bytes;
use elastic_apm::{DropReason, Transport, TransportFuture};
use elastic_apm_integration_tests::agent_log::AgentLog;
use elastic_apm_integration_tests::fault_server::{Answer, Fault, FaultServer};

use crate::support::{
    PATIENCE, agent_of, eager_agent_of, numbered, record, record_numbered, settled, within,
};

#[test]
fn a_refused_event_costs_only_itself_and_is_said_once() {
    let server = FaultServer::start();
    let log = AgentLog::new();
    let agent = log.build(agent_of(&server));
    let refusal = r#"{"accepted":2,"errors":[{"message":"span: name too long","document":"{}"}]}"#;
    server.next([Fault::answer(400, refusal), Fault::answer(400, refusal)]);

    record_numbered(&agent, 0..3);
    let first = agent.flush(PATIENCE);
    record_numbered(&agent, 3..6);
    agent.flush(PATIENCE);

    assert!(!first);
    assert_eq!(settled(&agent.stats(), DropReason::Rejected), (4, 2));
    let warnings = log.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].contains("400") && warnings[0].contains("span: name too long"), "{warnings:#?}");
    assert!(warnings[0].contains("1 of 3 events"), "{warnings:#?}");
}

#[test]
fn refused_events_do_not_slow_down_the_others() {
    for refusal in
        [Fault::answer(400, r#"{"accepted":0,"errors":[{"message":"bad"}]}"#), Fault::answer(413, "")]
    {
        let server = FaultServer::start();
        let agent = eager_agent_of(&server).build();
        server.next(vec![refusal.clone(); 8]);

        // A back-off would come to more than a minute and a half.
        within(Duration::from_secs(5), || {
            for number in 0..9 {
                record_numbered(&agent, number..=number);
                server.wait_for_requests(number + 1);
            }
        });

        agent.flush(PATIENCE);
        assert_eq!((agent.stats().sent(), agent.stats().dropped()), (1, 8), "{refusal:?}");
    }
}

#[test]
fn each_reason_of_a_refusal_is_said_once() {
    let server = FaultServer::start();
    let log = AgentLog::new();
    let agent = log.build(agent_of(&server));

    for reason in ["too long", "no name", "too long", "no name"] {
        server.next([
            Fault::answer(400, format!(r#"{{"accepted":0,"errors":[{{"message":"{reason}"}}]}}"#)),
            Fault::accept(),
        ]);
        record_numbered(&agent, 0..1);
        agent.flush(PATIENCE);
        record_numbered(&agent, 1..2);
        agent.flush(PATIENCE);
    }

    let warnings = log.warnings();
    assert_eq!(warnings.len(), 2, "{warnings:#?}");
    assert!(warnings[0].contains("too long") && warnings[1].contains("no name"), "{warnings:#?}");
    assert!(!log.lines().iter().any(|line| line.contains("takes events again")), "{:#?}", log.lines());
}

#[test]
fn a_server_that_claims_more_than_it_got_is_not_believed() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();
    server.next([Fault::answer(400, r#"{"accepted":18446744073709551615}"#)]);

    record_numbered(&agent, 0..3);
    agent.flush(PATIENCE);

    assert_eq!(settled(&agent.stats(), DropReason::Rejected), (3, 0));
}

#[test]
fn what_the_server_did_not_take_is_sent_again_and_nothing_twice() {
    let refusals = [
        Fault::answer(503, r#"{"accepted":0,"errors":[{"message":"queue is full"}]}"#),
        Fault::answer(503, "no json"),
        Fault::answer(429, ""),
        Fault::answer(401, r#"{"error":"authentication failed"}"#),
        Fault::answer(403, r#"{"error":"unauthorized"}"#),
    ];
    for refusal in refusals {
        let server = FaultServer::start();
        let agent = agent_of(&server).build();
        server.next([refusal.clone()]);

        record_numbered(&agent, 0..2);
        let first = agent.flush(PATIENCE);
        record_numbered(&agent, 2..3);
        let second = agent.flush(PATIENCE);

        let received = server.received();
        assert_eq!((first, second), (false, true), "{refusal:?}");
        assert_eq!(received[0].body, received[1].body, "{refusal:?}");
        assert_eq!(server.names_taken(), numbered(0..3), "{refusal:?}");
        assert_eq!(settled(&agent.stats(), DropReason::SendFailed), (3, 0), "{refusal:?}");
    }
}

#[test]
fn sending_again_needs_no_flush() {
    let server = FaultServer::start();
    let agent = eager_agent_of(&server).build();
    server.next([Fault::answer(503, ""), Fault::answer(429, "")]);

    record_numbered(&agent, 0..2);
    server.wait_for_events(2);
    agent.flush(PATIENCE);

    assert_eq!(settled(&agent.stats(), DropReason::SendFailed), (2, 0));
}

#[test]
fn overload_midway_costs_the_rest_and_nothing_is_sent_again() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();
    server.next([Fault::answer(503, r#"{"accepted":3,"errors":[{"message":"queue is full"}]}"#)]);

    record_numbered(&agent, 0..5);
    agent.flush(PATIENCE);
    record_numbered(&agent, 5..6);
    agent.flush(PATIENCE);

    assert_eq!(server.names_taken(), numbered(5..6));
    assert_eq!(server.received().len(), 2);
    assert_eq!(settled(&agent.stats(), DropReason::SendFailed), (4, 2));
}

#[test]
fn what_the_server_may_have_taken_is_lost_counted_and_not_sent_again() {
    let answer = Answer::new(202).body("x".repeat(1000));
    let faults = [
        Fault::answer(500, r#"{"accepted":0,"errors":[{"message":"internal"}]}"#),
        Fault::answer(502, "<html>bad gateway</html>"),
        Fault::Raw(b"\x00\x01\x02 this is not HTTP\r\n\r\n".to_vec()),
        Fault::Raw(b"HTTP/1.1 999999 ?\r\n\r\n".to_vec()),
        Fault::Raw(b"HTTP/1.1 202 Accepted\r\ncontent-length: 5\r\n\r\nab".to_vec()),
        Fault::Raw(Vec::new()),
        Fault::ResetMidAnswer(answer),
        Fault::ResetAfter(40),
        Fault::ResetAfter(1000),
    ];
    for fault in faults {
        let server = FaultServer::start();
        let log = AgentLog::new();
        let agent = log.build(agent_of(&server));
        server.next([fault.clone()]);

        record_numbered(&agent, 0..20);
        let first = agent.flush(PATIENCE);
        record_numbered(&agent, 20..21);
        let second = agent.flush(PATIENCE);

        assert_eq!((first, second), (false, true), "{fault:?}");
        assert_eq!(server.names_taken(), numbered(20..21), "{fault:?}");
        assert_eq!(settled(&agent.stats(), DropReason::SendFailed), (1, 20), "{fault:?}");
        assert_eq!(log.warnings().len(), 1, "{fault:?}: {:#?}", log.warnings());
    }
}

#[test]
fn silence_ends_with_the_servers_timeout() {
    let server = FaultServer::start();
    let log = AgentLog::new();
    let agent = log.build(agent_of(&server).server_timeout(Duration::from_millis(100)));
    server.next([Fault::Hang]);

    record_numbered(&agent, 0..2);
    let first = agent.flush(PATIENCE);
    record_numbered(&agent, 2..3);
    agent.flush(PATIENCE);

    assert!(!first);
    assert!(log.warnings()[0].contains("no answer within 100ms"), "{:#?}", log.warnings());
    assert_eq!(settled(&agent.stats(), DropReason::SendFailed), (1, 2));
}

#[test]
fn a_slow_reader_gets_everything_within_the_timeout() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();
    server.next([Fault::ReadSlowly { bytes: 4096, pause: Duration::from_millis(1) }]);

    record_numbered(&agent, 0..500);
    let delivered = agent.flush(PATIENCE);

    assert!(delivered);
    assert_eq!(server.names_taken(), numbered(0..500));
}

#[test]
fn a_redirect_is_a_refusal_and_is_not_followed() {
    let (server, elsewhere) = (FaultServer::start(), FaultServer::start());
    let agent = agent_of(&server).secret_token("t0ken").build();
    server.next([Fault::Answer(Answer::new(307).header("location", elsewhere.url()))]);

    record_numbered(&agent, 0..2);
    agent.flush(PATIENCE);
    record_numbered(&agent, 2..3);
    agent.flush(PATIENCE);

    assert!(elsewhere.received().is_empty());
    assert_eq!(server.names_taken(), numbered(2..3));
    assert_eq!(settled(&agent.stats(), DropReason::Rejected), (1, 2));
}

#[test]
fn a_request_that_a_proxy_finds_too_large_is_counted_as_that() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();
    server.next([Fault::answer(413, "<html>too large</html>")]);

    record_numbered(&agent, 0..2);
    agent.flush(PATIENCE);

    assert_eq!(settled(&agent.stats(), DropReason::TooLarge), (0, 2));
}

#[test]
fn an_answer_that_comes_before_the_body_was_read_counts() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();
    server.next([Fault::AnswerEarly(Answer::new(202))]);

    record_numbered(&agent, 0..500);
    let first = agent.flush(PATIENCE);
    record_numbered(&agent, 500..501);
    let second = agent.flush(PATIENCE);

    assert!(first && second);
    assert_eq!(settled(&agent.stats(), DropReason::SendFailed), (501, 0));
}

#[test]
fn an_interim_answer_is_not_the_answer() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();
    let interim = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
    server.next([Fault::Raw(interim.to_vec())]);

    record_numbered(&agent, 0..2);

    assert!(agent.flush(PATIENCE));
}

#[test]
fn a_verbose_server_is_read_to_a_bound() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();
    server.next([Fault::answer(200, "y".repeat(4 * 1024 * 1024))]);

    record_numbered(&agent, 0..2);
    let first = agent.flush(PATIENCE);
    record_numbered(&agent, 2..4);
    let second = agent.flush(PATIENCE);

    assert!(first && second);
    assert_eq!(server.names_taken(), numbered(0..4));
}

#[test]
fn a_long_reason_is_cut() {
    let server = FaultServer::start();
    let log = AgentLog::new();
    let agent = log.build(agent_of(&server));
    server.next([Fault::answer(400, format!("{{\"error\":\"{}\"}}", "reason ".repeat(1000)))]);

    record_numbered(&agent, 0..1);
    agent.flush(PATIENCE);

    let warnings = log.warnings();
    assert!(warnings[0].contains("reason reason"), "{warnings:#?}");
    assert!(warnings[0].len() < 500, "{} bytes", warnings[0].len());
}

/// A transport of somebody else's.
struct Panics(Box<dyn Transport>);

impl Transport for Panics {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        assert!(!request.body().windows(8).any(|window| window == b"\"poison\""), "on purpose");
        self.0.send(request)
    }

    fn wants_compression(&self) -> bool {
        false
    }
}

#[test]
fn a_transport_that_panics_loses_only_its_request() {
    let server = FaultServer::start();
    let agent = agent_of(&server).wrap_transport(|inner| Box::new(Panics(inner))).build();

    record(&agent.tracer(), "poison");
    let first = agent.flush(PATIENCE);
    record(&agent.tracer(), "next");
    let second = agent.flush(PATIENCE);

    assert_eq!((first, second), (false, true));
    assert_eq!(server.names_taken(), ["next"]);
    assert_eq!(settled(&agent.stats(), DropReason::SendFailed), (1, 1));
}
