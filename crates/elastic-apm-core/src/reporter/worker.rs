//! The loop on the agent's own thread: take events in, send batches, answer flushes, back off.
//!
//! One request is on its way at most. While it is, the next batch grows to the size of one request and no further; then
//! events stay in the bounded queue. So memory is bounded whatever the server does.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, header};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::sleep_until;

use super::backoff::Backoff;
use super::batch::{Batch, SealedBatch};
use super::control::{Control, Waiter};
use super::delivery::{Delivery, judge};
use super::lines;
use crate::config::Dynamic;
use crate::log::{AgentLog, StateLog};
use crate::queue::Queue;
use crate::stats::DropReason;
use crate::transport::{Transport, TransportError, spawn_untraced};

/// How long the reporter lets events gather before it looks again, unless the queue is half full.
const LINGER: Duration = Duration::from_millis(100);
/// Events taken in before the runtime's other tasks, the connection among them, get their turn.
const EVENTS_PER_TURN: usize = 512;
/// How long a caller that was promised an answer may still wait after the deadline passed.
const FAR_FUTURE: Duration = Duration::from_secs(3600);

/// What the worker needs to know once and for all.
pub(crate) struct Setup {
    pub(crate) queue: Arc<Queue>,
    pub(crate) control: UnboundedReceiver<Control>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) settings: Dynamic,
    pub(crate) log: AgentLog,
    /// The metadata line that opens every request.
    pub(crate) metadata: Vec<u8>,
    pub(crate) request_time: Duration,
    pub(crate) request_size: usize,
}

type Exchange = JoinHandle<Result<Response<Bytes>, TransportError>>;

/// The reporter's state between two turns of its loop.
pub(crate) struct Worker {
    setup: Setup,
    linger: Duration,
    line: Vec<u8>,
    batch: Batch,
    in_flight: Option<(SealedBatch, Exchange)>,
    /// A batch that certainly did not arrive, and when to try it again.
    kept: Option<SealedBatch>,
    retry_at: Instant,
    backoff: Backoff,
    server: StateLog,
    /// Events taken from the queue, and those of them whose fate is known.
    popped: u64,
    settled: u64,
    /// Events that requests have carried in vain.
    lost: u64,
    /// Requests begun.
    attempts: u64,
    waiting: Vec<Waiting>,
    stopping: bool,
}

/// A caller that waits until the first `target` events popped are settled, and asks whether any was lost meanwhile.
struct Waiting {
    waiter: Waiter,
    target: u64,
    lost_before: u64,
    attempts_before: u64,
    /// What to answer, once it is known.
    delivered: Option<bool>,
}

impl Worker {
    pub(crate) fn new(setup: Setup) -> Self {
        let batch = Batch::new(setup.transport.wants_compression(), &setup.metadata);
        Worker {
            linger: LINGER.min(setup.request_time / 2),
            line: Vec::with_capacity(4096),
            batch,
            in_flight: None,
            kept: None,
            retry_at: Instant::now(),
            backoff: Backoff::default(),
            server: StateLog::new(setup.log.clone()),
            popped: 0,
            settled: 0,
            lost: 0,
            attempts: 0,
            waiting: Vec::new(),
            stopping: false,
            setup,
        }
    }

    /// Runs until shutdown.
    pub(crate) async fn run(mut self) {
        loop {
            let gathering = self.take_in();
            self.send_if_due();
            self.judge_settled();
            if self.stopping && !self.is_urgent() {
                break;
            }
            self.answer_judged();
            let wake_at = self.wake_at(gathering);
            // A full batch takes nothing in: only an answer, a timer or a request can change that.
            let (can_take, can_park) = (!self.is_full(), gathering == Gathering::Idle);
            let Self { setup, in_flight, .. } = &mut self;
            tokio::select! {
                biased;
                request = setup.control.recv() => self.on_request(request),
                answer = answer_of(in_flight) => self.on_answer(answer),
                () = sleep_until(wake_at.into()) => {}
                // Not a timer: those count in milliseconds, in which hundreds of events could be taken in.
                () = yield_now(), if gathering == Gathering::More => {}
                () = setup.queue.wait(can_park), if can_take && gathering != Gathering::More => {}
            }
            self.expire_waiters();
        }
        self.abandon_rest();
    }

