//! One moment of the wall clock per transaction; everything below it is measured on a monotonic clock.
//!
//! So a clock step during a transaction can neither reorder its spans nor make a duration negative. All times of one transaction are
//! whole microseconds since its start: what is added up from them is exact.

mod ticks;
mod wall;

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) use ticks::Calibration;
use ticks::TickMoment;

/// A moment known on the wall clock and on a monotonic one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timebase {
    /// Microseconds since the epoch at `start`.
    epoch_micros: u64,
    start: Moment,
}

/// A moment on a monotonic clock, the cheapest to read that there is.
#[derive(Clone, Copy, Debug)]
enum Moment {
    Ticks(TickMoment),
    Clock(Instant),
}

impl Timebase {
    /// Now.
    pub(crate) fn now() -> Self {
        match TickMoment::now() {
            Some(now) => Timebase { epoch_micros: wall::epoch_micros_at(now), start: Moment::Ticks(now) },
            None => Timebase {
                epoch_micros: micros_since_epoch(SystemTime::now()),
                start: Moment::Clock(Instant::now()),
            },
        }
    }

    /// Some moment of this process, for what is not timed: no clock is read.
    pub(crate) fn of_nothing() -> Self {
        static SOME: OnceLock<Timebase> = OnceLock::new();
        *SOME.get_or_init(Timebase::now)
    }

    /// A moment in the past that the caller names by the wall clock; a time in the future is taken as now.
    pub(crate) fn starting_at(start: SystemTime) -> Self {
        let (wall, instant) = (SystemTime::now(), Instant::now());
        let age = wall.duration_since(start).unwrap_or(Duration::ZERO);
        let (start, instant) = match instant.checked_sub(age) {
            Some(instant) => (start.min(wall), instant),
            None => (wall, instant),
        };
        Timebase { epoch_micros: micros_since_epoch(start), start: Moment::Clock(instant) }
    }

    /// Microseconds since the start.
    #[inline]
    pub(crate) fn elapsed(&self) -> i64 {
        match &self.start {
            Moment::Ticks(moment) => moment.elapsed(),
            Moment::Clock(instant) => micros(instant.elapsed()) as i64,
        }
    }

    /// Microseconds from the start to a moment that the caller names by the wall clock, which may lie before it; a time in the future is
    /// taken as now.
    pub(crate) fn elapsed_at(&self, moment: SystemTime) -> i64 {
        (micros_since_epoch(moment) as i64).saturating_sub(self.epoch_micros as i64).min(self.elapsed())
    }

    /// Microseconds since the epoch, so many microseconds after the start.
    pub(crate) fn epoch_micros(&self, elapsed: i64) -> u64 {
        self.epoch_micros.saturating_add_signed(elapsed)
    }
}

/// Microseconds as the milliseconds of the wire.
pub(crate) fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

/// Now, in microseconds since the epoch.
pub(crate) fn epoch_micros_now() -> u64 {
    micros_since_epoch(SystemTime::now())
}

/// A time in microseconds since the epoch; one before it is at the epoch.
pub(crate) fn micros_since_epoch(time: SystemTime) -> u64 {
    micros(time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO))
}

/// Like `Duration::as_micros`, in 63 bits. Those last for a quarter of a million years; whoever tells of more is taken at that.
#[inline]
pub(crate) fn micros(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(1_000_000);
    seconds.saturating_add(u64::from(duration.subsec_micros())).min(i64::MAX as u64)
}
