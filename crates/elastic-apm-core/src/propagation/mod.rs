//! The place of this process in a distributed trace, as it travels in headers.
//!
//! Pure functions over bytes: no clock, no configuration, no I/O. The rules are those of W3C Trace Context Level 2 and
//! of Elastic's `es` entry; where a trace starts or restarts is decided elsewhere.

mod baggage;
mod carrier;
mod context;
mod traceparent;
mod tracestate;

pub use self::baggage::{Baggage, BaggageError};
pub use self::carrier::{CarrierValue, HeaderSink, HeaderSource};
pub use self::context::TraceContext;
pub use self::traceparent::{TraceParent, TraceParentError};
pub use self::tracestate::{TraceState, TraceStateError};
