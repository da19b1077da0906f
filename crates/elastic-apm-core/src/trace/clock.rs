//! One reading of the wall clock per transaction; everything below it is measured on the monotonic clock.
//!
//! So a clock step during a transaction can neither reorder its spans nor make a duration negative.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A moment known on both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timebase {
    /// Microseconds since the epoch at `instant`.
    epoch_micros: u64,
    instant: Instant,
}

impl Timebase {
    /// Now.
    pub(crate) fn now() -> Self {
        Timebase { epoch_micros: micros(SystemTime::now()), instant: Instant::now() }
    }

    /// A moment in the past that the caller names by the wall clock; a time in the future is taken as now.
    pub(crate) fn starting_at(start: SystemTime) -> Self {
        let (wall, instant) = (SystemTime::now(), Instant::now());
        let age = wall.duration_since(start).unwrap_or(Duration::ZERO);
        match instant.checked_sub(age) {
            Some(instant) => Timebase { epoch_micros: micros(start.min(wall)), instant },
            None => Timebase { epoch_micros: micros(wall), instant },
        }
    }

    /// When this timebase was taken, on the monotonic clock.
    pub(crate) fn start(&self) -> Instant {
        self.instant
    }

    /// Microseconds since the epoch at `moment`.
    pub(crate) fn epoch_micros(&self, moment: Instant) -> u64 {
        self.epoch_micros + duration_micros(moment.saturating_duration_since(self.instant))
    }
}

/// Milliseconds between two moments, as the wire wants them.
pub(crate) fn millis_between(start: Instant, end: Instant) -> f64 {
    millis(end.saturating_duration_since(start))
}

/// Now, in microseconds since the epoch.
pub(crate) fn epoch_micros_now() -> u64 {
    micros(SystemTime::now())
}

fn micros(time: SystemTime) -> u64 {
    duration_micros(time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO))
}

/// A length of time in milliseconds, as the wire wants it.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration_micros(duration) as f64 / 1000.0
}

/// Like `Duration::as_micros`, in 64 bits. Those last for half a million years; whoever tells of more is taken at that.
fn duration_micros(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000).saturating_add(u64::from(duration.subsec_micros()))
}