    /// Moves events from the queue into the batch.
    fn take_in(&mut self) -> Gathering {
        let settings = self.setup.settings.load();
        for taken in 0..EVENTS_PER_TURN {
            if self.is_full() {
                return Gathering::Lingering;
            }
            let Some(record) = self.setup.queue.pop() else {
                return if taken == 0 { Gathering::Idle } else { Gathering::Lingering };
            };
            self.popped += 1;
            match lines::write(record, &settings, &mut self.line) {
                Ok(()) => self.batch.push(&self.line),
                Err(reason) => {
                    self.setup.log.debug(format_args!("an event was dropped: {}", reason.as_str()));
                    self.lost += 1;
                    self.settle(|queue| queue.counters.drop_events(reason, 1), 1);
                }
            }
        }
        Gathering::More
    }

    fn is_full(&self) -> bool {
        self.batch.size() >= self.setup.request_size
    }

    /// Someone waits for delivery: neither gathering nor backing off is in order.
    fn is_urgent(&self) -> bool {
        self.waiting.iter().any(|waiting| waiting.delivered.is_none())
    }

    fn batch_due_at(&self) -> Option<Instant> {
        Some(self.batch.opened()? + self.setup.request_time.saturating_sub(self.linger))
    }

    fn send_if_due(&mut self) {
        if self.in_flight.is_some() {
            return;
        }
        let now = Instant::now();
        if now < self.retry_at && !self.is_urgent() {
            return;
        }
        let batch = match self.kept.take() {
            Some(kept) => kept,
            None => {
                let due =
                    self.is_full() || self.is_urgent() || self.batch_due_at().is_some_and(|at| at <= now);
                if self.batch.events() == 0 || !due {
                    return;
                }
                let next = Batch::new(self.setup.transport.wants_compression(), &self.setup.metadata);
                std::mem::replace(&mut self.batch, next).seal()
            }
        };
        let exchange = exchange(Arc::clone(&self.setup.transport), &batch);
        self.in_flight = Some((batch, exchange));
        self.attempts += 1;
    }

    fn wake_at(&self, gathering: Gathering) -> Instant {
        let now = Instant::now();
        let mut at = now + FAR_FUTURE;
        match gathering {
            Gathering::Lingering if !self.is_full() => at = now + self.linger,
            _ => {}
        }
        if self.in_flight.is_none() {
            let due = if self.kept.is_some() || self.is_full() { Some(now) } else { self.batch_due_at() };
            at = at.min(due.map_or(at, |due| due.max(self.retry_at)));
        }
        self.waiting.iter().map(|waiting| waiting.waiter.deadline).fold(at, Instant::min)
    }

    fn on_request(&mut self, request: Option<Control>) {
        let waiter = match request {
            Some(Control::Flush(waiter)) => waiter,
            Some(Control::Shutdown(waiter)) => {
                self.setup.queue.close();
                self.stopping = true;
                waiter
            }
            // The agent is gone without a word, which its drop never does; there is nobody left to answer.
            None => {
                self.setup.queue.close();
                self.stopping = true;
                return;
            }
        };
        let target = self.popped + self.setup.queue.len() as u64;
        self.waiting.push(Waiting {
            waiter,
            target,
            lost_before: self.lost,
            attempts_before: self.attempts,
            delivered: None,
        });
    }

