//! One line of NDJSON: `{"span":{…}}`.
//!
//! Knows the names of the kinds and the size of a line; how lines become a request is not known here.

use serde::Serialize;

use crate::buffer::Buffer;
use crate::error::ErrorEvent;
use crate::exchange::WithExchange;
use crate::json::Json;
use crate::log::LogEvent;
use crate::metadata::Metadata;
use crate::metricset::Metricset;
use crate::span::SpanEvent;
use crate::transaction::TransactionEvent;

/// The most bytes the server takes for one line, including its newline.
pub const MAX_EVENT_SIZE: usize = 307_200;

/// An event that can stand on a line of its own.
///
/// The six kinds are all there are; the trait cannot be implemented elsewhere.
pub trait WireEvent: Serialize + sealed::Sealed {
    /// The name of its kind, the only key of the line's object.
    const KIND: &'static str;
}

/// Appends one line, newline included, and returns its length in bytes.
///
/// What is in the buffer stays. A caller that finds the line longer than [`MAX_EVENT_SIZE`] truncates the buffer by
/// as much.
///
/// ```
/// use elastic_apm_intake::{Metricset, Sample, write_line};
///
/// let mut metricset = Metricset { timestamp: 1, ..Metricset::default() };
/// metricset.samples.insert("jobs.waiting", Sample::gauge(3.0));
///
/// let mut lines = Vec::new();
/// let length = write_line(&metricset, &mut lines);
///
/// assert_eq!(length, lines.len());
/// assert_eq!(
///     String::from_utf8_lossy(&lines),
///     "{\"metricset\":{\"timestamp\":1,\"samples\":{\"jobs.waiting\":{\"value\":3,\"type\":\"gauge\"}}}}\n",
/// );
/// ```
pub fn write_line<E: WireEvent + ?Sized>(event: &E, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    let mut line = Buffer::behind(std::mem::take(out));
    let is_written = write(event, &mut line);
    *out = line.into_bytes();
    if !is_written {
        out.truncate(start);
    }
    out.len() - start
}

/// No event can fail to serialise; one that did is to leave nothing behind.
#[inline]
fn write<E: WireEvent + ?Sized>(event: &E, line: &mut Buffer) -> bool {
    line.write(b"{\"");
    line.write(E::KIND.as_bytes());
    line.write(b"\":");
    let written = event.serialize(Json(line));
    // In the place of the comma behind it.
    if let Some(comma) = line.last_mut() {
        *comma = b'}';
    }
    line.write(b"\n");
    written.is_ok()
}

/// The memory of one line, for one event after the other.
///
/// What [`write_line`] takes for finding room it takes once.
///
/// ```
/// use elastic_apm_intake::{Line, Metricset};
///
/// let mut line = Line::new();
/// for timestamp in [1, 2] {
///     let length = line.write(&Metricset { timestamp, ..Metricset::default() });
///
///     assert_eq!(length, line.as_bytes().len());
/// }
/// assert_eq!(line.as_bytes(), b"{\"metricset\":{\"timestamp\":2,\"samples\":{}}}\n");
/// ```
pub struct Line(Buffer);

impl Line {
    /// No line yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Buffer::behind(Vec::new()))
    }

    /// Writes an event in place of what was there, and returns the length of its line in bytes.
    pub fn write<E: WireEvent + ?Sized>(&mut self, event: &E) -> usize {
        self.0.clear();
        if !write(event, &mut self.0) {
            self.0.clear();
        }
        self.as_bytes().len()
    }

    /// The line, newline included; nothing where there is none.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Forgets the line.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// How many bytes of memory it takes.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Line").field(&String::from_utf8_lossy(self.as_bytes())).finish()
    }
}

/// An event of any kind, as it was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// What is common to all events of the stream.
    Metadata(Box<Metadata>),
    /// A request, message or job.
    Transaction(Box<TransactionEvent>),
    /// An operation within a transaction.
    Span(Box<SpanEvent>),
    /// An error.
    Error(Box<ErrorEvent>),
    /// Measured values.
    Metricset(Box<Metricset>),
    /// A log record.
    Log(Box<LogEvent>),
}

impl Event {
    /// The name of its kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Metadata(_) => Metadata::KIND,
            Self::Transaction(_) => TransactionEvent::KIND,
            Self::Span(_) => SpanEvent::KIND,
            Self::Error(_) => ErrorEvent::KIND,
            Self::Metricset(_) => Metricset::KIND,
            Self::Log(_) => LogEvent::KIND,
        }
    }

    /// Appends the event as one line and returns its length; see [`write_line`].
    pub fn write_line(&self, out: &mut Vec<u8>) -> usize {
        match self {
            Self::Metadata(event) => write_line(&**event, out),
            Self::Transaction(event) => write_line(&**event, out),
            Self::Span(event) => write_line(&**event, out),
            Self::Error(event) => write_line(&**event, out),
            Self::Metricset(event) => write_line(&**event, out),
            Self::Log(event) => write_line(&**event, out),
        }
    }
}

impl sealed::Sealed for WithExchange<'_> {}

impl WireEvent for WithExchange<'_> {
    const KIND: &'static str = TransactionEvent::KIND;
}

mod sealed {
    /// Keeps the trait to the types of this crate.
    pub trait Sealed {}
}

macro_rules! kinds {
    ($($variant:ident $event:ty = $kind:literal;)*) => {$(
        impl sealed::Sealed for $event {}

        impl WireEvent for $event {
            const KIND: &'static str = $kind;
        }

        impl From<$event> for Event {
            fn from(event: $event) -> Self {
                Self::$variant(Box::new(event))
            }
        }
    )*};
}

kinds! {
    Metadata Metadata = "metadata";
    Transaction TransactionEvent = "transaction";
    Span SpanEvent = "span";
    Error ErrorEvent = "error";
    Metricset Metricset = "metricset";
    Log LogEvent = "log";
}
