//! reqwest 0.13 with reqwest-middleware 0.5.

use ::reqwest;
use ::reqwest_middleware;

#[allow(clippy::duplicate_mod, reason = "the same source for two generations of reqwest")]
#[path = "client/mod.rs"]
mod client;

pub use client::{ApmMiddleware, RequestBuilderExt};
