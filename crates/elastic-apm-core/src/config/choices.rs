//! Options that are one word out of a few.

use std::fmt;

use super::value::OptionValue;

/// An enumeration whose values have one name each.
macro_rules! choice {
    ($(#[$attr:meta])* $name:ident: $expected:literal { $( $(#[$variant_attr:meta])* $variant:ident = $word:literal, )* }) => {
        $(#[$attr])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub enum $name {
            $( $(#[$variant_attr])* $variant, )*
        }

        impl $name {
            /// The name as one would write it into the variable.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl OptionValue for $name {
            const KIND: &'static str = "choice";
            const EXPECTED: &'static str = $expected;

            fn unset() -> Self {
                Self::default()
            }

            fn parse(text: &str) -> Option<Self> {
                [$( Self::$variant, )*].into_iter().find(|choice| text.eq_ignore_ascii_case(choice.as_str()))
            }

            fn render(&self) -> String {
                self.to_string()
            }
        }
    };
}

choice! {
    /// Which events carry the body of the request they belong to; the option `capture_body`.
    CaptureBody: "off, errors, transactions or all" {
        /// None.
        #[default]
        Off = "off",
        /// Errors.
        Errors = "errors",
        /// Transactions.
        Transactions = "transactions",
        /// Both.
        All = "all",
    }
}

impl CaptureBody {
    /// Whether transactions carry it.
    pub(crate) const fn in_transactions(self) -> bool {
        matches!(self, Self::Transactions | Self::All)
    }

    /// Whether errors carry it.
    pub(crate) const fn in_errors(self) -> bool {
        matches!(self, Self::Errors | Self::All)
    }
}

choice! {
    /// Whose trace a transaction with a caller belongs to; the option `trace_continuation_strategy`.
    TraceContinuationStrategy: "continue, restart or restart_external" {
        /// The caller's.
        #[default]
        Continue = "continue",
        /// A new one, linked to the caller's.
        Restart = "restart",
        /// The caller's if an Elastic agent is part of it, else a new one, linked to the caller's.
        RestartExternal = "restart_external",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_words_in_any_case() {
        assert_eq!(CaptureBody::parse("ALL"), Some(CaptureBody::All));
        assert_eq!(
            TraceContinuationStrategy::parse("restart_external"),
            Some(TraceContinuationStrategy::RestartExternal)
        );
        for text in ["true", "", "al", "restart-external"] {
            assert_eq!(
                (CaptureBody::parse(text), TraceContinuationStrategy::parse(text)),
                (None, None),
                "{text:?}"
            );
        }
    }

    #[test]
    fn each_choice_says_which_events_carry_the_body() {
        let carriers = |choice: CaptureBody| (choice.in_transactions(), choice.in_errors());

        assert_eq!(carriers(CaptureBody::Off), (false, false));
        assert_eq!(carriers(CaptureBody::Errors), (false, true));
        assert_eq!(carriers(CaptureBody::Transactions), (true, false));
        assert_eq!(carriers(CaptureBody::All), (true, true));
    }
}
