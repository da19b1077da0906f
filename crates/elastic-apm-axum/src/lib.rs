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
//! a path that matches no route is `GET unknown route`. Routes added *after* `.layer` are not traced, as with every axum layer:
//! [`ApmLayer::around`], called last, covers all.
//!
//! | to | use |
//! |---|---|
//! | name, label or discard the transaction in a handler | [`CurrentTransaction`], or the free functions of the agent |
//! | report the error behind a response | [`CapturedError`] |
//! | learn where a handler panicked, with its stack | the option `panic_hook` |
//! | leave requests out | `transaction_ignore_urls`, `transaction_ignore_user_agents`, [`ApmLayer::ignore`] |
//! | record the bodies of requests | the option `capture_body` |
//! | say who the user is | [`ApmLayer::user`], or `set_user_context` in the handler |
//! | record what a proxy in front was asked for | [`ApmLayer::trust_forwarded_headers`] |
//! | end long responses with their headers | [`ApmLayer::end_at_headers`] |
//!
//! # Layers outside of the router
//!
//! What stands around a router (to rewrite URIs, say) can be inside the transaction too: with a layer outermost, which knows no routes,
//! and one on the router, which names the outer one's transaction.
//!
//! ```
//! use axum::{Router, ServiceExt, extract::Request, routing::get};
//! use elastic_apm_axum::ApmLayer;
//! use tower::{Layer, ServiceBuilder};
//!
//! let router = ApmLayer::new().around(Router::new().route("/users/{id}", get(|| async { "hello" })));
//! let rewritten = ServiceBuilder::new().map_request(|request: Request| request).service(router);
//! let app = ServiceExt::<Request>::into_make_service(ApmLayer::new().layer(rewritten));
//! # async {
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
//! axum::serve(listener, app).await.unwrap();
//! # };
//! ```

mod captured_error;
mod current_transaction;
mod facts;
mod layer;
mod service;

pub use captured_error::CapturedError;
pub use current_transaction::CurrentTransaction;
pub use layer::ApmLayer;
pub use service::{ApmService, ResponseFuture};
