//! The paths that are counted: what each does, what is taken off, and what it may take at most.

use crate::requests::{self, Agents};
use crate::{calls, headers, spans};

/// What is repeated. Whatever it needs beforehand it holds already.
pub(crate) type Round = Box<dyn FnMut()>;

/// One path through the agent.
pub(crate) struct Path {
    /// Its name, in the recorded file too.
    pub(crate) name: &'static str,
    /// What is counted, and on which threads.
    pub(crate) work: Work,
    /// The design's budget in instructions, libraries included.
    pub(crate) budget: Option<u64>,
}

/// What is counted.
pub(crate) enum Work {
    /// A round on the application's thread, while the agent's stands still. The number is how often it will run.
    Thread {
        /// Makes it ready.
        prepare: fn(usize) -> Round,
        /// The same without the agent, which is taken off.
        without: fn(usize) -> Round,
    },
    /// So many rounds on all threads of the process, until everything is sent.
    Process {
        /// Does them.
        run: fn(usize),
        /// Does the same without the agent, which is taken off.
        without: fn(usize),
    },
}

const fn on_thread(name: &'static str, prepare: fn(usize) -> Round, without: fn(usize) -> Round) -> Path {
    Path { name, work: Work::Thread { prepare, without }, budget: None }
}

const fn in_process(name: &'static str, run: fn(usize), without: fn(usize)) -> Path {
    Path { name, work: Work::Process { run, without }, budget: None }
}

impl Path {
    const fn budget(mut self, instructions: u64) -> Self {
        self.budget = Some(instructions);
        self
    }
}

fn nothing(_: usize) -> Round {
    Box::new(|| ())
}

/// All paths, in the order of the table.
pub(crate) const PATHS: &[Path] = &[
    on_thread("span, no transaction", |_| spans::without_transaction(), nothing),
    on_thread("span, unsampled", |_| spans::unsampled(), nothing),
    on_thread("span, recorded", |_| spans::recorded(), nothing).budget(500),
    on_thread("span around a future, recorded", |_| spans::future(), nothing),
    in_process("span, recorded, all threads with JSON", spans::sent, |_| ()).budget(3_500),
    on_thread("transaction, begin and end", |_| spans::transaction(), nothing),
    on_thread("poll in a span", |_| spans::poll_in_span(), |_| spans::bare_poll()),
    on_thread("poll in the current context", |_| spans::poll_in_context(), |_| spans::bare_poll()),
    on_thread("label", |_| spans::label(), nothing),
    on_thread("traceparent, parse", |_| headers::parse(), nothing),
    on_thread("trace headers, inject", |_| headers::inject(), nothing),
    on_thread("request, a layer that does nothing", requests::unlayered, requests::bare),
    on_thread("request, disabled", |times| requests::traced(Agents::Disabled, times), requests::bare)
        .budget(200),
    on_thread("request, unsampled", |times| requests::traced(Agents::Unsampled, times), requests::bare)
        .budget(1_500),
    on_thread("request, sampled", |times| requests::traced(Agents::Sampled, times), requests::bare),
    in_process("request, sampled, all threads with JSON", requests::sent, requests::answered).budget(9_000),
    on_thread("outgoing call, sampled", calls::traced, calls::bare),
    in_process(
        "request with a reqwest call, all threads with JSON",
        requests::sent_with_call,
        requests::answered_with_call,
    )
    .budget(20_000),
];
