//! The agent's background thread: from queued events to answered requests.
//!
//! | module | job |
//! |---|---|
//! | `handle` | how callers talk to the thread; one per process |
//! | `launch` | what a thread is started with |
//! | `thread` | the thread, its runtime, and what happens when it panics |
//! | `setup` | what the thread works with and must not forget |
//! | `worker` | the loop: take in, send, answer, back off |
//! | `lines` | one record to one line |
//! | `oversize` | what is cut from an event that is larger than the server takes |
//! | `filters` | what the application has to say of events |
//! | `stacks` | addresses to stack frames |
//! | `render` | captured HTTP to wire context, secrets out |
//! | `outbox` | the batch that grows, the one that is sent, and when |
//! | `batch` | one request body in the making |
//! | `overflow` | says that the queue has overflowed |
//! | `exchange` | one request and its answer |
//! | `delivery` | what an answer means for the events |
//! | `backoff` | how long to wait after a failure |
//! | `control` | flush and shutdown, out of band |
//! | `waiters` | who waits for delivery, and what they are told |
//! | `server`, `version` | who the server is, and what depends on it |
//! | `central` | what the server wants of this service |
//! | `host_name` | the full name of the machine, if it can be had in time |
//! | `metadata_lines` | the line that opens every request |
//!
//! It shares nothing with `trace` but the queue.

mod backoff;
mod batch;
mod central;
mod control;
mod delivery;
mod exchange;
mod filters;
mod handle;
mod host_name;
mod launch;
mod lines;
mod metadata_lines;
mod metrics;
mod outbox;
mod overflow;
mod oversize;
mod render;
mod server;
mod setup;
mod stacks;
mod thread;
mod version;
mod waiters;
mod worker;

pub use filters::Filterable;
pub(crate) use filters::Filters;
pub(crate) use handle::Reporter;
pub(crate) use launch::Launch;
