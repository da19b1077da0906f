//! How long at least one child was running: what a span's own time is without.
//!
//! Children may overlap, on several tasks and threads. One atomic word holds how many run and the time covered so far, so that a start
//! and an end are one addition each. Knows no span; times are microseconds on any common clock.

use crate::sync::atomic::{AtomicU64, Ordering};

/// Bits of the word that count running children; the rest is the time.
const RUNNING_BITS: u32 = 24;
const RUNNING: u64 = (1 << RUNNING_BITS) - 1;
/// The time wraps around after twelve days. It is a difference of moments, so that this does no harm to those of up to six.
const MICROS: u64 = u64::MAX >> RUNNING_BITS;

/// Measures the time that is covered by children.
///
/// The moments at which the first child starts are taken away from the time and those at which the last one ends are added, so that
/// the sum is right whenever none runs.
#[derive(Debug)]
pub(crate) struct ChildTimer(AtomicU64);

impl ChildTimer {
    pub(crate) fn new() -> Self {
        ChildTimer(AtomicU64::new(0))
    }

    /// A child starts.
    #[inline]
    pub(crate) fn started(&self, now: i64) {
        let moment = at_moment(now);
        // As if it were the only one, which is the rule: an addition is cheaper than an exchange that depends on what there was.
        let before = self.add(1_u64.wrapping_sub(moment));
        if before & RUNNING > 0 {
            self.add(moment);
        }
    }

    /// A child ends, which must have started.
    #[inline]
    pub(crate) fn ended(&self, now: i64) {
        let moment = at_moment(now);
        let before = self.add(moment.wrapping_sub(1));
        if before & RUNNING > 1 {
            self.add(moment.wrapping_neg());
        }
    }

    /// The time covered until now, in microseconds.
    pub(crate) fn covered(&self, now: i64) -> u64 {
        let word = self.0.load(Ordering::Relaxed);
        let covered = word >> RUNNING_BITS;
        let covered = if word & RUNNING == 0 { covered } else { covered.wrapping_add(now as u64) & MICROS };
        // Times that are told afterwards may contradict each other: less than none is none.
        if covered > MICROS / 2 { 0 } else { covered }
    }

    #[inline]
    fn add(&self, change: u64) -> u64 {
        self.0.fetch_add(change, Ordering::Relaxed)
    }
}

/// A moment in the part of the word that is the time.
#[inline]
fn at_moment(now: i64) -> u64 {
    (now as u64) << RUNNING_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_one_after_the_other_cover_their_sum() {
        let timer = ChildTimer::new();
        timer.started(10);
        timer.ended(15);
        timer.started(20);
        timer.ended(40);

        assert_eq!(timer.covered(100), 25);
    }

    #[test]
    fn children_at_the_same_time_are_covered_once() {
        let timer = ChildTimer::new();
        timer.started(10);
        timer.started(12);
        timer.ended(20);
        timer.started(25);
        timer.ended(30);
        timer.ended(31);

        assert_eq!(timer.covered(100), 21);
    }

    #[test]
    fn a_child_that_still_runs_covers_the_time_until_now() {
        let timer = ChildTimer::new();
        timer.started(10);
        timer.ended(20);
        timer.started(30);

        assert_eq!((timer.covered(30), timer.covered(50)), (10, 30));
    }

    #[test]
    fn a_child_whose_end_is_told_to_be_before_anothers_start_covers_nothing_and_no_less() {
        let timer = ChildTimer::new();
        timer.started(50);
        timer.started(0);
        timer.ended(60);
        timer.ended(10);

        assert_eq!(timer.covered(100), 0);
    }

    #[test]
    fn the_clock_may_wrap_around() {
        let timer = ChildTimer::new();
        let late = (MICROS - 5) as i64;
        timer.started(late);

        assert_eq!(timer.covered(late + 20), 20);
        timer.ended(late + 30);
        assert_eq!(timer.covered(0), 30);
    }
}
