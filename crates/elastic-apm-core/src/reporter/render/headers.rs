//! Headers without what is secret, within bounds: a stranger decides how many there are and how long.

use elastic_apm_intake::HeadersRef;
use http::header;
use smallvec::SmallVec;

use super::REDACTED;
use super::room::Room;
use super::secrets::Secrets;
use crate::captured::{CapturedHeaders, MAX_BYTES};

/// Names and values, in order.
#[derive(Default)]
pub(super) struct RenderedHeaders<'a> {
    headers: SmallVec<[(&'a str, &'a str); 16]>,
    host: Option<&'a str>,
    has_cookies: bool,
}

impl<'a> RenderedHeaders<'a> {
    /// Takes these in. The secret ones keep their names. Cookies are recorded by name, elsewhere.
    ///
    /// In JSON too they take no more than [`MAX_BYTES`]; further ones are left out, so that they cannot make the whole event too large.
    // Filled where they lie: they are half a kilobyte.
    pub(super) fn fill(&mut self, captured: &'a CapturedHeaders, secrets: &mut Secrets) {
        let mut room = Room::new(MAX_BYTES, captured.len(), captured.bytes());
        // The values of one name follow each other.
        let mut last: Option<(&str, bool)> = None;
        for (name, value) in captured.iter() {
            let is_secret = match last {
                Some((known, is_secret)) if known == name => is_secret,
                _ if name == header::COOKIE.as_str() => {
                    self.has_cookies = true;
                    true
                }
                _ if name == header::HOST.as_str() => {
                    // Also where it is not shown among the headers.
                    self.host = Some(value);
                    secrets.is_secret(name)
                }
                _ => secrets.is_secret(name),
            };
            last = Some((name, is_secret));
            let value = if is_secret { REDACTED } else { value };
            if room.take(name, value) {
                self.headers.push((name, value));
            }
        }
    }

    /// The value of the first `Host` header.
    pub(super) fn host(&self) -> Option<&str> {
        self.host
    }

    /// Whether there was a `Cookie` header, kept or not.
    pub(super) fn has_cookies(&self) -> bool {
        self.has_cookies
    }

    pub(super) fn borrow(&self) -> HeadersRef<'_> {
        HeadersRef(&self.headers)
    }
}
