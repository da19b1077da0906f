//! What every option value can do: be read from text, be shown, say what it expects.

use std::borrow::Cow;
use std::fmt;

use super::environment::Environment;

/// Where a value in force came from. Later ones win: an environment variable beats the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The agent's own choice.
    Default,
    /// An attribute of the service in OpenTelemetry's variable `OTEL_RESOURCE_ATTRIBUTES`.
    OtelResourceAttributes,
    /// OpenTelemetry's variable `OTEL_SERVICE_NAME`.
    OtelServiceName,
    /// A call on the builder.
    Code,
    /// An `ELASTIC_APM_*` variable.
    Environment,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::OtelResourceAttributes => Environment::OTEL_RESOURCE_ATTRIBUTES,
            Self::OtelServiceName => Environment::OTEL_SERVICE_NAME,
            Self::Code => "code",
            Self::Environment => "environment",
        })
    }
}

/// One row of the table of options: all that documentation and messages need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptionInfo {
    /// The name in code and in Elastic's documentation, such as `server_url`.
    pub name: &'static str,
    /// The environment variable, such as `ELASTIC_APM_SERVER_URL`.
    pub env: &'static str,
    /// The type in words, such as `duration`.
    pub kind: &'static str,
    /// The default as one would write it into the variable; empty when the option is not set by default.
    pub default: &'static str,
    /// The smallest and the largest value taken, where there are bounds.
    pub range: Option<(&'static str, &'static str)>,
    /// Whether the value may change while the agent runs.
    pub dynamic: bool,
    /// Whether the value is shown as `[REDACTED]`.
    pub secret: bool,
    /// What the option does, in Markdown.
    pub doc: &'static str,
}

/// What is shown instead of a secret.
pub(crate) const REDACTED: &str = "[REDACTED]";

/// A type that an option can have.
pub(super) trait OptionValue: Clone {
    /// The type in words, for the documentation.
    const KIND: &'static str;
    /// What a usable text looks like; completes "expected …".
    const EXPECTED: &'static str;
    /// Never show the value.
    const SECRET: bool = false;
    /// An empty text is a value (the empty list) and not the same as no text.
    const EMPTY_IS_A_VALUE: bool = false;

    /// The value when nothing is set, not even by the table.
    fn unset() -> Self;

    /// Reads a trimmed text; `None` when it is not usable.
    fn parse(text: &str) -> Option<Self>;

    /// Shows the value as one would write it.
    fn render(&self) -> String;

    /// Tells whether reading `text` took more than reading: the user should hear what came out of it.
    fn adjusted(&self, _text: &str) -> bool {
        false
    }

    /// Shows a text that was refused, without the secrets it may hold.
    fn printable(text: &str) -> Cow<'_, str> {
        Cow::Borrowed(text)
    }
}

/// A value handed in by code: typed where the setter's type says all, else the text that a variable would hold.
#[derive(Clone)]
pub(crate) enum Given<T> {
    /// A value of the option's own type.
    Value(T),
    /// A text still to be read.
    Text(String),
}

impl<T: OptionValue> fmt::Debug for Given<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => f.write_str(&value.render()),
            Self::Text(_) if T::SECRET => f.write_str(REDACTED),
            Self::Text(text) => fmt::Debug::fmt(&*T::printable(text), f),
        }
    }
}
