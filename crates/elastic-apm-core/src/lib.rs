//! The agent core of Elastic APM for Rust: context, sampling, queue and the background reporter.
