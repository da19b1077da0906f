//! Counters of what became of every event: sent, still here, or dropped with a reason.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why an event did not reach the APM Server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The queue held `max_queue_size` events or `max_queue_bytes` bytes.
    QueueFull,
    /// Even after cutting its long fields the event exceeded the server's limit for one line.
    TooLarge,
    /// The request that carried it failed after the server may have read it.
    SendFailed,
    /// The server answered that it refused the event.
    Rejected,
    /// It was recorded after the agent had been shut down, or was still unsent when the time for that ran out.
    AfterShutdown,
    /// It could not be written as JSON.
    Encode,
    /// A [filter](crate::AgentBuilder::filter) left it out.
    Filtered,
    /// A [filter](crate::AgentBuilder::filter) panicked when it looked at the event.
    FilterFailed,
    /// The option `disable_send` is on.
    SendDisabled,
    /// The reporter thread panicked while it had it in hand. It starts over.
    ReporterPanicked,
}

impl DropReason {
    /// Every reason, in the order of [`Stats::dropped_by_reason`].
    pub const ALL: [DropReason; 10] = [
        DropReason::QueueFull,
        DropReason::TooLarge,
        DropReason::SendFailed,
        DropReason::Rejected,
        DropReason::AfterShutdown,
        DropReason::Encode,
        DropReason::Filtered,
        DropReason::FilterFailed,
        DropReason::SendDisabled,
        DropReason::ReporterPanicked,
    ];

    /// The reason in snake case, as printed in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            DropReason::QueueFull => "queue_full",
            DropReason::TooLarge => "too_large",
            DropReason::SendFailed => "send_failed",
            DropReason::Rejected => "rejected",
            DropReason::AfterShutdown => "after_shutdown",
            DropReason::Encode => "encode",
            DropReason::Filtered => "filtered",
            DropReason::FilterFailed => "filter_failed",
            DropReason::SendDisabled => "send_disabled",
            DropReason::ReporterPanicked => "reporter_panicked",
        }
    }

    fn index(self) -> usize {
        self as usize
    }
}

/// The live counters behind [`Stats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    recorded: AtomicU64,
    sent: AtomicU64,
    dropped: [AtomicU64; DropReason::ALL.len()],
}

impl Counters {
    /// Counts an event; returns how many there are with it.
    #[inline]
    pub(crate) fn record(&self) -> u64 {
        self.recorded.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }

    pub(crate) fn sent(&self, events: u64) {
        self.sent.fetch_add(events, Ordering::Release);
    }

    pub(crate) fn drop_events(&self, reason: DropReason, events: u64) {
        self.dropped[reason.index()].fetch_add(events, Ordering::Release);
    }

    pub(crate) fn dropped_for(&self, reason: DropReason) -> u64 {
        self.dropped[reason.index()].load(Ordering::Relaxed)
    }

    pub(crate) fn snapshot(&self) -> Stats {
        // What happened to events is read before how many there were: a concurrent event can then only look queued.
        let sent = self.sent.load(Ordering::Acquire);
        let dropped = std::array::from_fn(|i| self.dropped[i].load(Ordering::Acquire));
        Stats { recorded: self.recorded.load(Ordering::Acquire), sent, dropped }
    }
}

/// What became of the events recorded so far.
///
/// `recorded == sent + dropped + queued` at every moment: an event is counted exactly once.
///
/// ```
/// let agent = elastic_apm_core::Agent::builder().without_env().enabled(false).build();
/// let stats = agent.stats();
/// assert_eq!(stats.recorded(), stats.sent() + stats.dropped() + stats.queued());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    recorded: u64,
    sent: u64,
    dropped: [u64; DropReason::ALL.len()],
}

impl Stats {
    /// Events handed to the reporter: transactions, spans, errors; and the metrics that it makes of them.
    pub fn recorded(&self) -> u64 {
        self.recorded
    }

    /// Events that the server accepted.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Events that will never arrive, whatever the reason.
    pub fn dropped(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// Events dropped for one reason.
    pub fn dropped_for(&self, reason: DropReason) -> u64 {
        self.dropped[reason.index()]
    }

    /// Each reason with its count, those that did not occur included.
    pub fn dropped_by_reason(&self) -> impl Iterator<Item = (DropReason, u64)> + '_ {
        DropReason::ALL.into_iter().map(|reason| (reason, self.dropped_for(reason)))
    }

    /// Events recorded and not yet settled: waiting, or on their way.
    pub fn queued(&self) -> u64 {
        self.recorded.saturating_sub(self.sent + self.dropped())
    }
}
