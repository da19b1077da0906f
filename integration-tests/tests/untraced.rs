//! What the agent itself does is hidden from the application's `tracing` subscriber, lest it be traced, and sent, and traced.
//!
//! A test binary of its own: the subscriber is the process's global one, the only kind that the agent's thread would meet.

use std::sync::{Arc, Mutex};

use elastic_apm::{Agent, LogLevel};
use elastic_apm_integration_tests::PATIENCE;
use elastic_apm_integration_tests::certificate::SelfSigned;
use elastic_apm_integration_tests::fault_server::FaultServer;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Notes what comes from the agent's thread, but for the agent's own log.
#[derive(Clone, Default)]
struct Eavesdropper(Arc<Mutex<Vec<String>>>);

impl Eavesdropper {
    fn note(&self, metadata: &Metadata<'_>) {
        let is_agent = std::thread::current().name() == Some("elastic-apm");
        if is_agent && metadata.target() != "elastic_apm" {
            self.0.lock().expect("no test panics in here").push(format!("{metadata:?}"));
        }
    }
}

impl Subscriber for Eavesdropper {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.note(span.metadata());
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        self.note(event.metadata());
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn the_agents_requests_are_invisible_to_the_applications_subscriber() {
    let heard = Eavesdropper::default();
    tracing::subscriber::set_global_default(heard.clone()).expect("the first one");
    for server in [FaultServer::start(), FaultServer::start_tls(SelfSigned::new().config)] {
        let agent = Agent::builder()
            .without_env()
            .server_url(server.url())
            .verify_server_cert(false)
            .log_level(LogLevel::Off)
            .build();

        for _ in 0..2 {
            agent.tracer().transaction("job", "script").start().end();
            assert!(agent.flush(PATIENCE));
        }
        server.refuse();
        agent.tracer().transaction("job", "script").start().end();
        agent.shutdown(PATIENCE);
    }

    let heard = heard.0.lock().expect("no test panics in here");
    assert!(heard.is_empty(), "{heard:#?}");
}
