//! Elastic APM for any Tower service that speaks HTTP.
//!
//! [`ApmLayer`] wraps a server: one transaction per request, continued from the caller's `traceparent`, ended when the
//! response body is complete. For axum, `elastic-apm-axum` adds route names on top of it.
//!
//! | to | use |
//! |---|---|
//! | leave requests out | `transaction_ignore_urls`, `transaction_ignore_user_agents`, [`ApmLayer::ignore`], [`CurrentTransaction`]`.discard()` |
//! | record the bodies of requests | the option `capture_body` and [`CaptureBodyLayer`] |
//! | say who the user is | [`ApmLayer::user`], or `set_user_context` in the handler |
//! | report the error behind a response | [`CapturedError`] |
//! | learn where a handler panicked, with its stack | the option `panic_hook` |
//! | record what a proxy in front was asked for | [`ApmLayer::trust_forwarded_headers`] |
//! | end long responses with their headers | [`ApmLayer::end_at_headers`] |
//!
//! ```
//! use elastic_apm_tower::ApmLayer;
//! use http::{Request, Response};
//! use tower::{ServiceBuilder, service_fn};
//!
//! async fn hello(_: Request<String>) -> Result<Response<String>, std::convert::Infallible> {
//!     Ok(Response::new("hello".to_owned()))
//! }
//!
//! let service = ServiceBuilder::new().layer(ApmLayer::new()).service(service_fn(hello));
//! # drop(service);
//! ```
//!
//! [`ApmClientLayer`] wraps a client: one exit span per request, with the headers that continue the trace.

pub mod client;
pub mod server;
mod spent;

pub use client::ApmClientLayer;
pub use server::{ApmLayer, CaptureBodyLayer, CapturedError, CurrentTransaction};
