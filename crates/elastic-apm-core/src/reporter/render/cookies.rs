//! The cookies of a request by name.

use elastic_apm_intake::{JsonObject, Keyword};
use http::{HeaderMap, header};

use super::headers::{length_in_json, text};
use crate::config::WildcardList;
use crate::reporter::sanitize;

/// What the cookies of one request may take of an event's line. Further ones are left out.
const MAX_BYTES: usize = 16 * 1024;

/// What a cookie costs in a line beside its text.
const OVERHEAD: usize = 6;

/// Parses all `Cookie` headers; `None` where there is none. Of several cookies with one name the first counts, and one without a
/// name is left out: it may be a secret, and nothing tells.
pub(super) fn parse(captured: &HeaderMap, sanitized: &WildcardList) -> Option<JsonObject> {
    let mut values = captured.get_all(header::COOKIE).iter().peekable();
    values.peek()?;
    let mut cookies = JsonObject::new();
    let mut room = MAX_BYTES;
    for pair in values.flat_map(|value| value.as_bytes().split(|byte| *byte == b';')) {
        let Some(at) = pair.iter().position(|byte| *byte == b'=') else { continue };
        let (name, value) = (text(pair[..at].trim_ascii()), text(pair[at + 1..].trim_ascii()));
        let taken = OVERHEAD + length_in_json(&name) + length_in_json(&value);
        if name.is_empty() || cookies.contains_key(name.as_str()) {
            continue;
        }
        let Some(left) = room.checked_sub(taken) else { continue };
        room = left;
        cookies.insert(cut(&name), cut(&value).into());
    }
    sanitize::cookies(&mut cookies, sanitized);
    Some(cookies)
}

/// Free-form objects are written as they are, so the limit is applied here.
fn cut(text: &Keyword) -> String {
    text.chars().take(Keyword::LIMIT).collect()
}
