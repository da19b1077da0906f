//! Live transactions and spans: start, context, end. Everything on the application's threads happens here.
//!
//! | module | job |
//! |---|---|
//! | `tracer` | the handle that starts transactions |
//! | `transaction*` | builder, handle and scope of a transaction |
//! | `span*` | builder, handle and scope of a span |
//! | `run`, `in_span` | futures that carry them |
//! | `current` | what is current on a thread |
//! | `node` | the shared state behind the handles |
//! | `ambient` | free functions on what is current |
//! | `error` | error events |
//! | `sampler`, `outcome`, `clock`, `random` | one decision or value each |

pub(crate) mod ambient;
pub(crate) mod clock;
pub(crate) mod current;
mod error;
mod in_context;
mod in_span;
mod node;
mod outcome;
mod random;
mod run;
mod sampler;
mod span;
mod span_builder;
mod tracer;
mod transaction;
mod transaction_builder;
mod transaction_ref;
mod transaction_scope;

pub use current::{EnteredContext, TaskContext};
pub use in_context::InContext;
pub use in_span::{FutureExt, InSpan};
pub use run::Run;
pub use span::{Span, SpanScope};
pub use span_builder::SpanBuilder;
pub use tracer::Tracer;
pub use transaction::Transaction;
pub use transaction_builder::{TransactionBuilder, TransactionOptions};
pub use transaction_ref::TransactionRef;
pub use transaction_scope::TransactionScope;
