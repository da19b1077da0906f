#![doc = include_str!("docs/front_page.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub use elastic_apm_axum as axum;
#[cfg(feature = "reqwest")]
#[cfg_attr(docsrs, doc(cfg(feature = "reqwest")))]
pub use elastic_apm_reqwest as reqwest;
#[cfg(feature = "reqwest-0_12")]
#[cfg_attr(docsrs, doc(cfg(feature = "reqwest-0_12")))]
pub use elastic_apm_reqwest::v0_12 as reqwest_0_12;
#[cfg(feature = "tower")]
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
pub use elastic_apm_tower as tower;

#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
pub use elastic_apm_macros::{capture_span, transaction};

#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub use elastic_apm_core::testing;

pub use elastic_apm_core::{task, thread};

// The agent and its handles.
pub use elastic_apm_core::{
    Agent, AgentBuilder, CaptureBody, ConfigError, ConfigWarning, DropReason, Filterable, LogLevel,
    LogLevelError, Source, Stats, TraceContinuationStrategy, Tracer, default_tracer,
};
// Transactions and spans.
pub use elastic_apm_core::{
    CaptureRules, CapturedBody, CapturedHeaders, CapturedRequest, CapturedResponse, CapturedUrl,
    EnteredContext, FutureExt, InContext, InSpan, Run, Span, SpanBuilder, SpanRef, SpanScope, StreamExt,
    StreamInSpan, TaskContext, Transaction, TransactionBuilder, TransactionOptions, TransactionRef,
    TransactionScope, propagate,
};
// Errors and messages.
pub use elastic_apm_core::{CapturedStack, ErrorBuilder, MessageBuilder};
// Outgoing calls.
pub use elastic_apm_core::{
    CallBody, CallOptions, CallUrl, GrpcStatus, HttpCall, StartedCall, is_grpc_call, sql_signature,
};
// Whatever is current.
pub use elastic_apm_core::{
    TraceIds, baggage, capture_error, capture_message, capture_span, current_span, current_trace_context,
    current_trace_ids, current_transaction, ensure_parent_id, error, inject, is_recording, label, message,
    remove_baggage, set_baggage, set_custom_context, set_transaction_name, set_transaction_name_if_unset,
    set_transaction_outcome, set_transaction_outcome_if_unset, set_transaction_result,
    set_transaction_result_if_unset, set_user_context, span, span_id, trace_id, trace_parent_header,
    transaction, transaction_id,
};
// Headers, of HTTP and of messages.
pub use elastic_apm_core::{
    Baggage, BaggageError, CarrierValue, HeaderSink, HeaderSource, TraceContext, TraceParent,
    TraceParentError, TraceState, TraceStateError,
};
// Values.
pub use elastic_apm_core::{ErrorId, Keyword, LabelValue, Outcome, SpanId, SpanLink, TraceId, User, intake};
// Another way out than HTTP.
pub use elastic_apm_core::{Transport, TransportError, TransportFuture};

#[cfg(feature = "macros")]
#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;
pub mod prelude;

/// The page `docs/custom-code.md`, whose examples are tests.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../../../docs/custom-code.md")]
mod custom_code {}
