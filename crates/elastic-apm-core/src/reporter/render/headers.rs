//! Headers as text, within bounds: a stranger decides how many there are and how long.

use elastic_apm_intake::{Headers, Keyword};
use http::header;

use super::REDACTED;
use super::room::Room;
use super::secrets::Secrets;
use crate::captured::{CapturedHeaders, MAX_BYTES};

/// The secret ones keep their names. Cookies are recorded by name, elsewhere.
///
/// In JSON too they take no more than [`MAX_BYTES`]; further ones are left out, so that they cannot make the whole event too large.
pub(super) fn render(captured: &CapturedHeaders, secrets: &mut Secrets) -> Headers {
    let mut headers = Headers::with_capacity(captured.len());
    let mut room = Room::new(MAX_BYTES, captured.len(), captured.bytes());
    // The values of one name follow each other.
    let mut last: Option<(&str, bool)> = None;
    for (name, value) in captured.iter() {
        let is_secret = match last {
            Some((known, is_secret)) if known == name => is_secret,
            _ => name == header::COOKIE.as_str() || secrets.is_secret(name),
        };
        last = Some((name, is_secret));
        let value = if is_secret { REDACTED } else { text(value) };
        if room.take(name, &value) {
            headers.append_next(Keyword::copied(name), value);
        }
    }
    headers
}

/// Header values are bytes; what is not UTF-8 is shown with replacement characters.
pub(super) fn text(bytes: &[u8]) -> Keyword {
    match std::str::from_utf8(bytes) {
        Ok(text) => Keyword::copied(text),
        Err(_) => Keyword::from(String::from_utf8_lossy(bytes).into_owned()),
    }
}
