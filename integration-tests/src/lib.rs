//! What the suites share: an agent whose every event is held against Elastic's schemas and policies.

pub mod agent_log;
pub mod certificate;
mod checked;
pub mod child;
pub mod fault_server;
mod policy;
pub mod proxy;
mod schema;
mod span_types;
pub mod spec;

use std::time::Duration;

pub use checked::CheckedAgent;

/// How long a test waits for what must come; only a failing one waits that long.
pub const PATIENCE: Duration = Duration::from_secs(30);
