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
//! A call (`application/grpc`) is named by its method, `/greet.Greeter/SayHello`, around tonic's server as in axum's router. Its result is
//! gRPC's status, such as `NOT_FOUND`, from the headers or, as a rule, the trailers of the answer; a failure is what is the server's own:
//! `UNKNOWN`, `DEADLINE_EXCEEDED`, `RESOURCE_EXHAUSTED`, `FAILED_PRECONDITION`, `ABORTED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`. What is
//! `UNIMPLEMENTED` is no method that one could be named by, and is a `POST unknown route`. From the specification's page on gRPC.

mod body;
mod capture_body;
mod captured_error;
mod current_transaction;
mod exchange;
mod forwarded;
mod future;
mod grpc;
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
