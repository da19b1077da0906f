//! An agent whose events a test can look at: the real tracer and reporter, a recorder in place of the network.
//!
//! No globals, no environment, no sleeps: each test has its own, and tests run in parallel.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use elastic_apm_intake::{ErrorEvent, Event, Metadata, Metricset, SpanEvent, SpanId, TransactionEvent};
use http::{Request, Response};

use crate::agent::{Agent, AgentBuilder};
use crate::log::AgentLog;
use crate::metadata::HostLookup;
use crate::stats::Stats;
use crate::trace::Tracer;
use crate::transport::{Transport, TransportFuture};

/// How long [`RecordingAgent::events`] waits for the reporter; only a hanging one takes that long.
const PATIENCE: Duration = Duration::from_secs(30);

/// An agent that records what it would send.
///
/// ```
/// use elastic_apm_core::{capture_span, testing::RecordingAgent};
///
/// let agent = RecordingAgent::new();
/// {
///     let tx = agent.tracer().begin_transaction("script");
///     drop(capture_span("step"));
///     tx.end_with("job", "success");
/// }
///
/// assert_eq!(agent.events().tree(), "transaction job [success]\n  span step [success]\n");
/// ```
pub struct RecordingAgent {
    agent: Agent,
    log: AgentLog,
    bodies: Arc<Mutex<Vec<Bytes>>>,
    is_shut_down: AtomicBool,
}

impl RecordingAgent {
    /// An agent with default options, named `test`.
    pub fn new() -> Self {
        RecordingAgent::with(|builder| builder)
    }

    /// An agent whose options `configure` sets. The environment is not read, and no central configuration asked for.
    pub fn with(configure: impl FnOnce(AgentBuilder) -> AgentBuilder) -> Self {
        let (log, bodies) = (AgentLog::recording(), Arc::default());
        let builder = Agent::builder()
            .service_name("test")
            .without_env()
            .central_config(false)
            .transport(Recorder { bodies: Arc::clone(&bodies) })
            .host_lookup(HostLookup::NONE)
            .log(log.clone());
        RecordingAgent {
            agent: configure(builder).build(),
            log,
            bodies,
            is_shut_down: AtomicBool::new(false),
        }
    }

    /// The agent itself.
    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    /// Its tracer.
    pub fn tracer(&self) -> Tracer {
        self.agent.tracer()
    }

    /// Its counters.
    pub fn stats(&self) -> Stats {
        self.agent.stats()
    }

    /// Everything sent so far, after a flush. Blocks, also in async tests: the agent has a thread of its own.
    ///
    /// # Panics
    ///
    /// When the reporter does not deliver, or what it sent cannot be read back.
    #[track_caller]
    pub fn events(&self) -> Events {
        if !self.is_shut_down.load(Ordering::Relaxed) {
            assert!(self.agent.flush(PATIENCE), "the reporter did not deliver: {:?}", self.stats());
        }
        self.sent()
    }

    /// Everything that was sent, after the agent was shut down: with the metrics, which it reports then at the latest.
    ///
    /// # Panics
    ///
    /// When the reporter does not deliver, or what it sent cannot be read back.
    #[track_caller]
    pub fn all_events(&self) -> Events {
        if !self.is_shut_down.swap(true, Ordering::Relaxed) {
            assert!(self.agent.shutdown(PATIENCE), "the reporter did not deliver: {:?}", self.stats());
        }
        self.sent()
    }

    #[track_caller]
    fn sent(&self) -> Events {
        let bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        Events::decode(&bodies)
    }

    /// The lines of the agent's log so far, each `LEVEL message`.
    pub fn log_lines(&self) -> Vec<String> {
        self.log.recorded()
    }
}

impl Default for RecordingAgent {
    fn default() -> Self {
        RecordingAgent::new()
    }
}

impl std::fmt::Debug for RecordingAgent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordingAgent").field("agent", &self.agent).finish_non_exhaustive()
    }
}

/// Keeps request bodies, uncompressed, and answers as a server that takes everything.
struct Recorder {
    bodies: Arc<Mutex<Vec<Bytes>>>,
}

impl Transport for Recorder {
    fn send(&self, request: Request<Bytes>) -> TransportFuture<'_> {
        if request.uri().path() == "/intake/v2/events" {
            self.bodies.lock().unwrap_or_else(PoisonError::into_inner).push(request.into_body());
        }
        Box::pin(async { Ok(Response::builder().status(202).body(Bytes::new()).unwrap_or_default()) })
    }

    fn wants_compression(&self) -> bool {
        false
    }
}

/// What an agent sent, decoded from the bytes on the wire. Each list is in the order of sending.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Events {
    /// The metadata of the first request.
    pub metadata: Option<Metadata>,
    /// The transactions.
    pub transactions: Vec<TransactionEvent>,
    /// The spans.
    pub spans: Vec<SpanEvent>,
    /// The errors.
    pub errors: Vec<ErrorEvent>,
    /// The metricsets.
    pub metricsets: Vec<Metricset>,
    /// Every line as it was sent, metadata included.
    pub lines: Vec<String>,
}

