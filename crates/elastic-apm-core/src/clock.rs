//! One reading of the wall clock per transaction; everything below it is measured on the monotonic clock.
//!
//! So a clock step during a transaction can neither reorder its spans nor make a duration negative. All times of one transaction are
//! whole microseconds since its start: what is added up from them is exact.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A moment known on both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timebase {
    /// Microseconds since the epoch at `start`.
    epoch_micros: u64,
    start: Instant,
}

impl Timebase {
    /// Now.
    pub(crate) fn now() -> Self {
        Timebase { epoch_micros: micros_since_epoch(SystemTime::now()), start: Instant::now() }
    }

    /// A moment in the past that the caller names by the wall clock; a time in the future is taken as now.
    pub(crate) fn starting_at(start: SystemTime) -> Self {
        let (wall, instant) = (SystemTime::now(), Instant::now());
        let age = wall.duration_since(start).unwrap_or(Duration::ZERO);
        match instant.checked_sub(age) {
            Some(instant) => Timebase { epoch_micros: micros_since_epoch(start.min(wall)), start: instant },
            None => Timebase { epoch_micros: micros_since_epoch(wall), start: instant },
        }
    }

    /// Microseconds since the start.
    #[inline]
    pub(crate) fn elapsed(&self) -> i64 {
        micros(self.start.elapsed()) as i64
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
