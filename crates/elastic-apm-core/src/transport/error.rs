//! Why there is no answer, and above all: whether the server can have seen the request.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// A request went without an answer.
///
/// Ask [`is_not_sent`](Self::is_not_sent) before sending the same again. `{error}` is one sentence, `{error:#}` adds the causes.
#[derive(Debug)]
pub struct TransportError {
    kind: Kind,
    source: Box<dyn Error + Send + Sync>,
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
        Self { kind: Kind::NotSent, source: cause.into() }
    }

    /// Reports that the server may have seen the request, in part or as a whole.
    pub fn interrupted(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: Kind::Interrupted, source: cause.into() }
    }

    /// Tells whether the server certainly has not seen the request, so that sending it again cannot double anything.
    #[must_use]
    pub fn is_not_sent(&self) -> bool {
        self.kind == Kind::NotSent
    }

    /// Tells whether the time allowed for the exchange ran out.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.source.is::<TimedOut>()
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::NotSent => "could not reach the server",
            Kind::Interrupted => "the exchange with the server was interrupted",
        })?;
        if f.alternate() {
            for cause in std::iter::successors(self.source(), |&cause| cause.source()) {
                write!(f, ": {cause}")?;
            }
        }
        Ok(())
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

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
    fn the_alternate_form_adds_the_causes() {
        let cause = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let error = TransportError::not_sent(cause);

        assert_eq!(error.to_string(), "could not reach the server");
        assert_eq!(format!("{error:#}"), "could not reach the server: connection refused");
    }

    #[test]
    fn only_a_request_that_was_not_sent_is_safe_to_repeat() {
        assert!(TransportError::not_sent("x").is_not_sent());
        assert!(!TransportError::interrupted("x").is_not_sent());
        assert!(TransportError::interrupted(TimedOut(Duration::from_secs(5))).is_timeout());
    }
}
