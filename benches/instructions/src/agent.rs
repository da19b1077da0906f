//! The agents that are counted: with a thread that stands still while the application's is counted, or one that sends to nobody.
//!
//! The first makes a count repeatable: it does not depend on when the agent's thread takes and frees what was handed over.

use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use bytes::Bytes;
use elastic_apm::intake::TransactionEvent;
use elastic_apm::{Agent, AgentBuilder, Tracer, TransactionScope, Transport, TransportFuture};
use http::{Request, Response};

use crate::paths::Round;

/// Only an agent that hangs takes that long.
const PATIENCE: Duration = Duration::from_secs(60);
const HOLD: &str = "hold the agent's thread";

/// An agent that takes events and sends none before it is dropped.
pub(crate) struct StillAgent {
    agent: Agent,
    // Met by the agent's thread when it is stuck, and again when it may go on.
    gate: Option<Arc<Barrier>>,
}

impl StillAgent {
    /// Everything on, with room for all that is recorded.
    pub(crate) fn sampled() -> Self {
        let gate = Arc::new(Barrier::new(2));
        let at_gate = Arc::clone(&gate);
        let agent = builder()
            .max_queue_size(100_000)
            .max_queue_bytes(512 << 20)
            .transaction_max_spans(1_000_000)
            .filter(move |event: &mut TransactionEvent| {
                if event.name.as_deref() == Some(HOLD) {
                    at_gate.wait();
                    at_gate.wait();
                }
                true
            })
            .build();
        agent.begin_transaction("bench").end_with(HOLD, "success");
        gate.wait();
        StillAgent { agent, gate: Some(gate) }
    }

    /// No transaction is sampled, and the server is known to want none of these.
    pub(crate) fn unsampled() -> Self {
        let agent = builder().transaction_sample_rate(0.0).build();
        // Servers before 8.0 want them, so they are recorded until it has said its version.
        let started = Instant::now();
        while recorded_one(&agent) {
            assert!(started.elapsed() < PATIENCE, "the server's version is still not known");
            std::thread::sleep(Duration::from_millis(10));
        }
        StillAgent { agent, gate: None }
    }

    /// An agent that is switched off.
    pub(crate) fn disabled() -> Self {
        StillAgent { agent: builder().enabled(false).build(), gate: None }
    }

    /// Its tracer.
    pub(crate) fn tracer(&self) -> Tracer {
        self.agent.tracer()
    }
}

impl Drop for StillAgent {
    fn drop(&mut self) {
        assert_eq!(self.agent.stats().dropped(), 0, "less was recorded than is said");
        if let Some(gate) = &self.gate {
            gate.wait();
        }
    }
}

/// How many events a [`SendingAgent`] takes before it sends them, so that none is dropped.
const AT_ONCE: usize = 1_000;

/// An agent that sends what it is given, to nobody.
pub(crate) struct SendingAgent(Agent);

impl SendingAgent {
    /// Everything on.
    pub(crate) fn new() -> Self {
        SendingAgent(builder().transaction_max_spans(1_000_000).build())
    }

    /// Its tracer.
    pub(crate) fn tracer(&self) -> Tracer {
        self.0.tracer()
    }

    /// Repeats what records one event, until all of them are sent.
    pub(crate) fn repeat(&self, times: usize, mut round: impl FnMut()) {
        for sent in (0..times).step_by(AT_ONCE) {
            for _ in sent..times.min(sent + AT_ONCE) {
                round();
            }
            assert!(self.0.flush(PATIENCE), "not sent: {:?}", self.0.stats());
        }
        assert_eq!(self.0.stats().dropped(), 0, "less was sent than is said");
    }
}

fn builder() -> AgentBuilder {
    Agent::builder().without_env().service_name("bench").central_config(false).transport(Discard)
}

fn recorded_one(agent: &Agent) -> bool {
    let before = agent.stats().recorded();
    drop(agent.begin_transaction("bench"));
    agent.stats().recorded() > before
}

/// A transaction that is current on this thread, and the agent that records it.
pub(crate) struct OpenTransaction {
    // Dropped in this order: the agent must still be there when the transaction ends.
    _transaction: TransactionScope,
    _agent: StillAgent,
}

impl OpenTransaction {
    /// A transaction of this agent.
    pub(crate) fn of(agent: StillAgent) -> Self {
        OpenTransaction { _transaction: agent.tracer().begin_transaction("bench"), _agent: agent }
    }

    /// Runs the round as long as this is open.
    pub(crate) fn rounds(self, mut round: impl FnMut() + 'static) -> Round {
        Box::new(move || {
            let _open = &self;
            round();
        })
    }
}

/// A server of version 8 that takes everything.
struct Discard;

impl Transport for Discard {
    fn send(&self, request: Request<Bytes>) -> TransportFuture<'_> {
        let (status, body) = match request.uri().path() {
            "/" => (200, r#"{"version":"8.17.0"}"#),
            _ => (202, ""),
        };
        Box::pin(async move {
            let mut response = Response::new(Bytes::from(body));
            *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
            Ok(response)
        })
    }

    fn wants_compression(&self) -> bool {
        false
    }
}
