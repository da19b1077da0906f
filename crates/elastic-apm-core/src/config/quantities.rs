//! Numbers with and without a unit: durations, sizes, counts, rates.

use std::fmt;
use std::time::Duration;

use elastic_apm_intake::SampleRate;

use super::value::OptionValue;

/// Tells whether `value` lies between two texts of the table; a bound that does not read does not bind.
pub(super) fn within<T: OptionValue + PartialOrd>(value: &T, min: &str, max: &str) -> bool {
    T::parse(min).is_none_or(|min| *value >= min) && T::parse(max).is_none_or(|max| *value <= max)
}

/// Splits `10ms` into `10` and `ms`.
fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit))
}

/// A duration such as `10s`, in Elastic's grammar: whole milliseconds, seconds or minutes, lower case. The grammar
/// has negative ones too, which have a meaning for single options only.
impl OptionValue for Duration {
    const KIND: &'static str = "duration";
    const EXPECTED: &'static str = "a duration such as 500ms, 10s or 1m";

    fn unset() -> Self {
        Duration::ZERO
    }

    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = number_and_unit(text)?;
        match unit {
            "ms" => Some(Duration::from_millis(number)),
            "s" => Some(Duration::from_secs(number)),
            "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
            _ => None,
        }
    }

    fn render(&self) -> String {
        let millis = self.as_millis();
        match millis {
            0 => "0ms".to_owned(),
            _ if millis % 60_000 == 0 => format!("{}m", millis / 60_000),
            _ if millis % 1_000 == 0 => format!("{}s", millis / 1_000),
            _ => format!("{millis}ms"),
        }
    }
}

/// A duration that may also be given in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GranularDuration(pub(crate) Duration);

impl OptionValue for GranularDuration {
    const KIND: &'static str = "duration";
    const EXPECTED: &'static str = "a duration such as 250us, 500ms or 10s";

    fn unset() -> Self {
        GranularDuration(Duration::ZERO)
    }

    fn parse(text: &str) -> Option<Self> {
        let duration = match number_and_unit(text)? {
            (number, "us") => Some(Duration::from_micros(number)),
            _ => Duration::parse(text),
        };
        duration.map(GranularDuration)
    }

    fn render(&self) -> String {
        let micros = self.0.as_micros();
        if micros % 1_000 == 0 { self.0.render() } else { format!("{micros}us") }
    }
}

/// A number of bytes. The units count in 1024s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ByteSize(usize);

impl ByteSize {
    const UNITS: [(&'static str, u64); 4] = [("gb", 1 << 30), ("mb", 1 << 20), ("kb", 1 << 10), ("b", 1)];

    /// Wraps a number of bytes.
    pub(crate) const fn bytes(bytes: usize) -> Self {
        Self(bytes)
    }

    /// Returns the number of bytes.
    pub(crate) const fn as_usize(self) -> usize {
        self.0
    }
}

impl OptionValue for ByteSize {
    const KIND: &'static str = "size";
    const EXPECTED: &'static str = "a size such as 500b, 768kb or 1mb";

    fn unset() -> Self {
        Self(0)
    }

    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = number_and_unit(text)?;
        let (_, factor) = Self::UNITS.into_iter().find(|(name, _)| unit.eq_ignore_ascii_case(name))?;
        usize::try_from(number.checked_mul(factor)?).ok().map(Self)
    }

    fn render(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0 as u64;
        let unit = Self::UNITS.into_iter().find(|(_, factor)| bytes > 0 && bytes % factor == 0);
        let (name, factor) = unit.unwrap_or(("b", 1));
        write!(f, "{}{name}", bytes / factor)
    }
}

impl OptionValue for usize {
    const KIND: &'static str = "integer";
    const EXPECTED: &'static str = "a whole number";

    fn unset() -> Self {
        0
    }

    fn parse(text: &str) -> Option<Self> {
        // `usize::from_str` alone would take `+5`.
        text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
    }

    fn render(&self) -> String {
        self.to_string()
    }
}

impl OptionValue for SampleRate {
    const KIND: &'static str = "sample rate";
    const EXPECTED: &'static str = "a number from 0 to 1";

    fn unset() -> Self {
        SampleRate::ALWAYS
    }

    fn parse(text: &str) -> Option<Self> {
        SampleRate::from_f64(text.parse().ok()?)
    }

    fn render(&self) -> String {
        self.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_lower_case_unit() {
        for (text, expected) in [
            ("0ms", Some(Duration::ZERO)),
            ("500ms", Some(Duration::from_millis(500))),
            ("10s", Some(Duration::from_secs(10))),
            ("2m", Some(Duration::from_secs(120))),
            ("10", None),
            ("10S", None),
            ("10 s", None),
            ("1.5s", None),
            ("-1s", None),
            ("+1s", None),
            ("s", None),
            ("", None),
            ("10us", None),
            ("18446744073709551615m", None),
            ("99999999999999999999s", None),
        ] {
            assert_eq!(Duration::parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn granular_durations_take_microseconds_too() {
        for (text, expected) in
            [("250us", Some(250)), ("1500us", Some(1_500)), ("2ms", Some(2_000)), ("2", None), ("-1us", None)]
        {
            let parsed = GranularDuration::parse(text);
            assert_eq!(parsed.map(|value| value.0.as_micros()), expected, "{text:?}");
            assert!(parsed.is_none_or(|value| value.render() == text));
        }
    }

    #[test]
    fn sizes_count_in_1024s_in_any_case() {
        for (text, expected) in [
            ("500b", Some(500)),
            ("768kb", Some(768 * 1024)),
            ("1MB", Some(1 << 20)),
            ("2Gb", Some(2 << 30)),
            ("1", None),
            ("1k", None),
            ("-1kb", None),
            ("1 kb", None),
            ("99999999999999gb", None),
        ] {
            assert_eq!(ByteSize::parse(text).map(ByteSize::as_usize), expected, "{text:?}");
        }
    }

    #[test]
    fn quantities_render_in_their_largest_whole_unit() {
        for text in ["0ms", "1ms", "1500ms", "10s", "90s", "2m"] {
            assert_eq!(Duration::parse(text).map(|value| value.render()).as_deref(), Some(text));
        }
        for text in ["0b", "1b", "1025b", "768kb", "10mb", "1gb"] {
            assert_eq!(ByteSize::parse(text).map(|value| value.render()).as_deref(), Some(text));
        }
    }

    #[test]
    fn counts_are_digits_only() {
        assert_eq!(usize::parse("500"), Some(500));
        for text in ["+5", "-5", "5.0", "", "five", "99999999999999999999999"] {
            assert_eq!(usize::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn sample_rates_lie_between_0_and_1() {
        assert_eq!(SampleRate::parse("0.55555").map(|rate| rate.render()).as_deref(), Some("0.5556"));
        assert_eq!(SampleRate::parse("0").map(SampleRate::as_f64), Some(0.0));
        for text in ["1.1", "-0.1", "NaN", "inf", "half"] {
            assert!(SampleRate::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn bounds_are_inclusive() {
        assert!(within(&Duration::from_secs(1), "1s", "2s") && within(&Duration::from_secs(2), "1s", "2s"));
        assert!(
            !within(&Duration::from_millis(999), "1s", "2s") && !within(&Duration::from_secs(3), "1s", "2s")
        );
    }
}
