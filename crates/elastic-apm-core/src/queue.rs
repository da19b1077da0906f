//! The bounded hand-off from application threads to the reporter thread.
//!
//! One atomic word holds how many events and how many bytes wait, so that a push is: one add, one bound check, one slot
//! write. It never blocks, and it wakes the reporter only when that sleeps for good, when the queue is half full, in events or bytes, or
//! for an event that is urgent: a span costs no system call. Knows nothing of what an event means.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use crossbeam_queue::ArrayQueue;
use tokio::sync::Notify;

use crate::record::Record;
use crate::stats::{Counters, DropReason};

/// Bits of the fill word that count bytes; the rest counts events.
const BYTE_BITS: u32 = 40;
const ONE_EVENT: u64 = 1 << BYTE_BITS;
const BYTES: u64 = ONE_EVENT - 1;
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
pub(crate) struct Queue {
    ring: ArrayQueue<Record>,
    /// Events waiting in the high bits, their estimated bytes in the low ones.
    fill: AtomicU64,
    max_bytes: u64,
    half: u64,
    /// One of [`OPEN`], [`CLOSED`], [`ABANDONED`], in this order; or [`MUTE`] for good.
    state: AtomicU8,
    /// The reporter sleeps until it is woken: set by it, cleared by whoever wakes it.
    parked: AtomicBool,
    wake: Notify,
    pub(crate) counters: Counters,
}

impl Queue {
    /// A queue of at most `max_events` events and about `max_bytes` bytes.
    pub(crate) fn new(max_events: usize, max_bytes: usize) -> Self {
        let events = max_events.clamp(1, MAX_EVENTS);
        Queue {
            ring: ArrayQueue::new(events),
            fill: AtomicU64::new(0),
            max_bytes: (max_bytes as u64).min(BYTES / 2),
            half: (events as u64).div_ceil(2),
            state: AtomicU8::new(OPEN),
            parked: AtomicBool::new(false),
            wake: Notify::new(),
            counters: Counters::default(),
        }
    }

    /// Hands one event over, or drops it and counts why. Never blocks.
    #[inline]
    pub(crate) fn push(&self, record: Record) {
        self.counters.record();
        let state = self.state.load(Ordering::Relaxed);
        if state != OPEN {
            let reason = if state == MUTE { DropReason::SendDisabled } else { DropReason::AfterShutdown };
            return self.counters.drop_events(reason, 1);
        }
        let (bytes, urgent) = (record.estimated_bytes(), record.is_urgent());
        let cost = ONE_EVENT + u64::from(bytes);
        let before = self.fill.fetch_add(cost, Ordering::SeqCst);
        let events = before >> BYTE_BITS;
        // One event always fits an empty queue: a bound in bytes must not make a large event undeliverable.
        let over_bytes = events > 0 && (before & BYTES) + u64::from(bytes) > self.max_bytes;
        if events >= self.ring.capacity() as u64 || over_bytes {
            self.fill.fetch_sub(cost, Ordering::SeqCst);
            self.counters.drop_events(DropReason::QueueFull, 1);
            return;
        }
        if self.ring.push(record).is_err() {
            // Unreachable while the fill word is kept right; counted all the same, so that nothing is lost silently.
            self.fill.fetch_sub(cost, Ordering::SeqCst);
            self.counters.drop_events(DropReason::QueueFull, 1);
            return;
        }
        if self.state.load(Ordering::SeqCst) == ABANDONED {
            // It got in while the queue was being abandoned: either side may find it, one does.
            self.abandon();
            return;
        }
        let (bytes_before, bytes_after) = (before & BYTES, (before & BYTES) + u64::from(bytes));
        let half_bytes = self.max_bytes / 2;
        if urgent
            || events + 1 == self.half
            || (bytes_before < half_bytes && bytes_after >= half_bytes)
            || (self.parked.load(Ordering::SeqCst) && self.parked.swap(false, Ordering::SeqCst))
        {
            self.wake.notify_one();
        }
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
    pub(crate) fn pop(&self) -> Option<Record> {
        let record = self.ring.pop()?;
        // The estimate is a pure function of the record: working it out again here is cheaper than carrying it along.
        self.fill.fetch_sub(ONE_EVENT + u64::from(record.estimated_bytes()), Ordering::SeqCst);
        Some(record)
    }

    /// How many events wait.
    pub(crate) fn len(&self) -> usize {
        // Not the fill word: that also counts, for a moment, events that are about to be refused.
        self.ring.len()
    }

    /// Three quarters of it are full, in events or bytes.
    pub(crate) fn is_filling_up(&self) -> bool {
        let fill = self.fill.load(Ordering::Relaxed);
        (fill >> BYTE_BITS) * 4 >= self.ring.capacity() as u64 * 3 || (fill & BYTES) * 4 >= self.max_bytes * 3
    }

    /// Takes no event, ever.
    pub(crate) fn mute(&self) {
        self.state.store(MUTE, Ordering::SeqCst);
    }

    /// Takes no further event; what waits can still be popped.
    pub(crate) fn close(&self) {
        self.state.fetch_max(CLOSED, Ordering::SeqCst);
    }

    /// Resolves when the queue is half full, in events or bytes, or something urgent is in it; with `until_any`, as soon as anything is in it.
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
