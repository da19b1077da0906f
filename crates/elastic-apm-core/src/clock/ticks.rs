//! The processor's own counter as a clock: a few nanoseconds to read, where the kernel's takes twenty.
//!
//! Only where the kernel itself keeps time by it, so that it counts evenly and alike on all cores; elsewhere there are no ticks. How
//! long one takes is measured against the kernel's clock, on the agent's thread, the more exactly the longer the process runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Microseconds in 2^40 ticks; 0 while there are no ticks.
static RATE: AtomicU64 = AtomicU64::new(0);
/// Of the unit in which that is counted: exact to a few billionths.
const SHIFT: u32 = 40;

/// The least time over which ticks are counted: an error of 100 ns in each reading is then one of a millionth.
const LEAST: Duration = Duration::from_millis(100);
/// The most time between two measurements.
const MOST: Duration = Duration::from_secs(60);
/// Two measurements that differ by more than this part are not of an even counter.
const TOLERANCE: u64 = 1_000;
/// The same for what was counted since the last measurement alone: in hours, a pause of the one clock or the other would not be seen. The
/// kernel may correct its own by half a thousandth.
const TOLERANCE_LATELY: u64 = 100;

/// A moment by the counter, and how long its ticks take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TickMoment {
    ticks: u64,
    rate: u64,
}

impl TickMoment {
    /// Now, once it is known how long a tick takes.
    #[inline]
    pub(crate) fn now() -> Option<Self> {
        let rate = RATE.load(Ordering::Relaxed);
        (rate > 0).then(|| TickMoment { ticks: counter::read(), rate })
    }

    /// Microseconds since then.
    #[inline]
    pub(crate) fn elapsed(&self) -> i64 {
        self.micros_until(counter::read()) as i64
    }

    /// Microseconds from an earlier moment to this one; `None` from a later one: the counter went back.
    #[inline]
    pub(super) fn since(&self, earlier: TickMoment) -> Option<u64> {
        (self.ticks >= earlier.ticks).then(|| earlier.micros_until(self.ticks))
    }

    #[inline]
    fn micros_until(&self, ticks: u64) -> u64 {
        let ticks = ticks.saturating_sub(self.ticks);
        ((u128::from(ticks) * u128::from(self.rate)) >> SHIFT) as u64
    }

    /// A moment of a counter that counts microseconds.
    #[cfg(test)]
    pub(super) fn at_micros(micros: u64) -> Self {
        TickMoment { ticks: micros, rate: 1 << SHIFT }
    }
}

/// Measures how long a tick takes.
#[derive(Debug)]
pub(crate) struct Calibration {
    start: Reading,
    last: Reading,
    next: Instant,
}

/// Both clocks at the same moment, as nearly as can be.
type Reading = (Instant, u64);

impl Calibration {
    /// Begins to measure; `None` where the kernel does not keep time by the counter.
    pub(crate) fn begin() -> Option<Self> {
        counter::is_trusted().then(|| Calibration::from(reading()))
    }

    fn from(start: Reading) -> Self {
        Calibration { start, last: start, next: start.0 + LEAST }
    }

    /// Measures if it is time to. `None` when the counter turns out not to be fit for a clock.
    pub(crate) fn go_on(mut self, now: Instant) -> Option<Self> {
        if now < self.next {
            return Some(self);
        }
        let measured = self.measure(RATE.load(Ordering::Relaxed), reading());
        let measured = measured.filter(|_| counter::is_trusted());
        RATE.store(measured.unwrap_or(0), Ordering::Relaxed);
        measured.map(|_| self)
    }

    /// How long a tick takes by this reading; `None` where it is not always the same, or not what is known.
    fn measure(&mut self, known: u64, reading: Reading) -> Option<u64> {
        let (measured, lately) = (rate(self.start, reading)?, rate(self.last, reading)?);
        self.last = reading;
        self.next = reading.0 + reading.0.saturating_duration_since(self.start.0).min(MOST);
        let is_even = is_even(known, measured, TOLERANCE) && is_even(measured, lately, TOLERANCE_LATELY);
        is_even.then_some(measured)
    }
}

fn reading() -> Reading {
    let tries = (0..5).map(|_| {
        let before = counter::read();
        let instant = Instant::now();
        let after = counter::read();
        (after.saturating_sub(before), instant, before + after.saturating_sub(before) / 2)
    });
    let best = tries.min_by_key(|(took, ..)| *took);
    best.map_or_else(|| (Instant::now(), counter::read()), |(_, instant, ticks)| (instant, ticks))
}

