//! The HTTP response of a transaction, an error or an outgoing call.

use serde::{Deserialize, Serialize};

use crate::headers::Headers;
use crate::read;

/// The response a transaction ended with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The status code; one that is no HTTP status (-1) is read as absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read::fitting")]
    pub status_code: Option<u16>,
    /// The headers, names in lower case.
    #[serde(default, skip_serializing_if = "Headers::is_empty", deserialize_with = "read::nullable")]
    pub headers: Headers,
    /// Whether the response was sent to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<bool>,
    /// Whether the headers went out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers_sent: Option<bool>,
    /// Bytes on the wire, headers included.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read::fitting")]
    pub transfer_size: Option<u64>,
    /// Bytes of the body as sent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read::fitting")]
    pub encoded_body_size: Option<u64>,
    /// Bytes of the body after decompression.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read::fitting")]
    pub decoded_body_size: Option<u64>,
}

/// What is known about the response to an outgoing call.
///
/// The status code is usually put into [`SpanHttp`](crate::SpanHttp) instead.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SpanResponse {
    /// The status code.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read::fitting")]
    pub status_code: Option<u16>,
    /// The headers, names in lower case.
    #[serde(default, skip_serializing_if = "Headers::is_empty", deserialize_with = "read::nullable")]
    pub headers: Headers,
    /// Bytes on the wire, headers included.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read::fitting")]
    pub transfer_size: Option<u64>,
    /// Bytes of the body as received.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read::fitting")]
    pub encoded_body_size: Option<u64>,
    /// Bytes of the body after decompression.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read::fitting")]
    pub decoded_body_size: Option<u64>,
}
