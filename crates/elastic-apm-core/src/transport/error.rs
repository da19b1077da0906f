//! Why there is no answer, and above all: whether the server can have seen the request.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// A request went without an answer.
///
/// Ask [`is_not_sent`](Self::is_not_sent) before sending the same again. The text names all causes, so there is no `source`.
#[derive(Debug)]
pub struct TransportError {
    kind: Kind,
    cause: Box<dyn Error + Send + Sync>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    NotSent,
    Interrupted,
}

impl TransportError {
    /// Reports that the server cannot have seen any of the request: its name is unknown, it refused the connection, or it
    /// failed to prove who it is.
    pub fn not_sent(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: Kind::NotSent, cause: cause.into() }
    }

    /// Reports that the server may have seen the request, in part or as a whole.
    pub fn interrupted(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: Kind::Interrupted, cause: cause.into() }
    }

    /// Tells whether the server certainly has not seen the request, so that sending it again cannot double anything.
    #[must_use]
    pub fn is_not_sent(&self) -> bool {
        self.kind == Kind::NotSent
    }

    /// Tells whether the time allowed for the exchange ran out.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.cause.is::<TimedOut>()
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::NotSent => "could not reach the server",
            Kind::Interrupted => "the exchange with the server was interrupted",
        })?;
        let first: &(dyn Error + 'static) = &*self.cause;
        for cause in std::iter::successors(Some(first), |&cause| cause.source()) {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl Error for TransportError {}

/// The time allowed ran out.
#[derive(Debug)]
pub(super) struct TimedOut(pub(super) Duration);

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer within {:?}", self.0)
    }
}

impl Error for TimedOut {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_names_all_causes() {
        let error = TransportError::not_sent(TransportError::interrupted("reset"));

        assert_eq!(
            error.to_string(),
            "could not reach the server: the exchange with the server was interrupted: reset"
        );
    }

    #[test]
    fn only_a_request_that_was_not_sent_is_safe_to_repeat() {
        assert!(TransportError::not_sent("x").is_not_sent());
        assert!(!TransportError::interrupted("x").is_not_sent());
        assert!(TransportError::interrupted(TimedOut(Duration::from_secs(5))).is_timeout());
    }
}
