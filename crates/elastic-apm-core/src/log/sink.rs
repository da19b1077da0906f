//! Where the lines of the agent's log end up: the process's outlet, or a list that a test reads.

use std::fmt;

use super::LogLevel;

#[cfg(all(feature = "log", not(feature = "tracing")))]
use super::to_log::Outlet;
#[cfg(not(any(feature = "tracing", feature = "log")))]
use super::to_stderr::Outlet;
#[cfg(feature = "tracing")]
use super::to_tracing::Outlet;

/// The end of a log. Writing never fails from the caller's view.
pub(super) enum Sink {
    /// Standard error or the facade that the crate's features choose.
    Process(Outlet),
    #[cfg(any(test, feature = "testing"))]
    Recording(std::sync::Mutex<Vec<String>>),
}

impl Sink {
    pub(super) fn write(&self, level: LogLevel, message: fmt::Arguments<'_>) {
        match self {
            Self::Process(outlet) => outlet.write(level, message),
            #[cfg(any(test, feature = "testing"))]
            Self::Recording(lines) => {
                let line = format!("{} {message}", level.label());
                lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(line);
            }
        }
    }
}

impl Default for Sink {
    fn default() -> Self {
        Self::Process(Outlet::new())
    }
}

#[cfg(any(test, feature = "testing"))]
impl Sink {
    pub(super) fn recording() -> Self {
        Self::Recording(std::sync::Mutex::default())
    }

    pub(super) fn recorded(&self) -> Vec<String> {
        match self {
            Self::Process(_) => Vec::new(),
            Self::Recording(lines) => lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone(),
        }
    }
}
