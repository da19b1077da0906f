//! The same for reqwest 0.12 with reqwest-middleware 0.4.

use ::reqwest_0_12 as reqwest;
use ::reqwest_middleware_0_4 as reqwest_middleware;

#[allow(clippy::duplicate_mod, reason = "the same source for two generations of reqwest")]
#[path = "client/mod.rs"]
mod client;

pub use client::{ApmMiddleware, RequestBuilderExt};
