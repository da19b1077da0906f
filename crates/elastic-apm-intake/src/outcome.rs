//! What became of a transaction or a span.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Success or failure as the measured operation itself sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It did what it was asked for.
    Success,
    /// It did not.
    Failure,
    /// Nobody can tell; left out of error rates.
    #[default]
    Unknown,
}

impl Outcome {
    /// Of a request that was answered with this HTTP status: a failure from 500 on, since a 4xx is the caller's. A number that is
    /// no status says nothing: [`Unknown`](Self::Unknown).
    ///
    /// ```
    /// use elastic_apm_intake::Outcome;
    ///
    /// assert_eq!(Outcome::of_response(404), Outcome::Success);
    /// assert_eq!(Outcome::of_response(503), Outcome::Failure);
    /// ```
    #[must_use]
    pub const fn of_response(status: u16) -> Self {
        Self::by_status(status, 500)
    }

    /// Of a call that was answered with this HTTP status: a failure from 400 on. A number that is no status says nothing:
    /// [`Unknown`](Self::Unknown).
    #[must_use]
    pub const fn of_call(status: u16) -> Self {
        Self::by_status(status, 400)
    }

    const fn by_status(status: u16, first_failure: u16) -> Self {
        match status {
            100..=999 if status >= first_failure => Self::Failure,
            100..=999 => Self::Success,
            _ => Self::Unknown,
        }
    }

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome::{self, Failure, Success, Unknown};

    #[test]
    fn a_status_is_judged_by_the_side_that_sees_it() {
        for (status, served, called) in [
            (99, Unknown, Unknown),
            (100, Success, Success),
            (399, Success, Success),
            (400, Success, Failure),
            (499, Success, Failure),
            (500, Failure, Failure),
            (999, Failure, Failure),
            (1000, Unknown, Unknown),
        ] {
            assert_eq!(
                (Outcome::of_response(status), Outcome::of_call(status)),
                (served, called),
                "{status}"
            );
        }
    }
}
