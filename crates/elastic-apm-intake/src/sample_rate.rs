//! The sampling rate an event was recorded with.
//!
//! Rounding and printing only; who decides, and by what, is the sampler's business.

use std::fmt;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::number::NumberVisitor;

/// How many steps there are between never and always.
const STEPS: u16 = 10_000;

/// Lets a half that people write round up even where the nearest float lies below it, as for 0.00015.
const NUDGE: f64 = 1e-10;

/// A sampling rate between 0 and 1 with four decimals.
///
/// ```
/// use elastic_apm_intake::SampleRate;
///
/// let rate = SampleRate::from_f64(0.55555).unwrap();
///
/// assert_eq!(rate.to_string(), "0.5556");
/// assert_eq!(SampleRate::from_f64(1.5), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SampleRate(u16);

impl SampleRate {
    /// Every transaction is sampled: 1.
    pub const ALWAYS: Self = Self(STEPS);

    /// No transaction is sampled: 0.
    pub const NEVER: Self = Self(0);

    /// Rounds half away from zero to four decimals; a rate between 0 and 0.0001 becomes 0.0001.
    ///
    /// `None` for anything outside 0 to 1, including NaN.
    #[must_use]
    pub fn from_f64(rate: f64) -> Option<Self> {
        if !(0.0..=1.0).contains(&rate) {
            return None;
        }
        let steps = (rate * f64::from(STEPS) + NUDGE).round();
        // In range by the check above, so the cast cannot cut anything off.
        let steps = if rate > 0.0 { steps.max(1.0) } else { 0.0 } as u16;
        Some(Self(steps))
    }

    /// The rate as a number between 0 and 1.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / f64::from(STEPS)
    }
}

impl fmt::Display for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_f64(), f)
    }
}

impl Serialize for SampleRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::NEVER => serializer.serialize_u8(0),
            Self::ALWAYS => serializer.serialize_u8(1),
            rate => serializer.serialize_f64(rate.as_f64()),
        }
    }
}

impl<'de> Deserialize<'de> for SampleRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_f64(NumberVisitor {
            expected: "a sampling rate between 0 and 1",
            accept: Self::from_f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::SampleRate;

    #[test]
    fn rates_round_half_away_from_zero_to_four_decimals() {
        let printed = |rate| SampleRate::from_f64(rate).map(|rate| rate.to_string());

        assert_eq!(printed(0.55555).as_deref(), Some("0.5556"));
        assert_eq!(printed(0.5).as_deref(), Some("0.5"));
        assert_eq!(printed(0.00015).as_deref(), Some("0.0002"));
        assert_eq!(printed(0.99999).as_deref(), Some("1"));
        assert_eq!(printed(-0.0).as_deref(), Some("0"));
    }

    #[test]
    fn tiny_rates_never_become_never() {
        assert_eq!(SampleRate::from_f64(1e-300).map(SampleRate::as_f64), Some(0.0001));
        assert_eq!(SampleRate::from_f64(0.0), Some(SampleRate::NEVER));
    }

    #[test]
    fn rates_outside_the_unit_interval_are_rejected() {
        for rate in [-0.1, 1.000_001, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(SampleRate::from_f64(rate), None, "{rate}");
        }
    }

    #[test]
    fn every_rate_is_written_in_its_shortest_form_and_read_back() {
        for steps in 0..=10_000 {
            let rate = SampleRate(steps);

            let written = serde_json::to_string(&rate).unwrap();

            assert_eq!(written, rate.to_string());
            assert!(written.len() <= 6, "{written}");
            assert_eq!(serde_json::from_str::<SampleRate>(&written).unwrap(), rate);
        }
    }
}
