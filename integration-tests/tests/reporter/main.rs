//! The way from a recorded event to an APM Server that works, fails, hangs, or is not there, over real sockets.
//!
//! Most cases run without any tokio runtime of their own: the agent needs none.

mod batching;
mod central;
mod delivery;
mod ending;
mod failover;
mod lifecycle;
mod overload;
mod panics;
mod proxies;
mod recovery;
mod support;
mod version;
mod waiting;
