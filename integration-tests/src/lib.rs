//! What the suites share: an agent whose every event is held against Elastic's schemas and policies.

mod checked;
mod policy;
mod schema;
pub mod spec;

pub use checked::CheckedAgent;
