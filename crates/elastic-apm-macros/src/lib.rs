//! Attribute macros of Elastic APM for Rust.
