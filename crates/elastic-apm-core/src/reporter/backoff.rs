//! How long to wait after failed requests: `min(n, 6)²` seconds, ±10 %.
//!
//! From Elastic's transport specification: 0, 1, 4, 9, 16, 25, then 36 seconds. Knows neither requests nor clocks.

use std::time::Duration;

/// Counts consecutive failures.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// A request succeeded: the next failure starts from zero.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// A request failed: how long to wait. `jitter` is a random number in `0.0..1.0`.
    pub(crate) fn failed(&mut self, jitter: f64) -> Duration {
        let seconds = f64::from(self.failures.min(6).pow(2));
        self.failures = self.failures.saturating_add(1);
        Duration::from_secs_f64(seconds * (0.9 + 0.2 * jitter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_with_the_square_up_to_36_seconds() {
        let mut backoff = Backoff::default();

        let waits: Vec<u64> = (0..8).map(|_| backoff.failed(0.5).as_secs()).collect();

        assert_eq!(waits, [0, 1, 4, 9, 16, 25, 36, 36]);
    }

    #[test]
    fn jitter_moves_a_wait_by_at_most_ten_percent() {
        let wait = |jitter| {
            let mut backoff = Backoff { failures: 2 };
            backoff.failed(jitter).as_secs_f64()
        };

        assert!((wait(0.0) - 3.6).abs() < 1e-9 && (wait(1.0) - 4.4).abs() < 1e-9);
    }

    #[test]
    fn success_starts_over() {
        let mut backoff = Backoff { failures: 5 };
        backoff.reset();

        assert_eq!(backoff.failed(0.5), Duration::ZERO);
    }
}
