//! A place in which one waits to be joined with the next, until it is closed.
//!
//! Nearly always there is nobody: then to look, and to close, is one atomic operation. Knows nothing of who waits, and calls whoever joins two
//! under its lock, so that must not be code of users.

use crate::sync::atomic::{AtomicU8, Ordering};
use crate::sync::{Mutex, MutexGuard, PoisonError};

const FREE: u8 = 0;
const TAKEN: u8 = 1;
/// Nobody waits any more, but for one who is about to be taken out by whoever closed it.
const CLOSED: u8 = 2;

/// One place.
pub(crate) struct WaitingPlace<T> {
    /// Says `TAKEN` only while somebody waits, so that those who find it otherwise need no lock.
    state: AtomicU8,
    waiting: Mutex<Option<T>>,
}

/// What became of somebody who came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Offered<T> {
    /// Waits.
    Waits,
    /// Is part of the one that waits.
    Joined,
    /// Somebody does not wait any more: the one who did, or the one who came.
    Leaves(T),
}

impl<T> WaitingPlace<T> {
    pub(crate) fn new() -> Self {
        WaitingPlace { state: AtomicU8::new(FREE), waiting: Mutex::new(None) }
    }

    /// Takes somebody in. `join` is asked to make one of the two where somebody waits.
    pub(crate) fn offer(&self, newcomer: T, join: impl FnOnce(&mut T, T) -> Result<(), T>) -> Offered<T> {
        let mut waiting = self.lock();
        let newcomer = match &mut *waiting {
            Some(waiting) => match join(waiting, newcomer) {
                Ok(()) => return Offered::Joined,
                Err(newcomer) => newcomer,
            },
            None => newcomer,
        };
        if let Some(waited) = waiting.replace(newcomer) {
            return Offered::Leaves(waited);
        }
        match self.state.compare_exchange(FREE, TAKEN, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Offered::Waits,
            // It is closed, and whoever closed it has found nobody.
            Err(_) => waiting.take().map_or(Offered::Waits, Offered::Leaves),
        }
    }

    /// Takes out who waits.
    #[inline]
    pub(crate) fn take(&self) -> Option<T> {
        if self.state.load(Ordering::Acquire) == TAKEN { self.empty() } else { None }
    }

    /// Takes out who waits, and lets nobody wait from now on.
    #[inline]
    pub(crate) fn close(&self) -> Option<T> {
        if self.state.swap(CLOSED, Ordering::AcqRel) == TAKEN { self.empty() } else { None }
    }

    #[cold]
    fn empty(&self) -> Option<T> {
        let mut waiting = self.lock();
        // Stays closed where it is.
        let _ = self.state.compare_exchange(TAKEN, FREE, Ordering::AcqRel, Ordering::Acquire);
        waiting.take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_waits_until_another_comes_that_cannot_be_joined_with_it() {
        let place = WaitingPlace::new();
        let join = |waiting: &mut u32, newcomer| if *waiting == newcomer { Ok(()) } else { Err(newcomer) };

        assert_eq!(place.take(), None);
        assert_eq!(place.offer(1, join), Offered::Waits);
        assert_eq!(place.offer(1, join), Offered::Joined);
        assert_eq!(place.offer(2, join), Offered::Leaves(1));
        assert_eq!((place.take(), place.take()), (Some(2), None));
    }

    #[test]
    fn nobody_waits_once_it_is_closed() {
        let (free, taken) = (WaitingPlace::new(), WaitingPlace::new());
        let never = |_: &mut u32, newcomer| Err(newcomer);
        taken.offer(1, never);

        assert_eq!((free.close(), taken.close()), (None, Some(1)));
        for place in [free, taken] {
            assert_eq!(place.offer(2, never), Offered::Leaves(2));
            assert_eq!((place.take(), place.close()), (None, None));
        }
    }
}
