//! The inbound HTTP request of a transaction or an error.

use serde::{Deserialize, Serialize};

use crate::JsonObject;
use crate::body::Body;
use crate::headers::Headers;
use crate::json;
use crate::read;
use crate::text::Keyword;
use crate::url::Url;

/// The request that a transaction answers. Redaction happens before it gets here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The method, upper case; always written.
    pub method: Keyword,
    /// The URL in parts.
    #[serde(default, skip_serializing_if = "Url::is_empty", deserialize_with = "read::nullable")]
    pub url: Url,
    /// The headers, names in lower case.
    #[serde(default, skip_serializing_if = "Headers::is_empty", deserialize_with = "read::nullable")]
    pub headers: Headers,
    /// The cookies by name, if they were parsed.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "json::free_form")]
    pub cookies: Option<JsonObject>,
    /// Variables of the server's environment for this request.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "json::free_form")]
    pub env: Option<JsonObject>,
    /// The captured body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// The protocol version: `1.1`, `2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_version: Option<Keyword>,
    /// The connection it came over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<Socket>,
}

/// The connection a request came over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Socket {
    /// The peer's address without the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_address: Option<Keyword>,
    /// Whether it was encrypted; deprecated, the server derives it from the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
}
