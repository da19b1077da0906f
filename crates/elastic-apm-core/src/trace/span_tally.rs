//! The account of the commonest spans: those of no particular type, each of which is entered by one addition.
//!
//! One atomic word holds how many were reported and the time that they took for themselves. Everything else is entered into the ledger,
//! under the transaction's lock. Knows no span.

use crate::sync::atomic::{AtomicU64, Ordering};

/// Bits of the word that count spans; the rest is the time.
const COUNT_BITS: u32 = 24;
const COUNT: u64 = (1 << COUNT_BITS) - 1;
/// Half of what the word has room for: beyond, nothing is added, lest many threads together make one part run over.
const MOST: Tally = Tally { count: COUNT / 2, micros: u64::MAX >> (COUNT_BITS + 1) };
/// The longest time that one span may add, 71 minutes.
const LONGEST: u64 = u32::MAX as u64;

/// Spans that were reported, and the microseconds that they took for themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) micros: u64,
}

impl Tally {
    #[inline]
    fn of(word: u64) -> Self {
        Tally { count: word & COUNT, micros: word >> COUNT_BITS }
    }
}

/// The spans of no particular type within one transaction.
#[derive(Debug)]
pub(crate) struct SpanTally(AtomicU64);

impl SpanTally {
    pub(crate) fn new() -> Self {
        SpanTally(AtomicU64::new(0))
    }

    /// Adds one that took so many microseconds. `false`, and nothing is added, where there is no room for it.
    #[inline]
    pub(crate) fn add(&self, micros: u64) -> bool {
        let before = Tally::of(self.0.load(Ordering::Relaxed));
        let has_room = micros <= LONGEST && before.count < MOST.count && before.micros < MOST.micros;
        if has_room {
            self.0.fetch_add(micros << COUNT_BITS | 1, Ordering::Relaxed);
        }
        has_room
    }

    /// What was added so far.
    pub(crate) fn sum(&self) -> Tally {
        Tally::of(self.0.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_their_times_are_added_up() {
        let tally = SpanTally::new();

        assert!(tally.add(5) && tally.add(0) && tally.add(7));
        assert_eq!(tally.sum(), Tally { count: 3, micros: 12 });
    }

    #[test]
    fn a_span_that_takes_too_long_has_no_room() {
        let tally = SpanTally::new();

        assert!(!tally.add(LONGEST + 1) && !tally.add(u64::MAX));
        assert_eq!(tally.sum(), Tally { count: 0, micros: 0 });
    }

    #[test]
    fn neither_part_runs_over_into_the_other() {
        let (many, long) = (SpanTally::new(), SpanTally::new());

        let added = (0..COUNT).filter(|_| many.add(1)).count() as u64;
        assert_eq!(many.sum(), Tally { count: added, micros: added });
        let added = (0..1_000).filter(|_| long.add(LONGEST)).count() as u64;
        assert_eq!(long.sum(), Tally { count: added, micros: added * LONGEST });
        assert!(added < 1_000);
    }
}
