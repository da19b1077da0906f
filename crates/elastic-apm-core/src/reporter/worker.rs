//! The loop on the agent's own thread: take events in, send batches, answer flushes, back off.
//!
//! What grows and what is sent is the outbox's business; while that is full, events stay in the bounded queue. So memory is bounded
//! whatever the server does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use elastic_apm_intake::Line;
use tokio::task::yield_now;
use tokio::time::sleep_until;

use super::batch::SealedBatch;
use super::control::{Control, Waiter};
use super::delivery::{Delivery, judge};
use super::exchange::Answer;
use super::lines;
use super::metadata_lines::MetadataLines;
use super::metrics::Metrics;
use super::outbox::Outbox;
use super::overflow::Overflow;
use super::render::Secrets;
use super::server::Server;
use super::setup::Setup;
use super::waiters::Waiters;
use crate::clock::{Calibration, epoch_micros_now};
use crate::config::Settings;
use crate::log::{OnceLog, StateLog};
use crate::record::Record;
use crate::stats::DropReason;

/// How long the reporter lets events gather before it looks again, unless the queue is an eighth full.
const LINGER: Duration = Duration::from_millis(100);
/// Events taken in before the runtime's other tasks, the connection among them, get their turn.
const EVENTS_PER_TURN: usize = 512;
/// Later than anything that is waited for.
const FAR_FUTURE: Duration = Duration::from_secs(3600);

/// The reporter's state between two turns of its loop.
pub(super) struct Worker<'a> {
    setup: &'a mut Setup,
    server: &'a Server,
    metadata: MetadataLines,
    linger: Duration,
    line: Line,
    secrets: Secrets,
    outbox: Outbox,
    waiters: Waiters,
    metrics: Metrics,
    /// Measures the clock of the application's threads.
    ticks: Option<Calibration>,
    /// Events taken from the queue so far: the position of the next one.
    position: u64,
    /// Something was lost after the shutdown was asked for.
    lost_at_the_end: bool,
    state: StateLog,
    refusals: OnceLog,
    cuts: OnceLog,
    filter_failures: OnceLog,
    overflow: Overflow,
}

impl<'a> Worker<'a> {
    pub(super) fn new(setup: &'a mut Setup, server: &'a Server) -> Self {
        Worker {
            server,
            metadata: MetadataLines::new(&setup.metadata, &setup.framework),
            linger: LINGER,
            line: Line::new(),
            secrets: Secrets::new(),
            outbox: Outbox::new(Arc::clone(&setup.transport)),
            waiters: Waiters::default(),
            ticks: Calibration::begin(),
            metrics: Metrics::new(setup.metrics_interval, Instant::now(), OnceLog::new(setup.log.clone())),
            position: 0,
            lost_at_the_end: false,
            state: StateLog::new(setup.log.clone()),
            refusals: OnceLog::new(setup.log.clone()),
            cuts: OnceLog::new(setup.log.clone()),
            filter_failures: OnceLog::new(setup.log.clone()),
            overflow: Overflow::new(setup.log.clone(), &setup.queue.counters),
            setup,
        }
    }

    /// Runs until shutdown; says whether all that was left by then arrived.
    pub(super) async fn run(mut self) -> bool {
        if let Some(request) = self.setup.unheard.take() {
            self.on_request(Some(request));
        }
        loop {
            let gathering = self.take_in();
            self.report_metrics();
            self.outbox.send_if_due(self.waiters.is_urgent(), self.setup.queue.is_filling_up());
            self.waiters.settle(self.outbox.first_unsettled().unwrap_or(self.position));
            if self.setup.stopping && !self.waiters.is_urgent() {
                break;
            }
            self.waiters.answer();
            let wake_at = self.wake_at(gathering);
            // A full batch takes nothing in: only an answer, a timer or a request can change that.
            let (can_take, can_park) = (!self.outbox.is_full(), gathering == Gathering::Idle);
            let Self { setup, outbox, .. } = &mut self;
            tokio::select! {
                biased;
                request = setup.control.recv() => self.on_request(request),
                (batch, answer) = outbox.answer() => self.on_answer(batch, answer),
                () = sleep_until(wake_at.into()) => {}
                // Not a timer: those count in milliseconds, in which hundreds of events could be taken in.
                () = yield_now(), if gathering == Gathering::More => {}
                () = setup.queue.wait(can_park), if can_take && gathering != Gathering::More => {}
            }
            let now = Instant::now();
            self.ticks = self.ticks.take().and_then(|ticks| ticks.go_on(now));
            self.waiters.expire(now);
            self.overflow.look(&self.setup.queue.counters, now);
        }
        self.abandon_rest()
    }

    /// Moves events from the queue into the batch.
    fn take_in(&mut self) -> Gathering {
        let settings = self.setup.settings.load();
        self.linger = LINGER.min(settings.api_request_time / 2);
        // What lies in the queue for as long as the reporter lingers counts too.
        let request_time = settings.api_request_time.saturating_sub(self.linger);
        self.outbox.set_limits(request_time, settings.api_request_size.as_usize());
        for taken in 0..EVENTS_PER_TURN {
            if self.outbox.is_full() {
                return Gathering::Lingering;
            }
            let mut popped = self.setup.queue.pop();
            let Some(record) = &mut popped else {
                return if taken == 0 { Gathering::Idle } else { Gathering::Lingering };
            };
            let position = self.position;
            self.position += 1;
            self.take(record, position, &settings);
        }
        Gathering::More
    }

