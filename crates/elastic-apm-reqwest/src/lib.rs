//! Elastic APM for reqwest: one line wraps a client.
//!
//! ```
//! use elastic_apm_reqwest::ApmMiddleware;
//!
//! let http = reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).with(ApmMiddleware::new()).build();
//! # drop(http);
//! ```
//!
//! Each request made inside a transaction becomes an exit span (`external`/`http`, `GET api.example.com`) with URL, method, status and
//! destination, and carries `traceparent` and `tracestate` to the service it calls. Outside a transaction it passes unchanged.
//!
//! Code that must keep a plain `reqwest::Client` sends its requests by [`RequestBuilderExt::send_traced`]. What one request wants
//! to be different says [`CallOptions`](elastic_apm_core::CallOptions).
//!
//! | feature | reqwest | reqwest-middleware | where |
//! |---|---|---|---|
//! | `reqwest-0_13` (default) | 0.13 | 0.5 | here |
//! | `reqwest-0_12` | 0.12 | 0.4 | `v0_12` |
#![cfg_attr(
    not(feature = "reqwest-0_13"),
    allow(rustdoc::broken_intra_doc_links, reason = "names of another feature")
)]

#[cfg(feature = "reqwest-0_12")]
pub mod v0_12;
#[cfg(feature = "reqwest-0_13")]
mod v0_13;

#[cfg(feature = "reqwest-0_13")]
pub use v0_13::*;
