//! All headers together.

use std::fmt;
use std::str::FromStr;

use http::HeaderMap;
use http::header::HeaderName;

use super::baggage::Baggage;
use super::carrier::{HeaderSink, HeaderSource};
use super::traceparent::{TraceParent, TraceParentError};
use super::tracestate::TraceState;

/// What a caller says about the trace it is part of.
///
/// [`from_headers`](Self::from_headers) reads it from a request or a message; a [`TraceParent`] alone converts into it. It
/// prints as its `traceparent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    traceparent: TraceParent,
    tracestate: TraceState,
    baggage: Baggage,
}

impl TraceContext {
    /// The name of the header that carries the place in the trace.
    pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
    /// The name of the header that carries what vendors add.
    pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
    /// The name under which messages with byte headers carry the binary form, for Elastic's older agents.
    pub const BINARY_TRACEPARENT: HeaderName = HeaderName::from_static("elasticapmtraceparent");

    /// So many names are looked through.
    const FEW: usize = 20;

    /// Puts `traceparent` and `tracestate` together.
    #[must_use]
    pub fn new(traceparent: TraceParent, tracestate: TraceState) -> Self {
        Self { traceparent, tracestate, baggage: Baggage::default() }
    }

    /// Takes along what the services of the trace hand on to each other.
    #[must_use]
    pub fn with_baggage(self, baggage: Baggage) -> Self {
        Self { baggage, ..self }
    }

    /// Adds a `tracestate` that came beside the `traceparent`. A malformed one is left out.
    ///
    /// ```
    /// # use elastic_apm_core as elastic_apm;
    /// use elastic_apm::TraceContext;
    ///
    /// let context = TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")?;
    /// let context = context.with_tracestate("es=s:0.25");
    ///
    /// assert!(context.tracestate().has_es());
    /// # Ok::<_, elastic_apm::TraceParentError>(())
    /// ```
    #[must_use]
    pub fn with_tracestate(self, tracestate: &str) -> Self {
        Self { tracestate: TraceState::parse([tracestate.as_bytes()]).unwrap_or_default(), ..self }
    }

    /// Reads a `traceparent` where no other header is at hand.
    ///
    /// # Errors
    ///
    /// Names the first part that is malformed.
    pub fn parse(traceparent: &str) -> Result<Self, TraceParentError> {
        traceparent.parse()
    }

    /// Reads the headers of a request or a message. `None`, with whatever else came along ignored, unless there is exactly one
    /// `traceparent` and it is valid. A malformed `tracestate` is left out, and so is a malformed member of `baggage`.
    ///
    /// Where there is no `traceparent` at all, the binary form is read that Elastic's agents put into messages; beside it a
    /// `tracestate` does not count.
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
    pub fn from_headers(headers: &(impl HeaderSource + ?Sized)) -> Option<Self> {
        Self::read(headers).ok().flatten()
    }

    /// Whether the headers of a request may say anything of a trace, or carry baggage.
    ///
    /// Of those from outside hardly any do. One look at a few names takes less than to look any of these up; where there are many it does not.
    pub(crate) fn may_be_in(headers: &HeaderMap) -> bool {
        static NAMES: [HeaderName; 2] = [TraceContext::TRACEPARENT, Baggage::HEADER];
        headers.keys_len() > Self::FEW || headers.keys().any(|name| NAMES.contains(name))
    }

    /// The same as [`from_headers`](Self::from_headers); tells apart that nobody says anything of a trace, and that what is said cannot be used.
    pub(crate) fn read(headers: &(impl HeaderSource + ?Sized)) -> Result<Option<Self>, TraceParentError> {
        let name = Self::TRACEPARENT;
        let mut traceparents = headers.get_all(&name);
        let (traceparent, tracestate) = match (traceparents.next(), traceparents.next()) {
            (Some(only), None) => {
                let traceparent = TraceParent::parse(only)?;
                (traceparent, TraceState::parse(headers.get_all(&Self::TRACESTATE)).unwrap_or_default())
            }
            (None, _) => {
                let name = Self::BINARY_TRACEPARENT;
                let Some(binary) = headers.get_binary(&name) else { return Ok(None) };
                (TraceParent::from_binary(binary)?, TraceState::default())
            }
            (Some(_), Some(_)) => return Err(TraceParentError::Several),
        };
        Ok(Some(Self { traceparent, tracestate, baggage: Baggage::from_headers(headers) }))
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

    /// Returns what the services of the trace hand on to each other.
    #[must_use]
    pub const fn baggage(&self) -> &Baggage {
        &self.baggage
    }

    /// Writes `traceparent` and `tracestate` in place of any that are there, and adds to `baggage` what it does not say already.
    ///
    /// A caller's own `traceparent` beside ours would make the receiver drop both. What a `baggage` header says already is the
    /// application's word and stays; so do not use headers for another request that were written for the one before. Carriers of
    /// bytes get the binary form as well.
    pub fn inject<H: HeaderSink + ?Sized>(&self, headers: &mut H) {
        headers.replace(&Self::TRACEPARENT, self.traceparent.to_header_value());
        headers.replace_binary(&Self::BINARY_TRACEPARENT, &self.traceparent.to_binary());
        match self.tracestate.to_header_value() {
            Some(tracestate) => headers.replace(&Self::TRACESTATE, tracestate),
            None => headers.remove(&Self::TRACESTATE),
        }
        self.baggage.inject(headers);
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.traceparent.fmt(f)
    }
}

impl From<TraceParent> for TraceContext {
    fn from(traceparent: TraceParent) -> Self {
        Self::new(traceparent, TraceState::default())
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
