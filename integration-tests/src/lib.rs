//! Cross-crate tests of Elastic APM for Rust.
