//! Error events: errors, messages and panics, in what is current or in a place of the caller's choice.
//!
//! Errors are sent at once, never held back for their transaction.
//!
//! | module | job |
//! |---|---|
//! | `entry` | the ways to report, on tracers, transactions and spans |
//! | `builder` | what callers say of an error or a message |
//! | `draft` | the event in the making, and how it takes over what is known of its transaction |
//! | `place` | the tracer, transaction and span that an error belongs to |
//! | `chain` | an error and its causes as an exception |
//! | `printing` | the only place where an error's own code runs, and what it may do there |
//! | `type_path` | the type of an error |
//! | `panic` | what a panic says |

mod builder;
mod chain;
mod draft;
mod entry;
pub(crate) mod panic;
mod place;
mod printing;
mod type_path;

pub use builder::{ErrorBuilder, MessageBuilder};
pub(crate) use entry::in_sight;
