//! What is current, wherever code runs: over awaits, in tasks and threads, with guards dropped in any order.
//!
//! | module | rules about |
//! |---|---|
//! | `futures` | futures: over awaits, joined, cancelled, never polled, dropped |
//! | `guards` | guards: held over awaits, and dropped in any order |
//! | `elsewhere` | threads, pools and tasks: where nothing is current unless it is taken along |
//! | `streams` | streams: when their span starts and ends, and where it is current |
//! | `tasks` | tasks and threads that enter a context or none, and outlive what spawned them |
//! | `ends` | ends: by name, twice, with nothing current, and those of agents and threads |

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as the test does")]

mod elsewhere;
mod ends;
mod futures;
mod guards;
mod streams;
mod tasks;

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use elastic_apm::{span_id, trace_id, transaction_id};
use tokio::runtime::{Builder, Runtime};

/// Both kinds of runtime, for what must hold on either.
fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().enable_all().build().unwrap(),
        Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(),
    ]
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Nothing is current, and nothing begun here would be recorded.
fn assert_nothing_current() {
    assert_eq!((trace_id(), transaction_id(), span_id()), (None, None, None));
}
