//! What the attribute macros expand to. Not for anyone else: everything here may change in any release.
//!
//! `span` and `transaction` offer the same functions, so that one expansion serves both attributes.

pub mod failure;
mod label;
mod name;
pub mod report;
pub mod span;
pub mod transaction;

pub use elastic_apm_core::LabelValue;
pub use label::ToLabelValue;
pub use name::{FnPath, path_of};

/// Calls a function's body as a closure, so that `return` and `?` inside lead here.
///
/// A function and not `(|| body)()`: the expected `FnOnce` lets the closure return what it borrowed mutably.
#[inline]
pub fn call<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// Nothing of a type: names the type of an `async` block, which has no place to write it.
#[inline]
pub fn none<T>() -> Option<T> {
    None
}
