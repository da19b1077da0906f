//! What of a request is captured, by the settings of its transaction.

use http::{HeaderMap, HeaderValue, header};

use crate::captured::CapturedBody;
use crate::config::Settings;

/// What a layer is to capture of a request. For authors of integrations.
///
/// It comes from [`InboundTransaction::start`](crate::InboundTransaction::start).
#[derive(Clone, Copy, Debug)]
pub struct CaptureRules<'a> {
    settings: &'a Settings,
}

impl<'a> CaptureRules<'a> {
    pub(crate) fn new(settings: &'a Settings) -> Self {
        CaptureRules { settings }
    }

    /// Whether headers are captured: the option `capture_headers`.
    pub fn headers(&self) -> bool {
        self.settings.capture_headers
    }

    /// Where to put the body, if it is to be captured: `capture_body` is on, and `Content-Type` is one of
    /// `capture_body_content_types`. A compressed body is not.
    pub fn body(&self, headers: &HeaderMap) -> Option<CapturedBody> {
        let events = self.settings.capture_body;
        if !(events.in_transactions() || events.in_errors()) || headers.contains_key(header::CONTENT_ENCODING)
        {
            return None;
        }
        let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::to_str)?.ok()?.trim();
        let is_wanted = self.settings.capture_body_content_types.matches_any(content_type);
        let limit = self.settings.long_field_max_length;
        is_wanted
            .then(|| CapturedBody::new(content_type, events.in_transactions(), events.in_errors(), limit))
    }
}
