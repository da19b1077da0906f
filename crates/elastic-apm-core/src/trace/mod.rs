//! Live transactions and spans: start, context, end. Everything on the application's threads happens here.
//!
//! | module | job |
//! |---|---|
//! | `tracer` | the handle that starts transactions |
//! | `transaction*` | builder, handle and scope of a transaction |
//! | `span*` | builder, handle and scope of a span |
//! | `run`, `in_span`, `in_context` | futures that carry a transaction, a span, or what is current |
//! | `stream_in_span` | streams that carry a span |
//! | `run_sync` | closures inside a transaction or a span |
//! | `propagate` | closures that carry their context |
//! | `carried_span` | the span that a wrapper carries |
//! | `current` | what is current on a thread |
//! | `transaction_node`, `span_node` | the shared state behind the handles |
//! | `span_end` | what becomes of an ended span: reported, joined, or dropped with statistics |
//! | `spare_nodes` | nodes of spans that have ended, for the next ones |
//! | `children`, `child_timer`, `waiting_place` | what a parent keeps of its children |
//! | `compression`, `ended_span`, `fate` | when calls are joined into one span, and when a span may vanish |
//! | `span_limit`, `span_tally`, `span_ledger`, `dropped_spans` | how many spans a transaction has |
//! | `ambient` | free functions on what is current |
//! | `error` | errors, messages and panics |
//! | `origin` | where a transaction comes from, and how it starts from there |
//! | `inbound` | the transaction of an inbound HTTP request |
//! | `http_call` | an outgoing HTTP request: its exit span and headers |
//! | `service_target` | the service behind an exit span |
//! | `baggage` | what a transaction hands on to those it calls |
//! | `stack` | when a stack is captured |
//! | `capture_rules` | what a layer captures of a request |
//! | `links` | links to other traces |
//! | `sampler`, `continuation`, `naming`, `outcome`, `random` | one decision or value each |

pub(crate) mod ambient;
mod baggage;
mod capture_rules;
mod carried_span;
mod child_timer;
mod children;
mod compression;
mod continuation;
pub(crate) mod current;
mod dropped_spans;
mod ended_span;
mod error;
mod fate;
mod http_call;
mod in_context;
mod in_span;
mod inbound;
mod links;
mod naming;
mod origin;
mod outcome;
mod propagate;
mod random;
mod run;
mod run_sync;
mod sampler;
mod service_target;
mod span;
mod span_builder;
mod span_end;
mod span_ledger;
mod span_limit;
mod span_node;
mod span_ref;
mod span_tally;
mod spare_nodes;
mod stack;
mod stream_in_span;
mod tracer;
mod transaction;
mod transaction_builder;
mod transaction_node;
mod transaction_ref;
mod transaction_scope;
mod transaction_trace;
mod waiting_place;

pub use capture_rules::CaptureRules;
pub use current::{EnteredContext, TaskContext};
pub(crate) use error::panic as panics;
pub use error::{ErrorBuilder, MessageBuilder};
pub use http_call::{CallBody, CallOptions, CallUrl, HttpCall, StartedCall};
pub use in_context::InContext;
pub use in_span::{FutureExt, InSpan};
pub use inbound::{Inbound, InboundTransaction};
pub use propagate::propagate;
pub use run::Run;
pub use span::{Span, SpanScope};
pub use span_builder::SpanBuilder;
pub use span_ref::SpanRef;
pub use stream_in_span::{StreamExt, StreamInSpan};
pub use tracer::{Tracer, may_record};
pub use transaction::Transaction;
pub use transaction_builder::{TransactionBuilder, TransactionOptions};
pub use transaction_ref::TransactionRef;
pub use transaction_scope::TransactionScope;
