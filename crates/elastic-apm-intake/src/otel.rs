//! What came in through OpenTelemetry.

use std::sync::Arc;

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
    /// Flat attributes by their dotted names. Events may share them.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "shared")]
    pub attributes: Option<Arc<JsonObject>>,
}

/// Attributes that several events share, each of which writes them.
mod shared {
    use super::{Arc, JsonObject, json};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        attributes: &Option<Arc<JsonObject>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        json::free_form(&attributes.as_deref(), serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Arc<JsonObject>>, D::Error> {
        Ok(Option::<JsonObject>::deserialize(deserializer)?.map(Arc::new))
    }
}
