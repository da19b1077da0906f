//! What was captured on the application's threads in a form that costs them little: HTTP exchanges and stacks.
//!
//! Copying bytes here costs little, and a stack is a list of addresses: turning them into the wire's request context (URL parts,
//! cookies, sanitised headers) and frames is the reporter thread's work. All of it is bounded, and none of it is a slice of somebody
//! else's buffer. Knows no wire event and no rule.

mod body;
mod headers;
mod stack;
mod url;

use std::net::IpAddr;

use elastic_apm_intake::Keyword;
use http::{Method, StatusCode, Version};

pub use body::CapturedBody;
pub use headers::CapturedHeaders;
pub(crate) use headers::{MAX_BYTES, MAX_COOKIE_BYTES};
pub use stack::CapturedStack;
pub use url::CapturedUrl;

/// The request half of an exchange, as it reached the layer. For authors of integrations.
#[derive(Clone, Debug)]
pub struct CapturedRequest {
    pub(crate) method: Keyword,
    pub(crate) url: CapturedUrl,
    pub(crate) version: Version,
    /// The headers, or none where `capture_headers` is off.
    pub headers: CapturedHeaders,
    /// The peer's address, where the server knows it.
    pub remote: Option<IpAddr>,
    /// The body as far as the service has read it, where it is captured.
    pub body: Option<CapturedBody>,
}

impl CapturedRequest {
    /// A request of which nothing but its first line is known yet.
    pub fn new(method: &Method, url: CapturedUrl, version: Version) -> Self {
        CapturedRequest {
            method: url::sendable(method.as_str()),
            url,
            version,
            headers: CapturedHeaders::default(),
            remote: None,
            body: None,
        }
    }

    /// How much memory it holds.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.method.heap_bytes()
            + self.url.bytes()
            + self.headers.bytes()
            + self.body.as_ref().map_or(0, CapturedBody::bytes)
    }
}

/// The response half of an exchange. For authors of integrations.
#[derive(Clone, Debug)]
pub struct CapturedResponse {
    /// The status that was sent.
    pub status: StatusCode,
    /// The headers, or none where `capture_headers` is off.
    pub headers: CapturedHeaders,
    /// Whether the whole response went out; `false` when the client left or the body failed midway.
    pub finished: bool,
}
