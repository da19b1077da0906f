//! This project's agent.

use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use elastic_apm::axum::ApmLayer;
use elastic_apm::{Agent as ElasticApm, LogLevel, SpanBuilder, Tracer, Transport, TransportFuture, span};
use http::{Request, Response, StatusCode};

use super::{Agent, METHOD, Mode, PATH, Task, discard};
use crate::workload::CHILDREN;

pub(super) struct Ours {
    agent: ElasticApm,
    tracer: Tracer,
}

impl Ours {
    pub(super) fn install(mode: Mode) -> Self {
        let agent = ElasticApm::builder()
            .without_env()
            .service_name("bench")
            .central_config(false)
            .log_level(LogLevel::Warning)
            .enabled(mode != Mode::Disabled)
            .transaction_sample_rate(if mode == Mode::Unsampled { 0.0 } else { 1.0 })
            .max_queue_size(super::DEEP)
            .transport(Discard { compressed: mode == Mode::Gzip })
            .build();
        // Servers before 8.0 want unsampled transactions too, so they are recorded until it has said its version.
        while mode == Mode::Unsampled && records(&agent) {
            std::thread::sleep(Duration::from_millis(10));
        }
        agent.flush(Duration::from_secs(10));
        Ours { tracer: agent.tracer(), agent }
    }

    fn root(&self, value: &str) -> impl Sized {
        self.tracer.transaction("root", "bench").label(METHOD.0, METHOD.1).label(PATH, value).begin()
    }
}

fn records(agent: &ElasticApm) -> bool {
    let before = agent.stats().recorded();
    drop(agent.begin_transaction("bench"));
    agent.stats().recorded() > before
}

fn child(value: &str) -> SpanBuilder {
    span("child").label(METHOD.0, METHOD.1).label(PATH, value)
}

fn chain(length: usize, value: &str) {
    if length > 0 {
        let _span = child(value).enter();
        chain(length - 1, value);
    }
}

impl Agent for Ours {
    fn sequence(&self, value: &str) {
        let _root = self.root(value);
        for _ in 0..CHILDREN {
            drop(child(value).enter());
        }
    }

    fn nested(&self, value: &str) {
        let _root = self.root(value);
        chain(CHILDREN, value);
    }

    fn alone(&self, value: &str) {
        drop(child(value).enter());
    }

    fn within(&self, future: Task) -> Task {
        Box::pin(self.tracer.transaction("root", "bench").run(future))
    }

    fn layer(&self, router: Router) -> Router {
        router.layer(ApmLayer::new().tracer(self.tracer.clone()))
    }

    fn flush(&self) {
        assert!(self.agent.flush(Duration::from_secs(60)), "not sent: {:?}", self.agent.stats());
    }

    // What is compressed cannot be counted at the transport.
    fn encoded(&self) -> u64 {
        self.agent.stats().sent()
    }
}

/// A server of version 8 that takes everything.
struct Discard {
    compressed: bool,
}

impl Transport for Discard {
    fn send(&self, request: Request<Bytes>) -> TransportFuture<'_> {
        let (status, answer) = match request.uri().path() {
            "/" => (StatusCode::OK, r#"{"version":"8.17.0"}"#),
            _ => (StatusCode::ACCEPTED, ""),
        };
        discard(0, request.body());
        Box::pin(async move {
            let mut response = Response::new(Bytes::from(answer));
            *response.status_mut() = status;
            Ok(response)
        })
    }

    fn wants_compression(&self) -> bool {
        self.compressed
    }
}
