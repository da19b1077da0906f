//! What is on its way out: the batch that grows, the one that is sent, the one that must be sent again, and when.
//!
//! One request with events is on its way at most. While it is, the next batch grows to the size of one request and no further.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::backoff::Backoff;
use super::batch::{Batch, SealedBatch};
use super::exchange::{Answer, Exchange};
use crate::transport::Transport;

/// The least time between two requests that are sent early because of what is in them.
const HURRY: Duration = Duration::from_secs(1);
/// How long a server that could not be reached is left alone though the queue fills up.
const EARLY: Duration = Duration::from_secs(1);

/// Batches and their timing.
pub(super) struct Outbox {
    transport: Arc<dyn Transport>,
    request_time: Duration,
    request_size: usize,
    open: Batch,
    in_flight: Option<(SealedBatch, Exchange)>,
    /// A batch that certainly did not arrive.
    kept: Option<SealedBatch>,
    retry_at: Instant,
    /// When it may be tried earlier than that, if events would be lost otherwise.
    early_at: Option<Instant>,
    /// When the open batch is sent at the latest because of something urgent in it.
    hurry_at: Option<Instant>,
    last_hurry: Option<Instant>,
    backoff: Backoff,
    /// Requests begun.
    attempts: u64,
}

impl Outbox {
    /// An outbox that sends every event at once, until it is told otherwise.
    pub(super) fn new(transport: Arc<dyn Transport>) -> Self {
        Outbox {
            open: Batch::new(transport.wants_compression(), 0),
            transport,
            request_time: Duration::ZERO,
            request_size: 0,
            in_flight: None,
            kept: None,
            retry_at: Instant::now(),
            early_at: None,
            hurry_at: None,
            last_hurry: None,
            backoff: Backoff::default(),
            attempts: 0,
        }
    }

    /// From now on a batch is sent `request_time` after its first event, or once it has `request_size` bytes.
    pub(super) fn set_limits(&mut self, request_time: Duration, request_size: usize) {
        self.request_time = request_time;
        self.request_size = request_size;
    }

    /// Puts in the line of the event at `position`.
    pub(super) fn push(&mut self, line: &[u8], position: u64, metadata: &[u8]) {
        self.open.push(line, position, metadata);
    }

    /// The event that was put in last is urgent. Of many at once only the first is sent at once, the others together.
    pub(super) fn hurry(&mut self) {
        let now = Instant::now();
        let at = self.last_hurry.map_or(now, |last| now.max(last + HURRY));
        self.hurry_at.get_or_insert(at);
    }

    /// No further event should be put in.
    pub(super) fn is_full(&self) -> bool {
        self.open.size() >= self.request_size
    }

    /// How many requests have begun.
    pub(super) fn attempts(&self) -> u64 {
        self.attempts
    }

    /// The position of the first event whose fate is not known; `None` if there is no event here.
    pub(super) fn first_unsettled(&self) -> Option<u64> {
        let sealed = self.in_flight.as_ref().map(|(batch, _)| batch).or(self.kept.as_ref());
        sealed.map(|batch| batch.first).or_else(|| self.open.first())
    }

    /// Sends the next batch if it is time to; `urgent` makes it so, also while backing off. `filling_up` says that events will be lost
    /// soon: to try costs less.
    pub(super) fn send_if_due(&mut self, urgent: bool, filling_up: bool) {
        let now = Instant::now();
        if self.in_flight.is_some() || (now < self.retry_at && !urgent && !self.is_early(now, filling_up)) {
            return;
        }
        let batch = match self.kept.take() {
            Some(kept) => kept,
            None => {
                let due = self.is_full() || urgent || self.open_due_at().is_some_and(|at| at <= now);
                if self.open.events() == 0 || !due {
                    return;
                }
                if self.hurry_at.take().is_some() {
                    self.last_hurry = Some(now);
                }
                let next = Batch::new(self.transport.wants_compression(), self.open.size());
                std::mem::replace(&mut self.open, next).seal()
            }
        };
        let exchange = Exchange::of_events(&self.transport, &batch);
        self.in_flight = Some((batch, exchange));
        self.attempts += 1;
    }

    /// When [`send_if_due`](Self::send_if_due) will have something to do, unless an answer comes before.
    pub(super) fn due_at(&self) -> Option<Instant> {
        if self.in_flight.is_some() {
            return None;
        }
        let now = Instant::now();
        let due = if self.kept.is_some() || self.is_full() { Some(now) } else { self.open_due_at() };
        let due = due.map(|due| due.max(self.retry_at))?;
        // Who backs off from a server that is not there looks how full the queue is from time to time.
        Some(self.early_at.filter(|_| now < self.retry_at).map_or(due, |early| early.min(due)))
    }

    /// Waits for the answer to the batch that is on its way; forever if none is.
    pub(super) async fn answer(&mut self) -> (SealedBatch, Answer) {
        let Some((batch, exchange)) = &mut self.in_flight else { return pending().await };
        let answer = exchange.answer().await;
        let batch = batch.clone();
        self.in_flight = None;
        (batch, answer)
    }

    /// Takes back a batch that is to be sent again.
    pub(super) fn keep(&mut self, batch: SealedBatch) {
        self.kept = Some(batch);
    }

    /// The server works: nothing stands in the way of the next request.
    pub(super) fn proceed(&mut self) {
        self.backoff.reset();
        self.retry_at = Instant::now();
        self.early_at = None;
    }

    /// The server does not work: the next request has to wait. Returns how long.
    ///
    /// One that could not even be reached is not spared by waiting: it may be tried again after a second.
    pub(super) fn back_off(&mut self, reached: bool) -> Duration {
        let (now, wait) = (Instant::now(), self.backoff.failed(fastrand::f64()));
        self.retry_at = now + wait;
        self.early_at = (!reached).then(|| now + EARLY);
        wait
    }

    /// Whether it is time to cut the back-off short, if there is a reason to.
    fn is_early(&mut self, now: Instant, filling_up: bool) -> bool {
        let is_time = self.early_at.is_some_and(|at| at <= now);
        if is_time && !filling_up {
            self.early_at = Some(now + EARLY);
        }
        is_time && filling_up
    }

    fn open_due_at(&self) -> Option<Instant> {
        let due = self.open.opened()? + self.request_time;
        Some(self.hurry_at.map_or(due, |hurry| hurry.min(due)))
    }
}
