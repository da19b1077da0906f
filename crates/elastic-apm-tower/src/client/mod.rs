//! The client side: an exit span around each outgoing request of a Tower service.
//!
//! | file | job |
//! |---|---|
//! | `layer` | what the application wants of all calls |
//! | `service` | starts the call and puts its headers into the request |
//! | `future` | sends the request with the span current, and settles how it ended |
//!
//! # When the span starts and ends
//!
//! It starts when the service is called and ends with the response's headers, with an error, or when the future is dropped
//! (then it is a failure); with [`until_body_end`](ApmClientLayer::until_body_end), and by gRPC, it ends with the response's body.
//!
//! Inside a retry layer there is a span per attempt, outside of it one for all.
//!
//! # gRPC
//!
//! A call (`application/grpc`), as tonic's `Channel` makes it, is a span `external`/`grpc` that is named by its method, such as
//! `/greet.Greeter/SayHello`. It ends with the answer's trailers, in which its status stands as a rule, and is a failure unless that is `OK`.
//! A channel keeps the server's address to itself: give it to the generated client too (`with_origin`), or the span cannot name it.

mod future;
mod layer;
mod service;

pub use future::ResponseFuture;
pub use layer::ApmClientLayer;
pub use service::ApmClient;
