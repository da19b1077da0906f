//! Says a lasting failure once, and its end once.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::AgentLog;

/// Watches one thing that works or fails over and over, such as the server, and logs only the changes.
///
/// A failure of another kind than the last one is a change: "unauthorized" after "unreachable" is said.
#[derive(Debug)]
pub(crate) struct StateLog {
    log: AgentLog,
    failing: Mutex<Option<&'static str>>,
}

impl StateLog {
    /// Starts in the working state: a first success says nothing.
    pub(crate) fn new(log: AgentLog) -> Self {
        Self { log, failing: Mutex::new(None) }
    }

    /// Notes a failure: a warning if its kind is new, else a debug line.
    pub(crate) fn failed(&self, kind: &'static str, message: fmt::Arguments<'_>) {
        if self.swap(Some(kind)) == Some(kind) {
            self.log.debug(message);
        } else {
            self.log.warn(message);
        }
    }

    /// Notes a success: an info line if it ends a failure, else nothing. Says whether it does.
    pub(crate) fn recovered(&self, message: fmt::Arguments<'_>) -> bool {
        let ends_failure = self.swap(None).is_some();
        if ends_failure {
            self.log.info(message);
        }
        ends_failure
    }

    fn swap(&self, state: Option<&'static str>) -> Option<&'static str> {
        std::mem::replace(&mut *self.failing.lock().unwrap_or_else(PoisonError::into_inner), state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lasting_failure_is_one_warning_and_one_info() {
        let log = AgentLog::recording();
        let server = StateLog::new(log.clone());

        server.recovered(format_args!("reachable"));
        server.failed("unreachable", format_args!("no connection"));
        server.failed("unreachable", format_args!("no connection"));
        server.recovered(format_args!("reachable again"));
        server.recovered(format_args!("reachable again"));

        assert_eq!(log.recorded(), ["WARN no connection", "DEBUG no connection", "INFO reachable again"]);
    }

    #[test]
    fn a_failure_of_another_kind_is_said() {
        let log = AgentLog::recording();
        let server = StateLog::new(log.clone());

        server.failed("unreachable", format_args!("no connection"));
        server.failed("unauthorized", format_args!("wrong token"));

        assert_eq!(log.recorded(), ["WARN no connection", "WARN wrong token"]);
    }
}
