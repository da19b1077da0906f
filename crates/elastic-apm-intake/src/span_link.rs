//! Links to spans that are related but not parents.

use serde::{Deserialize, Serialize};

use crate::ids::{SpanId, TraceId};

/// A link to a span or transaction, usually of another trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanLink {
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// The span or transaction.
    pub span_id: SpanId,
}
