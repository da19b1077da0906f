//! How far stacks are followed, and from which duration on those of spans are: numbers whose negatives have a meaning of their own.

use std::time::Duration;

use super::value::OptionValue;

/// No stack is followed further, whatever the option says: one line holds no more.
const MOST_FRAMES: usize = 1000;

/// The most frames of a stack trace; the option `stack_trace_limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StackTraceLimit(Option<usize>);

impl StackTraceLimit {
    /// `None` for no limit of its own.
    pub(crate) const fn new(frames: Option<usize>) -> Self {
        Self(frames)
    }

    /// How many frames are sent at most; 0 where no stack is to be captured.
    pub(crate) fn frames(self) -> usize {
        self.0.unwrap_or(MOST_FRAMES).min(MOST_FRAMES)
    }
}

impl OptionValue for StackTraceLimit {
    const KIND: &'static str = "integer";
    const EXPECTED: &'static str = "a whole number, or -1 for all";

    fn unset() -> Self {
        Self(Some(0))
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "-1" { Some(Self(None)) } else { usize::parse(text).map(|frames| Self(Some(frames))) }
    }

    fn render(&self) -> String {
        self.0.map_or_else(|| "-1".to_owned(), |frames| frames.to_string())
    }
}

/// The duration from which on spans carry their stack; the option `span_stack_trace_min_duration`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StackTraceMinDuration(Option<Duration>);

impl StackTraceMinDuration {
    /// `None` for never.
    pub(crate) const fn new(duration: Option<Duration>) -> Self {
        Self(duration)
    }

    /// Whether a span that took this many milliseconds carries its stack.
    #[inline]
    pub(crate) fn is_reached(self, millis: f64) -> bool {
        self.0.is_some_and(|least| millis >= least.as_secs_f64() * 1000.0)
    }
}

impl OptionValue for StackTraceMinDuration {
    const KIND: &'static str = "duration";
    const EXPECTED: &'static str = "a duration such as 500ms, 10s or 1m, or -1ms for never";

    fn unset() -> Self {
        Self(None)
    }

    fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix('-') {
            // Elastic's other agents take the bare number here too.
            Some(number) => {
                (Duration::parse(number).is_some() || usize::parse(number).is_some()).then_some(Self(None))
            }
            None => Duration::parse(text).map(|duration| Self(Some(duration))),
        }
    }

    fn render(&self) -> String {
        self.0.map_or_else(|| "-1ms".to_owned(), |duration| duration.render())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_0_is_none_and_of_minus_1_all_up_to_a_bound() {
        let frames = |text| StackTraceLimit::parse(text).map(StackTraceLimit::frames);

        assert_eq!(frames("0"), Some(0));
        assert_eq!(frames("50"), Some(50));
        assert_eq!(frames("-1"), Some(MOST_FRAMES));
        assert_eq!(frames("1000000"), Some(MOST_FRAMES));
        for text in ["-2", "", "ten", "5.0", "+5"] {
            assert_eq!(frames(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_negative_duration_is_never_and_0_always() {
        let reaches =
            |text: &str, millis| StackTraceMinDuration::parse(text).map(|least| least.is_reached(millis));

        for text in ["-1ms", "-1", "-5s", "-1m"] {
            assert_eq!(reaches(text, f64::MAX), Some(false), "{text:?}");
        }
        assert_eq!(reaches("0ms", 0.0), Some(true));
        assert_eq!((reaches("5ms", 4.999), reaches("5ms", 5.0)), (Some(false), Some(true)));
        for text in ["5", "-", "--1ms", "-1h", "never", ""] {
            assert_eq!(reaches(text, 0.0), None, "{text:?}");
        }
    }

    #[test]
    fn both_render_as_one_would_write_them() {
        for text in ["-1", "0", "50"] {
            assert_eq!(StackTraceLimit::parse(text).map(|limit| limit.render()).as_deref(), Some(text));
        }
        for text in ["-1ms", "0ms", "5ms"] {
            assert_eq!(StackTraceMinDuration::parse(text).map(|least| least.render()).as_deref(), Some(text));
        }
    }
}
