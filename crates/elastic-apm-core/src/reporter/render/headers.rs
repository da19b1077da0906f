//! Headers as text, within bounds: a stranger decides how many there are and how long.

use elastic_apm_intake::{Headers, Keyword};
use http::{HeaderMap, HeaderName, header};

use super::REDACTED;
use super::room::Room;
use crate::config::WildcardList;

/// What the headers of one message may take of an event's line. Further ones are left out, so that they cannot make the
/// whole event too large.
const MAX_BYTES: usize = 64 * 1024;

/// The secret ones keep their names. Cookies are recorded by name, elsewhere.
pub(super) fn render(captured: &HeaderMap, sanitized: &WildcardList) -> Headers {
    let mut headers = Headers::with_capacity(captured.keys_len());
    let bytes = captured.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let mut room = Room::new(MAX_BYTES, captured.len(), bytes);
    // The values of one name follow each other.
    let mut last: Option<(&HeaderName, bool)> = None;
    for (name, value) in captured {
        let is_secret = match last {
            Some((known, is_secret)) if known == name => is_secret,
            _ => *name == header::COOKIE || sanitized.matches_any(name.as_str()),
        };
        last = Some((name, is_secret));
        let value = if is_secret { REDACTED } else { text(value.as_bytes()) };
        if room.take(name.as_str(), &value) {
            headers.append(Keyword::copied(name.as_str()), value);
        }
    }
    headers
}

/// Header values are bytes; what is not UTF-8 is shown with replacement characters. Bytes that would be cut anyway are not
/// looked at.
pub(super) fn text(bytes: &[u8]) -> Keyword {
    let bytes = &bytes[..bytes.len().min(4 * (Keyword::LIMIT + 1))];
    match std::str::from_utf8(bytes) {
        Ok(text) => Keyword::copied(text),
        Err(_) => Keyword::from(String::from_utf8_lossy(bytes).into_owned()),
    }
}
