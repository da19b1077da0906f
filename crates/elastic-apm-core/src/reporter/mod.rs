//! The agent's background thread: from queued events to answered requests.
//!
//! | module | job |
//! |---|---|
//! | `worker` | the loop: take in, send, answer, back off |
//! | `lines` | one record to one line |
//! | `render`, `sanitize` | captured HTTP to wire context, secrets out |
//! | `batch` | one request body in the making |
//! | `delivery` | what an answer means for the events |
//! | `backoff` | how long to wait after a failure |
//! | `control` | flush and shutdown, out of band |
//!
//! It shares nothing with `trace` but the queue.

mod backoff;
mod batch;
mod control;
mod delivery;
mod lines;
mod render;
mod sanitize;
mod thread;
mod worker;

pub(crate) use thread::Reporter;
pub(crate) use worker::Setup;
