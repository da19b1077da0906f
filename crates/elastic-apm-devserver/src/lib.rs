//! A local stand-in for Elastic's APM Server, with a waterfall page.
mod api;
#[cfg(test)]
mod fixtures;
mod page;
mod protocol;
mod render;
mod routes;
mod server;
mod state;
mod store;
mod waterfall;

pub use render::{render_waterfall, render_waterfall_in_colour};
pub use server::{DEFAULT_ADDRESS, DEFAULT_MAX_BYTES, DEFAULT_VERSION, DevServer, RunningServer, StartError};
pub use store::{
    DeadlinePassed, Record, ServiceSummary, Source, Stats, Store, Trace, TraceSummary, TransactionSummary,
};
pub use waterfall::{ErrorRow, Row, RowKind, Waterfall};
