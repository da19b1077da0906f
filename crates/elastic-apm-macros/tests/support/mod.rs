//! Runs work in a transaction of its own agent and shows what was recorded.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]
#![allow(dead_code, reason = "each test file uses a part")]

use elastic_apm::testing::{Events, RecordingAgent};

/// What `work` records inside a transaction called `test`.
pub(crate) fn recorded<T>(work: impl FnOnce() -> T) -> Events {
    let agent = RecordingAgent::new();
    let transaction = agent.tracer().transaction("test", "custom").begin();
    work();
    drop(transaction);
    agent.events()
}

/// What `work` records inside a transaction called `test`.
pub(crate) fn recorded_async<F: Future>(work: F) -> Events {
    let agent = RecordingAgent::new();
    block_on(agent.tracer().transaction("test", "custom").run(work));
    agent.events()
}

/// What the future that `call` makes records, where the call stands before the transaction starts.
pub(crate) fn recorded_before<F: Future>(call: impl FnOnce() -> F) -> Events {
    let agent = RecordingAgent::new();
    let work = call();
    block_on(agent.tracer().transaction("test", "custom").run(work));
    agent.events()
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

/// A panic that is part of the test.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err()
}
