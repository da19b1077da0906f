//! The integration itself, written once and compiled for each generation of reqwest.
//!
//! The parent module says which crates `reqwest` and `reqwest_middleware` are.

mod answer;
mod call;
mod middleware;
mod send_traced;

use super::{reqwest, reqwest_middleware};

pub use middleware::ApmMiddleware;
pub use send_traced::RequestBuilderExt;
