//! The wire vocabulary of Elastic's intake v2, for writing and for reading.
//!
//! A stream to an APM Server is NDJSON: a line with [`Metadata`], then one line per [`TransactionEvent`],
//! [`SpanEvent`], [`ErrorEvent`], [`Metricset`] or [`LogEvent`]. This crate knows what those lines look like, and
//! nothing about where events come from or how they travel.
//!
//! ```
//! use elastic_apm_intake::{Event, Outcome, SpanCount, SpanId, TraceId, TransactionEvent, write_line};
//!
//! let mut transaction = TransactionEvent {
//!     id: SpanId::from_bytes([0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]),
//!     trace_id: "0af7651916cd43dd8448eb211c80319c".parse()?,
//!     name: Some("GET /users/{id}".into()),
//!     kind: "request".into(),
//!     timestamp: 1_700_000_000_000_000,
//!     duration: 12.345,
//!     outcome: Some(Outcome::Success),
//!     sampled: true,
//!     span_count: SpanCount { started: 2, dropped: 0 },
//!     ..TransactionEvent::default()
//! };
//! transaction.labels.insert("tenant", "acme");
//!
//! let mut lines = Vec::new();
//! write_line(&transaction, &mut lines);
//!
//! assert_eq!(Event::from_line(&lines)?, Event::from(transaction));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is written
//!
//! Whatever the fields hold, each line is one the server takes: text is cut to its field's limit ([`Text`]), keys and
//! service names lose the characters it refuses, numbers are finite, absent fields are left out and null is never
//! written. Free-form objects ([`JsonObject`]) are written as they are. Only the size of a line is up to the caller:
//! see [`MAX_EVENT_SIZE`].
//!
//! # What is read
//!
//! Everything backend agents send, in any language. Null is absent, unknown fields and those of browsers (such as
//! `marks` and `experience`) are skipped, nothing is cut. A number the schema allows but no field can mean, such as a
//! status of -1 or a port of 70,000, is read as absent. [`LineError`] names the field that is wrong.
//!
//! # Cost
//!
//! Types are cheap to build and to move: ids are bytes, short text and two labels live inline, rare parts are boxed.

mod body;
mod buffer;
mod cloud;
mod composite;
mod context;
mod db;
mod destination;
mod dropped_spans_stats;
mod error;
mod exception;
mod exchange;
mod faas;
mod headers;
mod ids;
mod json;
mod label_value;
mod labels;
mod line;
mod log;
mod message;
mod metadata;
mod metadata_service;
mod metricset;
mod named;
mod number;
mod object;
mod otel;
mod outcome;
mod position;
mod process;
mod read;
mod read_line;
mod request;
mod response;
mod sample;
mod sample_rate;
mod service;
mod service_name;
mod span;
mod span_context;
mod span_http;
mod span_link;
mod stack_frame;
mod system;
mod text;
mod transaction;
mod url;
mod user;

/// A JSON object of any content.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;

pub use crate::body::Body;
pub use crate::cloud::{Cloud, CloudAccount, CloudMachine, CloudOrigin};
pub use crate::composite::{Composite, CompressionStrategy};
pub use crate::context::Context;
pub use crate::db::Db;
pub use crate::destination::{Destination, DestinationService};
pub use crate::dropped_spans_stats::{DroppedDuration, DroppedSpanStats};
pub use crate::error::{ErrorEvent, ErrorLog, ErrorParent, ErrorTransaction};
pub use crate::exception::Exception;
pub use crate::exchange::{HeadersRef, RequestRef, ResponseRef, UrlRef, WithExchange};
pub use crate::faas::{Faas, FaasTrigger};
pub use crate::headers::Headers;
pub use crate::ids::{ErrorId, ParseIdError, SpanId, TraceId};
pub use crate::label_value::LabelValue;
pub use crate::labels::Labels;
pub use crate::line::{Event, Line, MAX_EVENT_SIZE, WireEvent, write_line};
pub use crate::log::{LogError, LogEvent, LogOrigin, LogService};
pub use crate::message::{Message, MessageAge};
pub use crate::metadata::{Metadata, Network, NetworkConnection};
pub use crate::metadata_service::{Agent, Language, MetadataService, Runtime};
pub use crate::metricset::{Metricset, MetricsetService, MetricsetSpan, MetricsetTransaction};
pub use crate::named::{IdName, NameVersion, Named};
pub use crate::otel::Otel;
pub use crate::outcome::Outcome;
pub use crate::process::Process;
pub use crate::read_line::{LineError, read_lines};
pub use crate::request::{Request, Socket};
pub use crate::response::{Response, SpanResponse};
pub use crate::sample::{Histogram, MetricKind, Sample, SampleValue, Samples};
pub use crate::sample_rate::SampleRate;
pub use crate::service::{Service, ServiceAgent, ServiceNode, ServiceOrigin, ServiceTarget};
pub use crate::span::{SpanEvent, SpanExtra};
pub use crate::span_context::SpanContext;
pub use crate::span_http::{SpanHttp, SpanRequest};
pub use crate::span_link::SpanLink;
pub use crate::stack_frame::StackFrame;
pub use crate::system::{Container, Kubernetes, Pod, System};
pub use crate::text::{FreeText, Keyword, LongText, Text};
pub use crate::transaction::{SpanCount, TransactionEvent, TransactionExtra};
pub use crate::url::Url;
pub use crate::user::User;
