//! Numbers as the server takes them: finite, whole ones without a fraction, durations to the microsecond.

use std::fmt;

use serde::de::{self, Deserializer, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

/// Whole numbers below this are exact in a float.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Writes a finite number, whole ones as a JSON integer.
fn write<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    let whole = number as i64;
    if whole as f64 == number && number.abs() < EXACT {
        serializer.serialize_i64(whole)
    } else {
        serializer.serialize_f64(number)
    }
}

/// A finite number of any size.
pub(crate) struct Finite(pub(crate) f64);

impl Serialize for Finite {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(self.0, serializer)
    }
}

/// A duration in milliseconds: not negative, at most three decimals.
///
/// What is no duration at all (negative, NaN, infinite) is written as 0: the server would refuse the event.
pub(crate) struct Millis(pub(crate) f64);

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let millis = if self.0.is_finite() { self.0.max(0.0) } else { 0.0 };
        let micros = millis * 1000.0;
        // Beyond the exact range there are no decimals left to cut.
        write(if micros < EXACT { micros.round() / 1000.0 } else { millis }, serializer)
    }
}

/// For `serialize_with` on a duration in milliseconds.
pub(crate) fn write_millis<S: Serializer>(millis: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    Millis(*millis).serialize(serializer)
}

/// For `deserialize_with` on a duration in milliseconds.
pub(crate) fn read_millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    deserializer.deserialize_f64(NumberVisitor {
        expected: "a duration of at least 0",
        accept: |millis| (millis >= 0.0).then_some(millis),
    })
}

/// Reads a number that has to pass a check.
///
/// A check within the visitor, unlike one after it, leaves the parser at the number: its position names the field.
pub(crate) struct NumberVisitor<T> {
    pub(crate) expected: &'static str,
    pub(crate) accept: fn(f64) -> Option<T>,
}

impl<T> Visitor<'_> for NumberVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        (self.accept)(number).ok_or_else(|| E::invalid_value(Unexpected::Float(number), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        (self.accept)(number as f64).ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        (self.accept)(number as f64).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::{Finite, Millis};

    fn written(millis: f64) -> String {
        serde_json::to_string(&Millis(millis)).unwrap()
    }

    #[test]
    fn durations_are_written_to_the_microsecond() {
        assert_eq!(written(1.234_567_8), "1.235");
        assert_eq!(written(0.1 + 0.2), "0.3");
        assert_eq!(written(5.0), "5");
        assert_eq!(written(0.0004), "0");
    }

    #[test]
    fn what_is_no_duration_is_written_as_zero() {
        for millis in [-1.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(written(millis), "0", "{millis}");
        }
    }

    #[test]
    fn huge_durations_stay_numbers() {
        for millis in [9e12, 9.1e15, 1e22, f64::MAX] {
            assert_eq!(serde_json::from_str::<f64>(&written(millis)).unwrap(), millis);
        }
    }

    #[test]
    fn whole_numbers_are_written_as_integers() {
        assert_eq!(serde_json::to_string(&Finite(-12.0)).unwrap(), "-12");
        assert_eq!(serde_json::to_string(&Finite(0.25)).unwrap(), "0.25");
    }
}
