//! The cookies of a request by name.

use elastic_apm_intake::JsonObject;
use http::{HeaderMap, HeaderValue, header};

use super::REDACTED;
use super::headers::text;
use super::room::{Room, head};
use crate::config::WildcardList;

/// What the cookies of one request may take of an event's line. Further ones are left out.
const MAX_BYTES: usize = 16 * 1024;

/// Parses all `Cookie` headers; `None` where there is none. Of several cookies with one name the first counts, and one without a
/// name is left out: it may be a secret, and nothing tells.
pub(super) fn parse(captured: &HeaderMap, sanitized: &WildcardList) -> Option<JsonObject> {
    let values = captured.get_all(header::COOKIE);
    values.iter().next()?;
    let mut cookies = JsonObject::new();
    // Each pair has at least its equal sign.
    let bytes = values.iter().map(HeaderValue::len).sum();
    let mut room = Room::new(MAX_BYTES, bytes, bytes);
    for pair in values.iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b';')) {
        let Some(at) = pair.iter().position(|byte| *byte == b'=') else { continue };
        let name = text(pair[..at].trim_ascii());
        if name.is_empty() || cookies.contains_key(name.as_str()) {
            continue;
        }
        let is_secret = sanitized.matches_any(&name);
        let value = if is_secret { REDACTED } else { text(pair[at + 1..].trim_ascii()) };
        if room.take(&name, &value) {
            // Free-form objects are written as they are, so the limit is applied here.
            cookies.insert(head(&name).to_owned(), head(&value).into());
        }
    }
    Some(cookies)
}
