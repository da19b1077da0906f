//! Reading a line: which kind it is, and what is wrong with it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::error::ErrorEvent;
use crate::line::{Event, WireEvent};
use crate::log::LogEvent;
use crate::metadata::Metadata;
use crate::metricset::Metricset;
use crate::position;
use crate::span::SpanEvent;
use crate::text::{Keyword, Text};
use crate::transaction::TransactionEvent;

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineError {
    /// The line is not JSON.
    NotJson {
        /// What the parser says, with the column.
        message: String,
    },
    /// The line is JSON, but no object whose first key names a kind.
    NoKind,
    /// The first key is not a kind of event.
    UnknownKind {
        /// The key, cut to a length that can be shown.
        kind: String,
    },
    /// A field is missing or not what it should be.
    Invalid {
        /// The path of the field, or of the object that misses one: `span.context.http.status_code`.
        field: String,
        /// What is wrong with it, cut to a length that can be shown.
        message: String,
    },
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson { message } => write!(f, "not JSON: {message}"),
            Self::NoKind => f.write_str("not an object that names a kind of event"),
            Self::UnknownKind { kind } => write!(f, "unknown kind of event `{kind}`"),
            Self::Invalid { field, message } => write!(f, "{field}: {message}"),
        }
    }
}

impl std::error::Error for LineError {}

/// Keeps what a stranger sent from filling the log.
fn shown(text: String) -> String {
    const SHOWN: usize = 256;
    Text::<SHOWN>::from(text).on_wire().into_owned()
}

impl Event {
    /// Reads one line.
    ///
    /// Like the server: unknown fields are ignored, null is absent, and what follows the first key's value is
    /// ignored. Unlike the server, ids have to be hex, and text has to be UTF-8.
    ///
    /// ```
    /// use elastic_apm_intake::{Event, LineError};
    ///
    /// let error = Event::from_line(br#"{"span":{"id":"xyz"}}"#).unwrap_err();
    ///
    /// assert!(matches!(error, LineError::Invalid { field, .. } if field == "span.id"));
    /// ```
    ///
    /// # Errors
    ///
    /// Fails when the line is not JSON, is of no known kind, or has a field that is not what it should be.
    pub fn from_line(line: &[u8]) -> Result<Self, LineError> {
        let mut deserializer = serde_json::Deserializer::from_slice(line);
        match Line::deserialize(&mut deserializer) {
            Ok(Line::Event(event)) => Ok(event),
            Ok(Line::NoKind) => Err(LineError::NoKind),
            Ok(Line::UnknownKind(kind)) => Err(LineError::UnknownKind { kind: shown(kind) }),
            Err(error) => Err(explain(line, &error)),
        }
    }
}

/// Reads the events of a stream, line by line; empty lines are skipped.
///
/// A line that cannot be read does not end the stream.
///
/// ```
/// use elastic_apm_intake::read_lines;
///
/// let events: Vec<_> = read_lines(b"{\"metricset\":{\"samples\":{}}}\n\nnonsense\n").collect();
///
/// assert_eq!(events.len(), 2);
/// assert!(events[0].is_ok() && events[1].is_err());
/// ```
pub fn read_lines(stream: &[u8]) -> impl Iterator<Item = Result<Event, LineError>> {
    stream
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .map(Event::from_line)
}

/// Says which field of the line the parser stumbled over.
fn explain(line: &[u8], error: &serde_json::Error) -> LineError {
    let message = error.to_string();
    if !error.is_data() {
        return LineError::NotJson { message: shown(message) };
    }
    let mut field = position::path(position::before(line, error.line(), error.column()));
    if field.is_empty() {
        // What is wrong with an event as a whole is only found at its end, when the parser has left it.
        let key = line.iter().position(|byte| *byte == b':').unwrap_or_default();
        field = position::path(&line[..key]);
    }
    if field.is_empty() {
        return LineError::NoKind;
    }
    // The path says more than the column of a line nobody sees.
    let column = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&column).map(str::to_owned).unwrap_or(message);
    LineError::Invalid { field, message: shown(message) }
}

/// What a line turned out to be.
enum Line {
    Event(Event),
    NoKind,
    UnknownKind(String),
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LineVisitor;

        impl<'de> Visitor<'de> for LineVisitor {
            type Value = Line;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Line, A::Error> {
                let Some(kind) = map.next_key::<Keyword>()? else { return Ok(Line::NoKind) };
                let event = match kind.as_str() {
                    Metadata::KIND => Event::Metadata(map.next_value()?),
                    TransactionEvent::KIND => Event::Transaction(map.next_value()?),
                    SpanEvent::KIND => Event::Span(map.next_value()?),
                    ErrorEvent::KIND => Event::Error(map.next_value()?),
                    Metricset::KIND => Event::Metricset(map.next_value()?),
                    LogEvent::KIND => Event::Log(map.next_value()?),
                    kind => {
                        map.next_value::<IgnoredAny>()?;
                        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                        return Ok(Line::UnknownKind(kind.to_owned()));
                    }
                };
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Line::Event(event))
            }
        }

        deserializer.deserialize_map(LineVisitor)
    }
}

#[cfg(test)]
mod tests;