    /// Puts one event into the batch.
    fn take(&mut self, record: &mut Record, position: u64, settings: &Settings) {
        self.setup.in_hand += 1;
        let urgent = record.is_urgent();
        // What applications bring along may panic when it is looked at: that costs the one event.
        let (filters, breakdown) = (&self.setup.filters, &mut self.metrics.breakdown);
        let (secrets, line) = (&mut self.secrets, &mut self.line);
        let written = catch_unwind(AssertUnwindSafe(|| {
            lines::write(record, settings, filters, breakdown, secrets, line)
        }));
        match written.unwrap_or(Err(DropReason::Encode)) {
            Ok(cut) => {
                if let Some(cut) = cut {
                    self.cuts.warn("cut", format_args!("{cut}"));
                }
                let metadata = self.metadata.for_version(self.server.version());
                self.outbox.push(self.line.as_bytes(), position, metadata);
                if urgent {
                    self.outbox.hurry();
                }
            }
            // As it is wanted: nobody is told that something was lost.
            Err(DropReason::Filtered) => self.setup.settle(0, DropReason::Filtered, 1),
            Err(reason) => {
                if reason == DropReason::FilterFailed {
                    self.filter_failures.warn(
                        "filter",
                        format_args!("a filter panicked; events that it cannot look at are dropped"),
                    );
                }
                self.setup.log.debug(format_args!("an event was dropped: {}", reason.as_str()));
                self.waiters.lose(position);
                self.lost_at_the_end |= self.setup.stopping;
                self.setup.settle(0, reason, 1);
            }
        }
    }

    /// Puts metrics into the batch if it is time to, and when everything else was taken in before the end.
    fn report_metrics(&mut self) {
        let is_last = self.setup.stopping && self.setup.queue.len() == 0;
        let settings = self.setup.settings.load();
        // In the place of the last event, so that whoever waits for that waits for these too.
        let position = self.position.saturating_sub(1);
        for metricset in self.metrics.report(Instant::now(), is_last, epoch_micros_now(), &settings) {
            self.setup.queue.counters.record();
            self.take(&mut Record::Metricset(Box::new(metricset)), position, &settings);
        }
    }

    fn wake_at(&self, gathering: Gathering) -> Instant {
        let now = Instant::now();
        let look = (gathering == Gathering::Lingering && !self.outbox.is_full()).then(|| now + self.linger);
        let times = [look, self.outbox.due_at(), self.waiters.deadline(), self.metrics.due_at()];
        times.into_iter().flatten().fold(now + FAR_FUTURE, Instant::min)
    }

    fn on_request(&mut self, request: Option<Control>) {
        if !matches!(request, Some(Control::Flush(_))) {
            // First, so that what the waiter waits for is all there will ever be.
            self.setup.stop();
        }
        let until = self.position + self.setup.queue.len() as u64;
        let mut wait = |waiter: Waiter| self.waiters.add(waiter, until, self.outbox.attempts());
        match request {
            Some(Control::Flush(waiter) | Control::Shutdown(waiter)) => wait(waiter),
            // The agent is gone without a word, which its drop never does; there is nobody left to answer.
            None => {}
        }
    }

    fn on_answer(&mut self, batch: SealedBatch, answer: Answer) {
        match judge(answer) {
            Delivery::Taken => {
                self.works();
                self.setup.settle(batch.events, DropReason::SendFailed, 0);
            }
            Delivery::Judged { accepted, reason, why } => {
                self.works();
                let lost = self.lose(&batch, accepted, reason);
                let events = batch.events;
                self.refusals
                    .warn(&why, format_args!("{why}; {lost} of {events} events lost ({})", reason.as_str()));
            }
            Delivery::Failed { accepted, reason, why } => {
                let lost = self.lose(&batch, accepted, reason);
                // Who is about to leave has nothing to lose by another attempt for what is left.
                if !self.setup.stopping {
                    self.waiters.give_up_attempted(self.outbox.attempts());
                }
                let events = batch.events;
                let why = format!("{why}; {lost} of {events} events lost ({})", reason.as_str());
                self.fails(reason.as_str(), true, &why);
            }
            Delivery::Again { reached, why } => {
                self.outbox.keep(batch);
                self.waiters.give_up_attempted(self.outbox.attempts());
                self.fails(
                    "again",
                    reached,
                    &format!("{why}; events are kept within the bound and sent later"),
                );
            }
        }
    }

    /// Counts a batch of which the server took only `accepted`; returns how many events were lost.
    fn lose(&mut self, batch: &SealedBatch, accepted: u64, reason: DropReason) -> u64 {
        let accepted = accepted.min(batch.events);
        let lost = batch.events - accepted;
        if lost > 0 {
            // Which ones is not known.
            self.waiters.lose(batch.first);
            self.lost_at_the_end |= self.setup.stopping;
        }
        self.setup.settle(accepted, reason, lost);
        lost
    }

    /// The server answered as one that works.
    fn works(&mut self) {
        self.outbox.proceed();
        if self.state.recovered(format_args!("the APM Server takes events again")) {
            self.server.returned();
        }
    }

    fn fails(&mut self, kind: &'static str, reached: bool, why: &str) {
        self.state.failed(kind, format_args!("{why}"));
        let wait = self.outbox.back_off(reached);
        self.setup.log.debug(format_args!("next request in {} ms: {why}", wait.as_millis()));
    }

    /// Counts what is left when the time for shutting down is over, then answers whoever still waits. Says whether all arrived.
    fn abandon_rest(mut self) -> bool {
        self.overflow.close(&self.setup.queue.counters);
        let rest = self.setup.abandon(DropReason::AfterShutdown);
        if rest > 0 {
            self.setup.log.warn(format_args!("{rest} events could not be sent before shutdown"));
        }
        self.waiters.answer();
        rest == 0 && !self.lost_at_the_end
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
