//! Elastic APM for axum: one layer on the router.
//!
//! ```
//! use axum::{Router, extract::Path, routing::get};
//! use elastic_apm_axum::ApmLayer;
//!
//! async fn show(Path(id): Path<u64>) -> String {
//!     format!("user {id}")
//! }
//!
//! let app: Router = Router::new().route("/users/{id}", get(show)).layer(ApmLayer::new());
//! # drop(app);
//! ```
//!
//! Every request of a route that stands before `.layer` becomes a transaction named after the route's template, `GET /users/{id}`;
//! a path that matches no route is `GET unknown route`. Routes added *after* `.layer` are not traced, as with every axum layer.

mod facts;
mod layer;

pub use layer::ApmLayer;
