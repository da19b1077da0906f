//! The stack of a thread as addresses: what is cheap to take where the application runs. Names and lines are found elsewhere.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Frames of the agent's own and of the runtime's that lie inside of the application's innermost one, and are cut off later.
const INNER_FRAMES: usize = 48;

/// Where a thread was: for an error that is reported elsewhere than it was made. For authors of integrations.
///
/// Taking it costs some microseconds; the names of functions and files are found later, on the agent's thread.
///
/// ```
/// use elastic_apm_core::{CapturedStack, error};
///
/// let (failed, stack) = (std::fmt::Error, CapturedStack::here());
/// // later, and on another thread
/// error(&failed).captured_at(stack).capture();
/// ```
#[derive(Clone)]
pub struct CapturedStack {
    /// Return addresses, innermost first, those of the capture itself included.
    pub(crate) addresses: Vec<usize>,
    /// How many frames are to be sent at most.
    pub(crate) limit: usize,
    /// It was taken by a panic hook: the panic's own frames lie inside of the one that panicked.
    pub(crate) of_panic: bool,
}

impl CapturedStack {
    /// The stack of this thread, of which `limit` frames are to be sent; `None` for a limit of 0.
    ///
    /// Takes a lock that is held by nothing but other captures. It walks the frames, which takes some 0.3 µs for each, and allocates
    /// once unless the stack is deep.
    pub(crate) fn capture(limit: usize) -> Option<Self> {
        if limit == 0 {
            return None;
        }
        let mut addresses = Vec::with_capacity(limit.min(64) + INNER_FRAMES);
        // The lock would panic after a panic of another of its users.
        let walked = catch_unwind(AssertUnwindSafe(|| {
            backtrace::trace(|frame| {
                addresses.push(frame.ip() as usize);
                addresses.len() < limit.saturating_add(INNER_FRAMES)
            });
        }));
        walked.ok().map(|()| CapturedStack { addresses, limit, of_panic: false })
    }

    /// How much memory it holds outside of itself.
    pub(crate) fn bytes(&self) -> usize {
        self.addresses.capacity() * size_of::<usize>()
    }
}

impl std::fmt::Debug for CapturedStack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CapturedStack").field("frames", &self.addresses.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(never)]
    fn deep(frames: usize, limit: usize) -> CapturedStack {
        let stack =
            if frames == 0 { CapturedStack::capture(limit).unwrap() } else { deep(frames - 1, limit) };
        // Not a tail call.
        std::hint::black_box(stack)
    }

    #[test]
    fn a_stack_is_bounded_however_deep_it_is() {
        let stack = deep(500, 50);

        assert_eq!((stack.addresses.len(), stack.limit), (50 + INNER_FRAMES, 50));
        assert!(deep(500, usize::MAX).addresses.len() > 500);
    }

    #[test]
    fn a_limit_of_0_captures_nothing() {
        assert!(CapturedStack::capture(0).is_none());
    }
}
