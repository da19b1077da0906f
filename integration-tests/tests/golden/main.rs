//! What Elastic's Python agent was recorded to send for the examples of its page on custom code, and what this agent sends
//! for the same programs in Rust.
//!
//! Whatever differs stands in a list with its reason: one that is not listed fails its test, and so does one that is listed
//! and no longer there.
//!
//! | module | job |
//! |---|---|
//! | `normal` | both streams in one form: ids, ports and times that vary are replaced |
//! | `comparison` | two streams leaf by leaf against the list of differences |
//! | `common` | differences that every case has, and the server that is called |
//! | the others | one recorded program each |
#![expect(clippy::unwrap_used, reason = "a test's helpers fail as the test does")]

mod capture_span;
mod common;
mod comparison;
mod distributed;
mod error_chain;
mod labels_context;
mod normal;
mod script_two_http;
mod starlette;