impl Events {
    #[track_caller]
    fn decode(bodies: &[Bytes]) -> Self {
        let mut events = Events::default();
        for line in bodies.iter().flat_map(|body| body.split(|byte| *byte == b'\n')) {
            if line.is_empty() {
                continue;
            }
            events.lines.push(String::from_utf8_lossy(line).into_owned());
            match Event::from_line(line) {
                Ok(Event::Metadata(metadata)) => {
                    events.metadata.get_or_insert(*metadata);
                }
                Ok(Event::Transaction(event)) => events.transactions.push(*event),
                Ok(Event::Span(event)) => events.spans.push(*event),
                Ok(Event::Error(event)) => events.errors.push(*event),
                Ok(Event::Metricset(event)) => events.metricsets.push(*event),
                Ok(_) => {}
                Err(error) => {
                    panic!("a line that cannot be read: {error}: {}", String::from_utf8_lossy(line))
                }
            }
        }
        events
    }

    /// The span of this name.
    ///
    /// # Panics
    ///
    /// Where there is not exactly one.
    #[track_caller]
    pub fn span(&self, name: &str) -> &SpanEvent {
        let mut found = self.spans.iter().filter(|span| span.name == name);
        match (found.next(), found.next()) {
            (Some(span), None) => span,
            (None, _) => panic!("no span {name:?} among {:?}", self.span_names()),
            _ => panic!("several spans {name:?} among {:?}", self.span_names()),
        }
    }

    /// The transaction of this name.
    ///
    /// # Panics
    ///
    /// Where there is not exactly one.
    #[track_caller]
    pub fn transaction(&self, name: &str) -> &TransactionEvent {
        let mut found = self.transactions.iter().filter(|event| event.name.as_deref() == Some(name));
        match (found.next(), found.next()) {
            (Some(event), None) => event,
            (first, _) => panic!(
                "{} transaction {name:?} among {:?}",
                if first.is_some() { "several" } else { "no" },
                self.transactions.iter().map(|event| event.name.as_deref()).collect::<Vec<_>>()
            ),
        }
    }

    fn span_names(&self) -> Vec<&str> {
        self.spans.iter().map(|span| span.name.as_str()).collect()
    }

    /// The traces as an indented text for snapshots: `kind name [outcome]`, children below parents in order of start, and what
    /// has no parent here at the left.
    pub fn tree(&self) -> String {
        let mut nodes: Vec<Node> = Vec::new();
        for event in &self.transactions {
            let name = event.name.as_deref().unwrap_or_default();
            let outcome = event.outcome.map_or("", |outcome| outcome.as_str());
            nodes.push(Node {
                id: Some(event.id),
                parent: event.parent_id,
                at: event.timestamp,
                text: format!("transaction {name} [{outcome}]"),
            });
        }
        for event in &self.spans {
            let outcome = event.outcome.map_or("", |outcome| outcome.as_str());
            nodes.push(Node {
                id: Some(event.id),
                parent: Some(event.parent_id),
                at: event.timestamp,
                text: format!("span {} [{outcome}]", event.name),
            });
        }
        for event in &self.errors {
            let exception = event.exception.as_ref().and_then(|exception| exception.message.as_deref());
            let log = event.log.as_ref().map(|log| log.message.as_str());
            nodes.push(Node {
                id: None,
                parent: event.parent.map(|parent| parent.parent_id),
                at: event.timestamp,
                text: format!("error {}", exception.or(log).unwrap_or_default()),
            });
        }
        render(nodes)
    }
}

struct Node {
    id: Option<SpanId>,
    parent: Option<SpanId>,
    at: u64,
    text: String,
}

fn render(mut nodes: Vec<Node>) -> String {
    nodes.sort_by_key(|node| node.at);
    let known: Vec<SpanId> = nodes.iter().filter_map(|node| node.id).collect();
    let mut children: HashMap<Option<SpanId>, Vec<Node>> = HashMap::new();
    for node in nodes {
        let parent = node.parent.filter(|parent| known.contains(parent));
        children.entry(parent).or_default().push(node);
    }
    let mut text = String::new();
    let mut pending: Vec<(Node, usize)> = Vec::new();
    let mut open = |pending: &mut Vec<(Node, usize)>, parent, depth| {
        // Removed on the way, so that a circle of parents ends.
        let found: Vec<Node> = children.remove(&parent).unwrap_or_default();
        pending.extend(found.into_iter().rev().map(|node| (node, depth)));
    };
    open(&mut pending, None, 0);
    while let Some((node, depth)) = pending.pop() {
        let _ = writeln!(text, "{:indent$}{}", "", node.text, indent = depth * 2);
        if node.id.is_some() {
            open(&mut pending, node.id, depth + 1);
        }
    }
    text
}
