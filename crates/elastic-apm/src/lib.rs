//! Elastic APM for Rust: traces, errors and distributed tracing for axum, Tower, reqwest and custom code.
