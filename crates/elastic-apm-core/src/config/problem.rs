//! What can be wrong with options, in words for the person who set them.

use std::fmt;

use super::value::Source;

/// An option's value cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The text is malformed, or out of bounds.
    InvalidValue {
        /// The option, such as `server_timeout`.
        option: &'static str,
        /// Who set it.
        source: Source,
        /// What was set; `[REDACTED]` for secrets.
        value: String,
        /// What would have been usable.
        expected: String,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::InvalidValue { option, source, value, expected } = self;
        write!(f, "invalid {option} {value:?} from {source}: expected {expected}")
    }
}

impl std::error::Error for ConfigError {}

/// Something about the options that the agent works around.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigWarning {
    /// The value is ignored; the next source decides.
    Ignored(ConfigError),
    /// The value was changed to a usable one.
    Adjusted {
        /// What was wrong with it.
        error: ConfigError,
        /// What is used.
        used: String,
    },
    /// The variable, which is not this agent's alone, cannot be read.
    Malformed {
        /// The full name of the variable.
        variable: &'static str,
        /// What would have been usable.
        expected: &'static str,
    },
    /// The variable sets an option of Elastic's other agents.
    NotSupported {
        /// The full name of the variable.
        variable: String,
    },
    /// The variable sets nothing that any agent knows.
    Unknown {
        /// The full name of the variable.
        variable: String,
        /// The known variable that was probably meant.
        nearest: Option<&'static str>,
    },
}

impl ConfigWarning {
    /// Returns the error behind a value that could not be used as it was.
    #[must_use]
    pub fn error(&self) -> Option<&ConfigError> {
        match self {
            Self::Ignored(error) | Self::Adjusted { error, .. } => Some(error),
            Self::Malformed { .. } | Self::NotSupported { .. } | Self::Unknown { .. } => None,
        }
    }
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ignored(error) => write!(f, "{error}; ignored"),
            Self::Adjusted { error, used } => write!(f, "{error}; using {used:?}"),
            Self::Malformed { variable, expected } => {
                write!(f, "{variable} cannot be read: expected {expected}; ignored")
            }
            Self::NotSupported { variable } => {
                write!(f, "{variable} is not supported by this agent; ignored")
            }
            Self::Unknown { variable, nearest: Some(nearest) } => {
                write!(f, "{variable} is not an option; did you mean {nearest}?")
            }
            Self::Unknown { variable, nearest: None } => write!(f, "{variable} is not an option; ignored"),
        }
    }
}
