//! The outgoing HTTP call behind a span.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json;
use crate::read;
use crate::response::SpanResponse;
use crate::text::Keyword;

/// The HTTP call a span measures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SpanHttp {
    /// The URL without user name and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Keyword>,
    /// The method, upper case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Keyword>,
    /// The status code; one that is no HTTP status (-1) is read as absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read::fitting")]
    pub status_code: Option<u16>,
    /// More about the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Box<SpanRequest>>,
    /// More about the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Box<SpanResponse>>,
}

/// What is known about the request of an outgoing call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SpanRequest {
    /// An id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Keyword>,
    /// The body, in any shape.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "json::free_form")]
    pub body: Option<Value>,
}
