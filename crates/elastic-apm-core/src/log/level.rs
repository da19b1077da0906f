//! Log levels: Elastic's seven names, and the names that other tools use for them.

use std::fmt;
use std::str::FromStr;

/// How much the agent's own log says. The default is [`LogLevel::Info`].
///
/// The names are those of Elastic's agents (`off`, `critical`, `error`, `warning`, `info`, `debug`, `trace`),
/// read without regard to case; `warn` and `fatal` are understood too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum LogLevel {
    /// Nothing at all.
    Off = 0,
    /// Only what makes the agent give up. The Rust agent never gives up, so in effect nothing.
    Critical = 1,
    /// Data is being lost, or an option keeps the agent from working.
    Error = 2,
    /// Something is not as configured, and the agent goes on.
    Warning = 3,
    /// Start-up, and changes of state.
    #[default]
    Info = 4,
    /// What happens to each request to the server, and calls on ended handles.
    Debug = 5,
    /// Everything.
    Trace = 6,
}

impl LogLevel {
    const ALL: [LogLevel; 7] =
        [Self::Off, Self::Critical, Self::Error, Self::Warning, Self::Info, Self::Debug, Self::Trace];

    /// Returns the name as Elastic's documentation writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    /// Reads a level back from its number; unknown numbers are `Trace`.
    pub(super) fn from_u8(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::Trace)
    }

    /// Returns the word a log line carries.
    #[cfg(any(test, feature = "testing", feature = "tracing", not(feature = "log")))]
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Off => "OFF",
            Self::Critical => "CRITICAL",
            Self::Error => "ERROR",
            Self::Warning => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no log level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLevelError;

impl fmt::Display for LogLevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown log level")
    }
}

impl std::error::Error for LogLevelError {}

impl FromStr for LogLevel {
    type Err = LogLevelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const ALIASES: [(&str, LogLevel); 2] = [("warn", LogLevel::Warning), ("fatal", LogLevel::Critical)];
        let names = Self::ALL.into_iter().map(|level| (level.as_str(), level));

        names
            .chain(ALIASES)
            .find(|(name, _)| text.eq_ignore_ascii_case(name))
            .map(|(_, level)| level)
            .ok_or(LogLevelError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_as_its_level() {
        for level in LogLevel::ALL {
            assert_eq!(level.as_str().parse(), Ok(level));
            assert_eq!(level.as_str().to_uppercase().parse(), Ok(level));
            assert_eq!(LogLevel::from_u8(level as u8), level);
        }
    }

    #[test]
    fn native_aliases_are_understood() {
        assert_eq!("WARN".parse(), Ok(LogLevel::Warning));
        assert_eq!("Fatal".parse(), Ok(LogLevel::Critical));
        assert_eq!("verbose".parse::<LogLevel>(), Err(LogLevelError));
    }

    #[test]
    fn levels_are_ordered_from_silent_to_chatty() {
        assert!(LogLevel::Off < LogLevel::Error && LogLevel::Error < LogLevel::Trace);
    }
}
