//! The bounded hand-off from application threads to the reporter thread.
//!
//! A push is a count, a slot of the ring, and, for an event that holds memory beside its slot, an addition. It never blocks, and
//! it wakes the reporter only when that sleeps for good, when the queue is an eighth full, in events or bytes, or for an event that is urgent:
//! a span costs no system call. Knows nothing of what an event means.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use crossbeam_queue::ArrayQueue;
use crossbeam_utils::CachePadded;
use tokio::sync::Notify;

use crate::record::Record;
use crate::stats::{Counters, DropReason};

/// Events are taken in.
const OPEN: u8 = 0;
/// Events are refused; those that wait are still taken out.
const CLOSED: u8 = 1;
/// Nothing is taken in and nothing out.
const ABANDONED: u8 = 2;
/// Nothing is taken in, as the operator wishes.
const MUTE: u8 = 3;
/// The most events a queue can be configured to hold.
pub(crate) const MAX_EVENTS: usize = 1 << 20;

/// Where finished events go.
pub(crate) trait HandOff: Send + Sync {
    /// The queue of this process.
    fn queue(&self) -> &Queue;
}

/// A bounded queue of finished events.
///
/// What fits the slots of its ring is bounded by their number. What events hold beside is added up, and bounded by what the slots leave of
/// the bytes.
///
/// What pushes and pops change lies on cache lines of its own: whoever changes it takes from nobody else what is only looked at.
pub(crate) struct Queue {
    ring: ArrayQueue<Record>,
    /// Estimated bytes that waiting events hold beside their slots.
    beside: CachePadded<AtomicU64>,
    max_beside: u64,
    /// So many events are enough to take out.
    enough: usize,
    /// Whether there are enough is asked for every so many events; a power of two.
    ask_every: u64,
    /// One of [`OPEN`], [`CLOSED`], [`ABANDONED`], in this order; or [`MUTE`] for good.
    state: AtomicU8,
    /// The reporter sleeps until it is woken: set by it, cleared by whoever wakes it.
    parked: AtomicBool,
    wake: Notify,
    pub(crate) counters: CachePadded<Counters>,
}

impl Queue {
    /// What an event takes in any case.
    const SLOT: usize = size_of::<Record>();
    /// The part of the queue that is enough to take out: what waits is still in the processor's cache then, and there is room for what comes
    /// meanwhile.
    const PARTS: usize = 8;

    /// A queue of at most `max_events` events and about `max_bytes` bytes, of which the slots take half at most.
    pub(crate) fn new(max_events: usize, max_bytes: usize) -> Self {
        let events = max_events.min(max_bytes / 2 / Self::SLOT).clamp(1, MAX_EVENTS);
        Queue {
            ring: ArrayQueue::new(events),
            beside: CachePadded::new(AtomicU64::new(0)),
            max_beside: max_bytes.saturating_sub(events * Self::SLOT) as u64,
            enough: events.div_ceil(Self::PARTS),
            ask_every: (events as u64 / 64).clamp(1, 64).next_power_of_two(),
            state: AtomicU8::new(OPEN),
            parked: AtomicBool::new(false),
            wake: Notify::new(),
            counters: CachePadded::default(),
        }
    }

    /// Hands one event over, or drops it and counts why. Never blocks.
    pub(crate) fn push(&self, record: Record) {
        self.push_out_of(&mut Some(record));
    }

