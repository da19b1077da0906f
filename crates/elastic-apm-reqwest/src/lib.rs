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

mod middleware;
mod target;

pub use middleware::ApmMiddleware;