/// Microseconds in 2^40 ticks.
fn rate(from: Reading, to: Reading) -> Option<u64> {
    let micros = to.0.saturating_duration_since(from.0).as_secs_f64() * 1e6;
    let ticks = to.1.saturating_sub(from.1);
    (ticks > 0).then(|| (micros / ticks as f64 * (1_u64 << SHIFT) as f64).round() as u64)
}

/// Whether the two are equal but for this part; what is not known is equal to anything.
fn is_even(known: u64, measured: u64, tolerance: u64) -> bool {
    known == 0 || known.abs_diff(measured) < known / tolerance
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod counter {
    //! The time-stamp counter.

    const CLOCK_SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

    #[inline]
    pub(super) fn read() -> u64 {
        tick_counter::x86_64_tick_counter()
    }

    /// Whether the kernel keeps time by it: it has found out then that it counts evenly, and alike on all cores.
    pub(super) fn is_trusted() -> bool {
        std::fs::read_to_string(CLOCK_SOURCE).is_ok_and(|source| source.trim() == "tsc")
    }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
mod counter {
    //! None that is known to be fit.

    #[inline]
    pub(super) fn read() -> u64 {
        0
    }

    pub(super) fn is_trusted() -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 3 GHz: a tick is a third of a nanosecond.
    const THREE_GHZ: u64 = (1 << SHIFT) / 3_000 + 1;

    /// A reading so many seconds later, and so many ticks.
    fn later((instant, ticks): Reading, seconds: u64, more_ticks: u64) -> Reading {
        (instant + Duration::from_secs(seconds), ticks + more_ticks)
    }

    #[test]
    fn a_rate_is_time_by_ticks() {
        let start = (Instant::now(), 17);

        assert_eq!(rate(start, later(start, 2, 6_000_000_000)), Some(THREE_GHZ));
        assert_eq!(rate(start, later(start, 2, 0)), None);
    }

    #[test]
    fn a_counter_that_changes_its_pace_is_no_clock() {
        let start = (Instant::now(), 17);
        let first = later(start, 1, 3_000_000_000);
        for (ticks, is_fit) in
            [(3_000_000_000, true), (3_100_000_000, false), (2_900_000_000, false), (0, false)]
        {
            let mut calibration = Calibration::from(start);
            assert_eq!(calibration.measure(0, first), Some(THREE_GHZ));

            assert_eq!(calibration.measure(THREE_GHZ, later(first, 1, ticks)).is_some(), is_fit, "{ticks}");
        }
    }

    #[test]
    fn a_counter_that_ran_on_while_the_machine_slept_is_no_clock_however_long_it_was_one() {
        let (minute, start) = (60 * 3_000_000_000, (Instant::now(), 17));
        let mut calibration = Calibration::from(start);
        let mut reading = start;
        for _ in 0..60 * 24 {
            reading = later(reading, 60, minute);
            assert!(calibration.measure(THREE_GHZ, reading).is_some());
        }

        assert_eq!(calibration.measure(THREE_GHZ, later(reading, 60, minute + minute / 2)), None);
    }

    #[test]
    fn ticks_and_the_kernels_clock_tell_the_same() {
        let Some(calibration) = Calibration::begin() else {
            return println!("SKIPPED ticks: the kernel of this machine keeps time by something else");
        };
        let later = calibration.start.0 + LEAST;
        while Instant::now() < later {
            std::thread::yield_now();
        }
        assert!(calibration.go_on(later).is_some());

        let earlier = Instant::now();
        let (moment, instant) = (TickMoment::now().unwrap(), Instant::now());
        let until = instant + Duration::from_millis(20);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        // Between two readings of the one there is one of the other.
        let before = instant.elapsed().as_micros() as i64;
        let elapsed = moment.elapsed();
        let after = instant.elapsed().as_micros() as i64;

        assert!(elapsed >= before - 5 - before / 1_000, "{before} {elapsed}");
        let late = moment.elapsed();
        let longest = earlier.elapsed().as_micros() as i64;
        assert!(late >= elapsed && late >= after - 5 - after / 1_000, "{elapsed} {after} {late}");
        assert!(late <= longest + 5 + longest / 1_000, "{late} {longest}");
    }
}
