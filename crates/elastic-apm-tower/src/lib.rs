//! Elastic APM for any Tower service that speaks HTTP.
//!
//! [`ApmLayer`] wraps a server: one transaction per request, continued from the caller's `traceparent`, ended when the
//! response body is complete. For axum, `elastic-apm-axum` adds route names on top of it.
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

pub mod server;

pub use server::ApmLayer;
