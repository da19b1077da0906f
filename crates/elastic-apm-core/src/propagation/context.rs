//! Both headers together.

use std::str::FromStr;

use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::traceparent::{TraceParent, TraceParentError};
use super::tracestate::TraceState;

/// What a caller says about the trace it is part of.
///
/// [`from_headers`](Self::from_headers) reads it from a request or a message; a [`TraceParent`] alone converts into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    traceparent: TraceParent,
    tracestate: TraceState,
}

impl TraceContext {
    /// The name of the header that carries the place in the trace.
    pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
    /// The name of the header that carries what vendors add.
    pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

    /// Puts both parts together.
    #[must_use]
    pub fn new(traceparent: TraceParent, tracestate: TraceState) -> Self {
        Self { traceparent, tracestate }
    }

    /// Reads a `traceparent` where no other header is at hand.
    ///
    /// # Errors
    ///
    /// Names the first part that is malformed.
    pub fn parse(traceparent: &str) -> Result<Self, TraceParentError> {
        traceparent.parse()
    }

    /// Reads both headers. `None`, with whatever `tracestate` came along ignored, unless there is exactly one
    /// `traceparent` and it is valid. A malformed `tracestate` is left out.
    ///
    /// ```
    /// # use elastic_apm_core as elastic_apm;
    /// use elastic_apm::TraceContext;
    ///
    /// let mut headers = http::HeaderMap::new();
    /// assert_eq!(TraceContext::from_headers(&headers), None);
    ///
    /// let value = http::HeaderValue::from_static("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    /// headers.insert(TraceContext::TRACEPARENT, value);
    /// assert!(TraceContext::from_headers(&headers).is_some());
    /// ```
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let mut traceparents = headers.get_all(Self::TRACEPARENT).iter();
        let (Some(traceparent), None) = (traceparents.next(), traceparents.next()) else { return None };
        let traceparent = TraceParent::parse(traceparent.as_bytes()).ok()?;

        let tracestates = headers.get_all(Self::TRACESTATE).iter().map(HeaderValue::as_bytes);
        Some(Self { traceparent, tracestate: TraceState::parse(tracestates).unwrap_or_default() })
    }

    /// Returns the place in the trace.
    #[must_use]
    pub const fn traceparent(&self) -> &TraceParent {
        &self.traceparent
    }

    /// Returns what vendors added.
    #[must_use]
    pub const fn tracestate(&self) -> &TraceState {
        &self.tracestate
    }

    /// Writes both headers, in place of any that are there.
    ///
    /// A caller's own `traceparent` beside ours would make the receiver drop both.
    pub fn inject(&self, headers: &mut HeaderMap) {
        headers.insert(Self::TRACEPARENT, self.traceparent.to_header_value());
        match self.tracestate.to_header_value() {
            Some(tracestate) => headers.insert(Self::TRACESTATE, tracestate),
            None => headers.remove(Self::TRACESTATE),
        };
    }
}

impl From<TraceParent> for TraceContext {
    fn from(traceparent: TraceParent) -> Self {
        Self { traceparent, tracestate: TraceState::default() }
    }
}

impl FromStr for TraceContext {
    type Err = TraceParentError;

    fn from_str(traceparent: &str) -> Result<Self, Self::Err> {
        traceparent.parse::<TraceParent>().map(Self::from)
    }
}

#[cfg(test)]
mod tests;
