//! Runnable examples of Elastic APM for Rust.
