//! Headers as text, within bounds: a stranger decides how many there are and how long.

use elastic_apm_intake::{Headers, Keyword};
use http::{HeaderMap, header};

use crate::config::WildcardList;
use crate::reporter::sanitize;

/// What the headers of one message may take of an event's line. Further ones are left out, so that they cannot make the
/// whole event too large.
const MAX_BYTES: usize = 64 * 1024;

/// What a header costs in a line beside its text.
const OVERHEAD: usize = 6;

pub(super) fn render(captured: &HeaderMap, sanitized: &WildcardList) -> Headers {
    let mut headers = Headers::with_capacity(captured.keys_len());
    let mut room = MAX_BYTES;
    for (name, value) in captured {
        if *name == header::COOKIE {
            // They are recorded by name.
            headers.insert(header::COOKIE.as_str(), sanitize::REDACTED);
            continue;
        }
        let value = text(value.as_bytes());
        let taken = OVERHEAD + name.as_str().len() + length_in_json(&value);
        let Some(left) = room.checked_sub(taken) else { continue };
        room = left;
        headers.append(Keyword::copied(name.as_str()), value);
    }
    sanitize::headers(&mut headers, sanitized);
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

/// How many bytes a text takes between its quotes, once cut.
pub(super) fn length_in_json(text: &str) -> usize {
    let escaped = |c: char| match c {
        '"' | '\\' | '\t' => 2,
        c if c.is_ascii_control() => 6,
        c => c.len_utf8(),
    };
    text.chars().take(Keyword::LIMIT).map(escaped).sum()
}
