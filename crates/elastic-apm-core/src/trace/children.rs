//! What a transaction or a span keeps of its children: the time they cover, and one that waits to be joined with the next.
//!
//! At most one child waits, whatever their number. No code of users runs under the lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::child_timer::ChildTimer;
use super::compression;
use super::ended_span::EndedSpan;
use crate::config::Settings;
use crate::sync::atomic::{AtomicBool, Ordering};

/// The children of one transaction or span.
pub(crate) struct Children {
    pub(crate) timer: ChildTimer,
    /// Whether there may be something in the place, for those who would have nothing else to do with the lock.
    is_taken: AtomicBool,
    place: Mutex<Place>,
}

/// Where an ended child waits for the next one.
enum Place {
    Free,
    Taken(EndedSpan),
    /// The parent has ended: nobody waits any more.
    Closed,
}

/// What became of a child that can be joined with others.
pub(crate) enum Offered {
    /// It waits.
    Waits,
    /// It is part of the one that waits.
    Joined,
    /// It waits or not; this one does not any more.
    Leaves(EndedSpan),
}

impl Children {
    pub(crate) fn new() -> Self {
        Children {
            timer: ChildTimer::new(),
            is_taken: AtomicBool::new(false),
            place: Mutex::new(Place::Free),
        }
    }

    /// Takes a child that has just ended and can be joined with others.
    pub(crate) fn offer(&self, child: EndedSpan, settings: &Settings) -> Offered {
        let mut place = self.lock();
        let child = match &mut *place {
            Place::Closed => return Offered::Leaves(child),
            Place::Free => child,
            Place::Taken(waiting) => match compression::join(waiting, child, settings) {
                Ok(()) => return Offered::Joined,
                Err(child) => child,
            },
        };
        self.is_taken.store(true, Ordering::Release);
        match std::mem::replace(&mut *place, Place::Taken(child)) {
            Place::Taken(waited) => Offered::Leaves(waited),
            Place::Free | Place::Closed => Offered::Waits,
        }
    }

    /// Takes out the child that waits: another one ended that cannot be joined with it.
    #[inline]
    pub(crate) fn take(&self) -> Option<EndedSpan> {
        if self.is_taken.load(Ordering::Acquire) { self.empty(Place::Free) } else { None }
    }

    /// Takes out the child that waits, and lets none wait from now on: the parent ends.
    pub(crate) fn close(&self) -> Option<EndedSpan> {
        self.empty(Place::Closed)
    }

    fn empty(&self, next: Place) -> Option<EndedSpan> {
        let mut place = self.lock();
        let next = if matches!(*place, Place::Closed) { Place::Closed } else { next };
        self.is_taken.store(false, Ordering::Release);
        match std::mem::replace(&mut *place, next) {
            Place::Taken(waited) => Some(waited),
            Place::Free | Place::Closed => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
