//! What the sender of one request may wish for its span.

use elastic_apm_intake::Keyword;

/// Wishes for one outgoing request: its span's name, no span at all, the number of the attempt.
///
/// A `reqwest_middleware` request takes it by `with_extension`, an `http::Request` in its extensions, and a plain `reqwest`
/// request by `send_traced_with`.
///
/// ```
/// # use elastic_apm_core as elastic_apm;
/// use elastic_apm::CallOptions;
///
/// let mut request = http::Request::get("https://api.example.com/users/1").body(()).unwrap();
/// request.extensions_mut().insert(CallOptions::new().span_name("GET /users/{id}"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    pub(super) name: Option<Keyword>,
    pub(super) without_span: bool,
    pub(super) attempt: Option<u32>,
}

impl CallOptions {
    /// No wish: the span is named `METHOD host`.
    #[must_use]
    pub fn new() -> Self {
        CallOptions::default()
    }

    /// Names the span.
    #[must_use]
    pub fn span_name(mut self, name: impl Into<Keyword>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Records no span for this request. The trace goes on all the same: the request carries the headers of what is current.
    #[must_use]
    pub fn without_span(mut self) -> Self {
        self.without_span = true;
        self
    }

    /// Says which attempt at the same call this is, from 1; it becomes the span's label `attempt`.
    #[must_use]
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = Some(attempt);
        self
    }
}
