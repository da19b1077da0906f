//! Links of transactions and spans to others: bounded, in the order they were given.

use elastic_apm_intake::SpanLink;

use super::tracer::Tracer;
use crate::propagation::{TraceContext, TraceParent};

/// As many as an event has room for beside everything else.
const MAX_LINKS: usize = 1_000;

/// Adds a link if there is room for it.
pub(crate) fn push(links: &mut Vec<SpanLink>, link: SpanLink) -> bool {
    let has_room = links.len() < MAX_LINKS;
    if has_room {
        links.push(link);
    }
    has_room
}

/// Says why a link is not there.
#[cold]
pub(crate) fn explain(tracer: &Tracer) {
    tracer.debug(format_args!("link ignored: an event has {MAX_LINKS} of them at most"));
}

impl From<TraceParent> for SpanLink {
    fn from(traceparent: TraceParent) -> Self {
        SpanLink { trace_id: traceparent.trace_id(), span_id: traceparent.parent_id() }
    }
}

impl From<&TraceContext> for SpanLink {
    fn from(context: &TraceContext) -> Self {
        SpanLink::from(*context.traceparent())
    }
}

impl From<TraceContext> for SpanLink {
    fn from(context: TraceContext) -> Self {
        SpanLink::from(&context)
    }
}
