//! Says that the queue has overflowed: at once, and then once a minute as long as it goes on.
//!
//! Told by the reporter and not where it happens: an application's thread has no time for it.

use std::time::{Duration, Instant};

use crate::log::AgentLog;
use crate::stats::{Counters, DropReason};

/// The least time between two warnings.
const INTERVAL: Duration = Duration::from_secs(60);

/// What has been said so far.
pub(super) struct Overflow {
    log: AgentLog,
    /// The drops that have been spoken of.
    said: u64,
    said_at: Option<Instant>,
}

impl Overflow {
    pub(super) fn new(log: AgentLog, counters: &Counters) -> Self {
        let said = counters.dropped_for(DropReason::QueueFull);
        Overflow { log, said, said_at: None }
    }

    /// Warns of what was dropped since the last warning, if it is time to.
    pub(super) fn look(&mut self, counters: &Counters, now: Instant) {
        let dropped = counters.dropped_for(DropReason::QueueFull);
        if dropped == self.said || self.said_at.is_some_and(|at| now < at + INTERVAL) {
            return;
        }
        self.say(dropped);
        self.said_at = Some(now);
    }

    /// Warns of what was dropped since the last warning.
    pub(super) fn close(&mut self, counters: &Counters) {
        let dropped = counters.dropped_for(DropReason::QueueFull);
        if dropped != self.said {
            self.say(dropped);
        }
    }

    fn say(&mut self, dropped: u64) {
        let more = dropped - self.said;
        self.log.warn(format_args!(
            "{more} events were dropped ({}): more is recorded than the server takes; max_queue_size and max_queue_bytes \
             bound what may wait",
            DropReason::QueueFull.as_str()
        ));
        self.said = dropped;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overflow_is_said_at_once_and_then_once_a_minute() {
        let (log, counters, start) = (AgentLog::recording(), Counters::default(), Instant::now());
        let mut overflow = Overflow::new(log.clone(), &counters);
        let at = |seconds| start + Duration::from_secs(seconds);

        overflow.look(&counters, at(0));
        for (seconds, drops) in [(1, 2), (2, 3), (59, 4), (61, 5), (150, 0)] {
            counters.drop_events(DropReason::QueueFull, drops);
            overflow.look(&counters, at(seconds));
        }
        counters.drop_events(DropReason::QueueFull, 1);
        overflow.close(&counters);
        overflow.close(&counters);

        let counts: Vec<String> =
            log.recorded().iter().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(counts, ["WARN 2", "WARN 12", "WARN 1"]);
    }
}
