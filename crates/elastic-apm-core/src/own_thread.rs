//! Marks the agent's own threads: nothing is recorded on them, and nobody there waits for the agent.
//!
//! Code of the application runs on them too, filters and transports that were handed in. What it records would be reported by
//! the very thread it runs on, and recorded again.

use std::cell::Cell;

thread_local! {
    static IS_OWN: Cell<bool> = const { Cell::new(false) };
}

/// Marks this thread, to its end.
pub(crate) fn mark() {
    let _ = IS_OWN.try_with(|is_own| is_own.set(true));
}

/// Whether this is a thread of an agent.
#[inline]
pub(crate) fn is_current() -> bool {
    // A thread that is going away has no mark any more.
    IS_OWN.try_with(Cell::get).unwrap_or(false)
}
