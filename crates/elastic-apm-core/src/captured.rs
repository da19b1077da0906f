//! What was captured on the application's threads in a form that costs them little: HTTP exchanges and stacks.
//!
//! Copying header *values* here is a counter increment, not a string copy, and a stack is a list of addresses: turning them into the
//! wire's request context (URL parts, cookies, sanitised headers) and frames is the reporter thread's work. Knows no wire type and no
//! rule.

mod body;
mod stack;

use std::net::IpAddr;

use http::{HeaderMap, Method, StatusCode, Uri, Version};

pub use body::CapturedBody;
pub use stack::CapturedStack;

/// The request half of an exchange, as it reached the layer.
#[derive(Clone, Debug)]
pub struct CapturedRequest {
    /// The request method.
    pub method: Method,
    /// The request target as received: origin form over HTTP/1, usually absolute over HTTP/2.
    pub uri: Uri,
    /// The protocol version.
    pub version: Version,
    /// The headers, or an empty map where `capture_headers` is off.
    pub headers: HeaderMap,
    /// The `Host` header, kept also where the headers are not.
    pub host: Option<http::HeaderValue>,
    /// The peer's address, where the server knows it.
    pub remote: Option<IpAddr>,
    /// The body as far as the service has read it, where it is captured.
    pub body: Option<CapturedBody>,
}

/// The response half of an exchange.
#[derive(Clone, Debug)]
pub struct CapturedResponse {
    /// The status that was sent.
    pub status: StatusCode,
    /// The headers, or an empty map where `capture_headers` is off.
    pub headers: HeaderMap,
    /// Whether the whole response went out; `false` when the client left or the body failed midway.
    pub finished: bool,
}
