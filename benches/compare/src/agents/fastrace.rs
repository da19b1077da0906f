//! fastrace. It has no wire format of its own: its spans are written as lines of JSON.

use std::borrow::Cow;
use std::fmt::{Display, LowerHex};

use ::fastrace::collector::{Config, Reporter, SpanContext, SpanRecord};
use ::fastrace::future::FutureExt;
use ::fastrace::local::LocalSpan;
use ::fastrace::{Span, flush, set_reporter};
use axum::Router;
use fastrace_axum::FastraceLayer;
use serde::{Serialize, Serializer};

use super::{Agent, METHOD, PATH, Task, discard};
use crate::workload::CHILDREN;

/// What children are made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Children {
    /// What is current on the thread.
    Local,
    /// Handles passed by hand, which may cross threads.
    Handles,
}

pub(super) struct Fastrace {
    is_sampled: bool,
    children: Children,
}

impl Fastrace {
    pub(super) fn install(is_sampled: bool, children: Children) -> Self {
        set_reporter(Lines(Vec::new()), Config::default());
        Fastrace { is_sampled, children }
    }

    fn root(&self, value: &str) -> Span {
        let context = SpanContext::random().sampled(self.is_sampled);
        Span::root("root", context).with_properties(|| properties(value))
    }
}

fn properties(value: &str) -> [(&'static str, Cow<'static, str>); 2] {
    [(METHOD.0, METHOD.1.into()), (PATH, value.to_owned().into())]
}

fn local(value: &str) -> LocalSpan {
    LocalSpan::enter_with_local_parent("child").with_properties(|| properties(value))
}

fn handle(parent: &Span, value: &str) -> Span {
    Span::enter_with_parent("child", parent).with_properties(|| properties(value))
}

fn chain_of_locals(length: usize, value: &str) {
    if length > 0 {
        let _span = local(value);
        chain_of_locals(length - 1, value);
    }
}

fn chain_of_handles(length: usize, parent: &Span, value: &str) {
    if length > 0 {
        chain_of_handles(length - 1, &handle(parent, value), value);
    }
}

impl Agent for Fastrace {
    fn sequence(&self, value: &str) {
        let root = self.root(value);
        if self.children == Children::Handles {
            (0..CHILDREN).for_each(|_| drop(handle(&root, value)));
        } else {
            let _current = root.set_local_parent();
            (0..CHILDREN).for_each(|_| drop(local(value)));
        }
    }

    fn nested(&self, value: &str) {
        let root = self.root(value);
        if self.children == Children::Handles {
            chain_of_handles(CHILDREN, &root, value);
        } else {
            let _current = root.set_local_parent();
            chain_of_locals(CHILDREN, value);
        }
    }

    fn alone(&self, value: &str) {
        drop(local(value));
    }

    fn within(&self, future: Task) -> Task {
        Box::pin(future.in_span(Span::root("root", SpanContext::random().sampled(self.is_sampled))))
    }

    fn layer(&self, router: Router) -> Router {
        router.layer(FastraceLayer::default())
    }

    fn flush(&self) {
        flush();
    }
}

struct Lines(Vec<u8>);

impl Reporter for Lines {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        self.0.clear();
        for span in &spans {
            let line = Line {
                id: Hex(span.span_id.0),
                trace_id: Hex(span.trace_id.0),
                parent_id: Hex(span.parent_id.0),
                name: &span.name,
                timestamp: span.begin_time_unix_ns / 1_000,
                duration: span.duration_ns as f64 / 1e6,
                tags: Tags(&span.properties),
            };
            serde_json::to_writer(&mut self.0, &line).expect("it is plain data");
            self.0.push(b'\n');
        }
        discard(spans.len(), &self.0);
    }
}

#[derive(Serialize)]
struct Line<'a> {
    id: Hex<u64>,
    trace_id: Hex<u128>,
    parent_id: Hex<u64>,
    name: &'a str,
    timestamp: u64,
    duration: f64,
    tags: Tags<'a>,
}

struct Hex<N>(N);

impl<N: LowerHex> Display for Hex<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:0width$x}", self.0, width = 2 * size_of::<N>())
    }
}

impl<N: LowerHex> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

struct Tags<'a>(&'a [(Cow<'static, str>, Cow<'static, str>)]);

impl Serialize for Tags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}
