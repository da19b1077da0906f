//! The server layer: a transaction per request.
//!
//! | what happens | when |
//! |---|---|
//! | transaction starts, caller's trace continued, request captured | `call` |
//! | transaction is current | during `call`, every poll of the response future and body, and their drop |
//! | status, result, outcome known | response head |
//! | transaction ends | end of the response body; or when response future or body is dropped before |
//! | or, for an upgrade or a stream of events | response head |
//!
//! `layer` makes a `service`, whose `future` owns an `exchange` and hands it to the `body`. The exchange
//! decides how the transaction ends; the others only tell it what they saw. `capture_body` is a layer of its own, since it changes the
//! type of the request's body.
//!
//! # gRPC
//!
//! Around tonic's server the HTTP request is what is traced. gRPC's own status stands in trailers and is not read: a call that it refuses
//! is an answer with 200, and a success, unless the handler says otherwise by `set_transaction_outcome`. Tonic tells no layer which
//! method it is about to call, so that all are `POST unknown route`; its routes as a router of axum's
//! (`Routes::into_axum_router`), with the layer of `elastic-apm-axum` on them, are named by their service,
//! `POST /greet.Greeter/{*rest}`. A handler that knows its method calls `set_transaction_name`.

mod body;
mod capture_body;
mod captured_error;
mod current_transaction;
mod exchange;
mod forwarded;
mod future;
mod hooks;
mod layer;
mod semantics;
mod service;

pub use body::ResponseBody;
pub use capture_body::{CaptureBody, CaptureBodyLayer, CapturingBody};
pub use captured_error::CapturedError;
pub use current_transaction::CurrentTransaction;
pub use future::ResponseFuture;
pub use layer::ApmLayer;
pub use layer::RequestFacts;
pub use service::ApmService;