    /// [`push`](Self::push) for an event that is still in its place: a span is a quarter of a kilobyte, and moved no more than needed.
    #[inline(always)]
    pub(crate) fn push_out_of(&self, place: &mut Option<Record>) {
        let Some(record) = place else { return };
        let (bytes, urgent) = (record.bytes_beside_slot(), record.is_urgent());
        let number = self.counters.record();
        let state = self.state.load(Ordering::Relaxed);
        if state != OPEN {
            return self.refuse(state);
        }
        let bytes = u64::from(bytes);
        let Some(are_enough) = self.admit(bytes) else {
            return self.counters.drop_events(DropReason::QueueFull, 1);
        };
        if place.take().is_some_and(|record| self.ring.push(record).is_err()) {
            self.forget(bytes);
            return self.counters.drop_events(DropReason::QueueFull, 1);
        }
        if self.state.load(Ordering::SeqCst) == ABANDONED {
            // It got in while the queue was being abandoned: either side may find it, one does.
            self.abandon();
            return;
        }
        if urgent
            || are_enough
            || (number & (self.ask_every - 1) == 0 && self.len() >= self.enough)
            || (self.parked.load(Ordering::SeqCst) && self.parked.swap(false, Ordering::SeqCst))
        {
            self.wake.notify_one();
        }
    }

    /// Adds what an event holds beside its slot, if there is room for it; tells whether with it they become enough to take out.
    ///
    /// One event always fits where there is no other: a bound in bytes must not make a large event undeliverable.
    #[inline]
    fn admit(&self, bytes: u64) -> Option<bool> {
        if bytes == 0 {
            return Some(false);
        }
        let before = self.beside.fetch_add(bytes, Ordering::Relaxed);
        let after = before + bytes;
        if before > 0 && after > self.max_beside {
            self.forget(bytes);
            return None;
        }
        let enough = self.max_beside / Self::PARTS as u64;
        Some(before < enough && after >= enough)
    }

    #[inline]
    fn forget(&self, bytes: u64) {
        if bytes > 0 {
            self.beside.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    #[cold]
    fn refuse(&self, state: u8) {
        let reason = if state == MUTE { DropReason::SendDisabled } else { DropReason::AfterShutdown };
        self.counters.drop_events(reason, 1);
    }

    /// Takes no further event, and counts those that wait as dropped: nobody takes them out any more.
    ///
    /// Returns how many these were.
    pub(crate) fn abandon(&self) -> u64 {
        self.state.store(ABANDONED, Ordering::SeqCst);
        let rest = std::iter::from_fn(|| self.pop()).count() as u64;
        self.counters.drop_events(DropReason::AfterShutdown, rest);
        rest
    }

    /// Takes the oldest event.
    // Inlined, so that it lies at once where its taker looks at it.
    #[inline(always)]
    pub(crate) fn pop(&self) -> Option<Record> {
        let record = self.ring.pop();
        // Where nothing is held beside the slots, as by plain spans, this one holds nothing either.
        if self.beside.load(Ordering::Relaxed) > 0 {
            // The same as when it was pushed: what others can still change is weighed once, and spans are theirs alone.
            self.forget(record.as_ref().map_or(0, Record::bytes_beside_slot).into());
        }
        record
    }

    /// How many events wait.
    pub(crate) fn len(&self) -> usize {
        self.ring.len()
    }

    /// Three quarters of it are full, in events or bytes.
    pub(crate) fn is_filling_up(&self) -> bool {
        let beside = self.beside.load(Ordering::Relaxed);
        self.len() * 4 >= self.ring.capacity() * 3 || beside * 4 >= self.max_beside * 3
    }

    /// Takes no event, ever.
    pub(crate) fn mute(&self) {
        self.state.store(MUTE, Ordering::SeqCst);
    }

    /// Takes no further event; what waits can still be popped.
    pub(crate) fn close(&self) {
        self.state.fetch_max(CLOSED, Ordering::SeqCst);
    }

    /// Resolves when the queue is an eighth full, in events or bytes, or something urgent is in it; with `until_any`, as soon as anything is in it.
    ///
    /// Awaited by the reporter alone.
    pub(crate) async fn wait(&self, until_any: bool) {
        if until_any {
            self.parked.store(true, Ordering::SeqCst);
            // A push between our last pop and the store above saw no sleeper: look once more before sleeping.
            if self.len() > 0 {
                self.parked.store(false, Ordering::SeqCst);
                return;
            }
        }
        self.wake.notified().await;
        self.parked.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests;
