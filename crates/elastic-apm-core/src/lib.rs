//! The agent core of Elastic APM for Rust. Users name the crate `elastic-apm`; libraries may depend on this one alone.
//!
//! # The map
//!
//! | module | job | start reading at |
//! |---|---|---|
//! | `agent` | wires everything, flushes when dropped | [`Agent`] |
//! | `panic_hook` | panics where they happen | `panic_hook::register` |
//! | `trace` | live transactions and spans, what is current | [`Tracer`], [`Transaction`], [`Span`] |
//! | `record`, `queue`, `stats` | the bounded hand-off, and what became of each event | `Queue::push` |
//! | `reporter` | the background thread: lines, batches, answers | `reporter::worker` |
//! | `transport` | one HTTP exchange with the APM Server | [`Transport`] |
//! | `config` | the one table of options | `config::options` |
//! | `propagation` | `traceparent`, `tracestate` and `baggage` | [`TraceContext`] |
//! | `grpc` | what a call by gRPC is, and what its status means | [`GrpcStatus`] |
//! | `metrics` | what is added up over many events | `metrics::breakdown` |
//! | `metadata` | what is said of service, process and host | `metadata::collect` |
//! | `sql` | SQL statements as span names | [`sql_signature`] |
//! | `own_thread` | the mark of the agent's own threads |
//! | `clock` | the times of one transaction |
//! | `log` | the agent's own log | `AgentLog` |
//! | `task`, `thread` | spawning with the context taken along | [`task::spawn`] |
//! | `testing` | an agent whose events a test can see | `RecordingAgent` (feature `testing`) |
//!
//! Data flows one way: `trace` pushes records into the `queue`, the `reporter` takes them out, and neither imports the other.

mod agent;
mod captured;
mod clock;
mod config;
mod default_agent;
mod grpc;
mod log;
mod metadata;
mod metrics;
mod own_thread;
mod panic_hook;
mod per_process;
mod propagation;
mod queue;
mod record;
mod reporter;
mod sql;
mod stats;
mod sync;
pub mod task;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod thread;
mod trace;
mod transport;

pub use agent::{Agent, AgentBuilder};
pub use captured::{
    CapturedBody, CapturedHeaders, CapturedRequest, CapturedResponse, CapturedStack, CapturedUrl,
};
pub use config::{
    CaptureBody, ConfigError, ConfigWarning, OPTIONS, OptionInfo, Source, TraceContinuationStrategy,
    render_options_markdown,
};
pub use default_agent::default_tracer;
pub use grpc::{GrpcStatus, is_grpc_call};
pub use log::{LogLevel, LogLevelError};
pub use propagation::{
    Baggage, BaggageError, CarrierValue, HeaderSink, HeaderSource, TraceContext, TraceParent,
    TraceParentError, TraceState, TraceStateError,
};
pub use reporter::Filterable;
pub use sql::signature as sql_signature;
pub use stats::{DropReason, Stats};
pub use trace::ambient::{
    TraceIds, baggage, capture_error, capture_message, capture_span, current_span, current_trace_context,
    current_trace_ids, current_transaction, ensure_parent_id, error, inject, is_recording, label, message,
    remove_baggage, set_baggage, set_custom_context, set_transaction_name, set_transaction_name_if_unset,
    set_transaction_outcome, set_transaction_outcome_if_unset, set_transaction_result,
    set_transaction_result_if_unset, set_user_context, span, span_id, trace_id, trace_parent_header,
    transaction, transaction_id,
};
pub use trace::{
    CallBody, CallOptions, CallUrl, CaptureRules, EnteredContext, ErrorBuilder, FutureExt, HttpCall,
    InContext, InSpan, Inbound, InboundTransaction, MessageBuilder, Run, Span, SpanBuilder, SpanRef,
    SpanScope, StartedCall, StreamExt, StreamInSpan, TaskContext, Tracer, Transaction, TransactionBuilder,
    TransactionOptions, TransactionRef, TransactionScope, may_record, propagate,
};
pub use transport::{Transport, TransportError, TransportFuture};

/// The wire vocabulary, for those who read or extend events.
pub use elastic_apm_intake as intake;
pub use elastic_apm_intake::{ErrorId, Keyword, LabelValue, Outcome, SpanId, SpanLink, TraceId, User};