    fn on_answer(&mut self, (batch, answer): (SealedBatch, Result<Response<Bytes>, TransportError>)) {
        self.in_flight = None;
        let why = match judge(answer) {
            Delivery::Taken => {
                self.backoff.reset();
                self.retry_at = Instant::now();
                self.server.recovered(format_args!("the APM Server takes events again"));
                return self.settle(|queue| queue.counters.sent(batch.events), batch.events);
            }
            Delivery::Partly { accepted, reason, why } => {
                let accepted = accepted.min(batch.events);
                let lost = batch.events - accepted;
                self.settle(
                    |queue| {
                        queue.counters.sent(accepted);
                        queue.counters.drop_events(reason, lost);
                    },
                    batch.events,
                );
                self.lost += lost;
                // A server that judges events works; and who is about to leave has nothing to lose by another attempt.
                if reason == DropReason::SendFailed && !self.stopping {
                    self.give_up_attempted();
                }
                let why = format!("{why}; {lost} of {} events lost ({})", batch.events, reason.as_str());
                self.server.failed(reason.as_str(), format_args!("{why}"));
                why
            }
            Delivery::Again { why } => {
                self.kept = Some(batch);
                self.give_up_attempted();
                self.server
                    .failed("again", format_args!("{why}; events are kept within the bound and sent later"));
                why
            }
        };
        let wait = self.backoff.failed(fastrand::f64());
        self.retry_at = Instant::now() + wait;
        self.setup.log.debug(format_args!("next request in {} ms: {why}", wait.as_millis()));
    }

    fn settle(&mut self, count: impl FnOnce(&Queue), events: u64) {
        count(&self.setup.queue);
        self.settled += events;
    }

    fn judge_settled(&mut self) {
        let (settled, lost) = (self.settled, self.lost);
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.target <= settled) {
            waiting.delivered.get_or_insert(waiting.lost_before == lost);
        }
    }

    /// Answers those whose answer is known. The last ones of a stopping reporter wait until everything has been counted.
    fn answer_judged(&mut self) {
        self.waiting.retain(|waiting| {
            if let Some(delivered) = waiting.delivered {
                waiting.waiter.answer(delivered);
            }
            waiting.delivered.is_none()
        });
    }

    fn expire_waiters(&mut self) {
        let now = Instant::now();
        self.give_up(|waiting| waiting.waiter.deadline <= now);
    }

    /// Tells those who have had an attempt of their own: waiting out the back-off would only hold them up.
    ///
    /// A request that had begun before they asked is no such attempt; the server may have come back since.
    fn give_up_attempted(&mut self) {
        let attempts = self.attempts;
        self.give_up(|waiting| waiting.attempts_before < attempts);
    }

    /// Callers who wait in vain are to be told so.
    fn give_up(&mut self, on: impl Fn(&Waiting) -> bool) {
        for waiting in self.waiting.iter_mut().filter(|waiting| on(waiting)) {
            waiting.delivered.get_or_insert(false);
        }
    }

    /// Counts what is left when the time for shutting down is over, then answers whoever still waits.
    fn abandon_rest(mut self) {
        let mut rest = self.batch.events();
        rest += self.kept.as_ref().map_or(0, |batch| batch.events);
        rest += self.in_flight.as_ref().map_or(0, |(batch, _)| batch.events);
        self.setup.queue.counters.drop_events(DropReason::AfterShutdown, rest);
        rest += self.setup.queue.abandon();
        if rest > 0 {
            self.setup.log.warn(format_args!("{rest} events could not be sent before shutdown"));
        }
        self.answer_judged();
    }
}

/// What taking in events says about the next ones.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gathering {
    /// The turn was used up: there is more.
    More,
    /// There were some: look again soon.
    Lingering,
    /// There was none: sleep until woken.
    Idle,
}

async fn answer_of(
    in_flight: &mut Option<(SealedBatch, Exchange)>,
) -> (SealedBatch, Result<Response<Bytes>, TransportError>) {
    match in_flight {
        Some((batch, exchange)) => {
            let answer = exchange.await.unwrap_or_else(|panic| Err(TransportError::interrupted(panic)));
            (batch.clone(), answer)
        }
        None => pending().await,
    }
}

fn exchange(transport: Arc<dyn Transport>, batch: &SealedBatch) -> Exchange {
    let mut request = Request::new(batch.body.clone());
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = http::Uri::from_static("/intake/v2/events");
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/x-ndjson"));
    if batch.gzip {
        headers.insert(header::CONTENT_ENCODING, http::HeaderValue::from_static("gzip"));
    }
    // A task of its own, for two reasons: it is polled only when it can go on, so that the transport can let the runtime look
    // at its connections before it uses one; and a transport of the application may panic without ending the reporter.
    spawn_untraced(async move { transport.send(request).await })
}
