//! What a transaction or a span keeps of its children: the time they cover, and one that waits to be joined with the next.
//!
//! At most one child waits, whatever their number.

use super::child_timer::ChildTimer;
use super::compression;
use super::ended_span::EndedSpan;
use super::waiting_place::{Offered, WaitingPlace};
use crate::config::Settings;

/// The children of one transaction or span.
pub(crate) struct Children {
    pub(crate) timer: ChildTimer,
    place: WaitingPlace<EndedSpan>,
}

impl Children {
    pub(crate) fn new() -> Self {
        Children { timer: ChildTimer::new(), place: WaitingPlace::new() }
    }

    /// Takes a child that has just ended and can be joined with others.
    pub(crate) fn offer(&self, child: EndedSpan, settings: &Settings) -> Offered<EndedSpan> {
        self.place.offer(child, |waiting, child| compression::join(waiting, child, settings))
    }

    /// Takes out the child that waits: another one ended that cannot be joined with it.
    #[inline]
    pub(crate) fn take(&self) -> Option<EndedSpan> {
        self.place.take()
    }

    /// Takes out the child that waits, and lets none wait from now on: the parent ends.
    #[inline]
    pub(crate) fn close(&self) -> Option<EndedSpan> {
        self.place.close()
    }
}
