//! Tower layers of Elastic APM for Rust.
