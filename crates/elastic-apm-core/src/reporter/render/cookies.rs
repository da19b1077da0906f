//! The cookies of a request by name.

use elastic_apm_intake::JsonObject;
use http::header;

use super::REDACTED;
use super::room::{Room, head};
use super::secrets::Secrets;
use crate::captured::{CapturedHeaders, MAX_COOKIE_BYTES};

/// Parses all `Cookie` headers, as far as there is room in the event's line. Of several cookies with one name the first counts, and one without a
/// name is left out: it may be a secret, and nothing tells.
pub(super) fn parse(captured: &CapturedHeaders, secrets: &mut Secrets) -> JsonObject {
    let mut cookies = JsonObject::new();
    // Each pair has at least its equal sign.
    let mut room = Room::new(MAX_COOKIE_BYTES, captured.bytes(), captured.bytes());
    for (_, value) in captured.iter().filter(|(name, _)| *name == header::COOKIE.as_str()) {
        for (name, value) in value.split(';').filter_map(|pair| pair.split_once('=')) {
            let name = name.trim_ascii();
            if name.is_empty() || cookies.contains_key(name) {
                continue;
            }
            let value = if secrets.is_secret(name) { REDACTED } else { value.trim_ascii() };
            if room.take(name, value) {
                // Free-form objects are written as they are, so the limit is applied here.
                cookies.insert(head(name).to_owned(), head(value).into());
            }
        }
    }
    cookies
}
