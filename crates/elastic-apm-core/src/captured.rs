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
use std::ops::Deref;
use std::sync::Arc;

use elastic_apm_intake::Keyword;
use http::{Method, StatusCode, Version};

pub use body::CapturedBody;
pub use headers::CapturedHeaders;
pub(crate) use headers::{MAX_BYTES, MAX_COOKIE_BYTES};
pub use stack::CapturedStack;
pub use url::CapturedUrl;
pub(crate) use url::MAX_AUTHORITY_BYTES;

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
    #[inline]
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

    /// How much memory it holds outside of itself.
    pub(crate) fn bytes(&self) -> usize {
        self.method.heap_bytes()
            + self.url.bytes()
            + self.headers.bytes()
            + self.body.as_ref().map_or(0, CapturedBody::bytes)
    }
}

/// A request as its transaction keeps it: shared with errors that occur during it, once there are any.
#[derive(Clone, Debug)]
pub(crate) enum KeptRequest {
    Own(CapturedRequest),
    Shared(Arc<CapturedRequest>),
}

impl KeptRequest {
    /// Shares it with an error.
    pub(crate) fn share(kept: &mut Option<Self>) -> Option<Arc<CapturedRequest>> {
        let shared = match kept.take()? {
            KeptRequest::Own(request) => Arc::new(request),
            KeptRequest::Shared(request) => request,
        };
        *kept = Some(KeptRequest::Shared(Arc::clone(&shared)));
        Some(shared)
    }

    /// How much memory it holds outside of itself.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            KeptRequest::Own(request) => request.bytes(),
            KeptRequest::Shared(request) => size_of::<CapturedRequest>() + request.bytes(),
        }
    }
}

impl Deref for KeptRequest {
    type Target = CapturedRequest;

    fn deref(&self) -> &CapturedRequest {
        match self {
            KeptRequest::Own(request) => request,
            KeptRequest::Shared(request) => request,
        }
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

#[cfg(test)]
mod tests {
    use http::Uri;

    use super::*;

    #[test]
    fn all_errors_of_a_request_share_it_with_its_transaction() {
        let url = CapturedUrl::copy(&Uri::from_static("/items/7"), None);
        let mut kept = Some(KeptRequest::Own(CapturedRequest::new(&Method::GET, url, Version::HTTP_11)));

        let (one, other) = (KeptRequest::share(&mut kept).unwrap(), KeptRequest::share(&mut kept).unwrap());

        assert!(Arc::ptr_eq(&one, &other) && std::ptr::eq(&*one, &**kept.as_ref().unwrap()));
        assert_eq!(&*one.url.path, "/items/7");
        assert!(KeptRequest::share(&mut None).is_none());
    }
}
