//! What callers may ask of the reporter, out of band: flush and shutdown, each with a deadline.
//!
//! Requests never travel through the data queue, so a full queue cannot hold them up, and every wait ends by its deadline.

use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// A request to the reporter.
pub(crate) enum Control {
    /// Send what was recorded so far.
    Flush(Waiter),
    /// Send what was recorded so far, then end.
    Shutdown(Waiter),
}

/// The reporter's end of a request: it answers at the latest when it is dropped.
pub(crate) struct Waiter {
    pub(crate) deadline: Instant,
    answer: Answer,
}

impl Waiter {
    /// A waiter and the answer its caller holds.
    pub(crate) fn new(deadline: Instant) -> (Self, Answer) {
        let answer = Answer(Arc::new((Mutex::new(State::default()), Condvar::new())));
        (Waiter { deadline, answer: answer.clone() }, answer)
    }

    /// Tells the caller whether all was delivered. Only the first answer counts.
    pub(crate) fn answer(&self, delivered: bool) {
        self.answer.give(delivered);
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.answer(false);
    }
}

impl Control {
    /// Who asks.
    pub(crate) fn into_waiter(self) -> Waiter {
        match self {
            Control::Flush(waiter) | Control::Shutdown(waiter) => waiter,
        }
    }
}

#[derive(Default)]
struct State {
    delivered: Option<bool>,
    waker: Option<Waker>,
}

/// The caller's end of a request: wait for it on a plain thread, or await it on any runtime.
#[derive(Clone)]
pub(crate) struct Answer(Arc<(Mutex<State>, Condvar)>);

impl Answer {
    /// The answer, where there is one already.
    #[cfg(test)]
    pub(crate) fn known(&self) -> Option<bool> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).delivered
    }

    /// Blocks until there is an answer, `timeout` at most; `None` where there is none by then.
    ///
    /// Uses no thread-local, so that it also works in an exit hook.
    pub(crate) fn wait(&self, timeout: Duration) -> Option<bool> {
        let (state, changed) = &*self.0;
        let guard = state.lock().unwrap_or_else(PoisonError::into_inner);
        let (guard, _) = changed
            .wait_timeout_while(guard, timeout, |state| state.delivered.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        guard.delivered
    }

    /// Awaits the answer on any runtime, `timeout` at most.
    pub(crate) async fn within(self, timeout: Duration) -> bool {
        // The reporter keeps the deadline by itself, unless an application's code holds its thread up; and of the runtime that polls
        // us nothing is known, not even that it has a timer. So a thread waits beside us, as long as we do.
        let waiting = Waiting(self);
        let answer = waiting.0.clone();
        let beside = std::thread::Builder::new().name("elastic-apm-flush".to_owned());
        // Without a thread there is still the reporter.
        let _ = beside.spawn(move || {
            if answer.wait(timeout).is_none() {
                answer.give(false);
            }
        });
        waiting.0.clone().await
    }

    /// Only the first answer counts.
    fn give(&self, delivered: bool) {
        let (state, changed) = &*self.0;
        let waker = {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.delivered.get_or_insert(delivered);
            state.waker.take()
        };
        changed.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Somebody awaits the answer. When he gives up, nobody else has to wait for it either.
struct Waiting(Answer);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.give(false);
    }
}

impl Future for Answer {
    type Output = bool;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.delivered {
            Some(delivered) => Poll::Ready(delivered),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests;
