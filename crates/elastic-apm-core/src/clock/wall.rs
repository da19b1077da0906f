//! The wall clock of a thread: read every few milliseconds, and told by the counter in between.
//!
//! To read the kernel's costs many times as much as to read the counter. When somebody sets the machine's clock, a thread follows within
//! that time.

use std::cell::Cell;
use std::time::SystemTime;

use super::micros_since_epoch;
use super::ticks::TickMoment;

/// For so many microseconds a reading is good: an error of a thousandth in the counter's rate is one of ten microseconds then.
const GOOD_FOR: u64 = 10_000;

thread_local! {
    static CLOCK: WallClock = const { WallClock::new() };
}

/// Microseconds since the epoch at this moment, which is now.
#[inline]
pub(super) fn epoch_micros_at(now: TickMoment) -> u64 {
    CLOCK.with(|clock| clock.epoch_micros_at(now, || micros_since_epoch(SystemTime::now())))
}

/// The last reading of the kernel's clock.
struct WallClock {
    last: Cell<Option<(TickMoment, u64)>>,
}

impl WallClock {
    const fn new() -> Self {
        WallClock { last: Cell::new(None) }
    }

    #[inline]
    fn epoch_micros_at(&self, now: TickMoment, read: impl FnOnce() -> u64) -> u64 {
        if let Some((last, epoch_micros)) = self.last.get() {
            if let Some(since) = now.since(last).filter(|since| *since < GOOD_FOR) {
                return epoch_micros + since;
            }
        }
        let epoch_micros = read();
        self.last.set(Some((now, epoch_micros)));
        epoch_micros
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_good_for_some_milliseconds_and_then_followed_by_another() {
        let (clock, start) = (WallClock::new(), TickMoment::at_micros(7_000_000));
        let later = |micros: u64| TickMoment::at_micros(7_000_000 + micros);

        assert_eq!(clock.epoch_micros_at(start, || 1_000_000), 1_000_000);
        assert_eq!(clock.epoch_micros_at(later(9_000), || unreachable!()), 1_009_000);
        assert_eq!(clock.epoch_micros_at(later(10_001), || 5_000_000), 5_000_000);
        assert_eq!(clock.epoch_micros_at(later(10_001 + 42), || unreachable!()), 5_000_042);
    }

    #[test]
    fn a_counter_that_went_back_is_followed_at_once() {
        let (clock, start) = (WallClock::new(), TickMoment::at_micros(7_000_000));
        clock.epoch_micros_at(start, || 1_000_000);

        // As after a machine was moved to another host, where nobody knows when it will be where it was.
        let earlier = |micros: u64| TickMoment::at_micros(5_000 + micros);
        assert_eq!(clock.epoch_micros_at(earlier(0), || 9_000_000), 9_000_000);
        assert_eq!(clock.epoch_micros_at(earlier(500), || unreachable!()), 9_000_500);
    }
}
