//! The server layer: a transaction per request.
//!
//! | what happens | when |
//! |---|---|
//! | transaction starts, caller's trace continued, request captured | `call` |
//! | transaction is current | during `call`, every poll of the response future and body, and their drop |
//! | status, result, outcome known | response head |
//! | transaction ends | end of the response body; or when response future or body is dropped before |
//!
//! `layer` makes a `service`, whose `future` owns an `exchange` and hands it to the `body`. The exchange
//! decides how the transaction ends; the others only tell it what they saw.

mod body;
mod exchange;
mod future;
mod layer;
mod semantics;
mod service;

pub use body::ResponseBody;
pub use future::ResponseFuture;
pub use layer::ApmLayer;
pub use layer::RequestFacts;
pub use service::ApmService;
