//! What came in through OpenTelemetry.

use serde::{Deserialize, Serialize};

use crate::JsonObject;
use crate::json;
use crate::text::Keyword;

/// The OpenTelemetry kind and attributes of a span or transaction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Otel {
    /// The kind: `SERVER`, `CLIENT`, `PRODUCER`, `CONSUMER` or `INTERNAL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_kind: Option<Keyword>,
    /// Flat attributes by their dotted names.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "json::free_form")]
    pub attributes: Option<JsonObject>,
}
