//! Replaces the values of secret-looking fields; the keys stay.
//!
//! Decides by name alone, with the patterns of `sanitize_field_names`. Query strings and bodies other than forms are not touched,
//! as the specification asks.

use elastic_apm_intake::{Headers, Keyword};

use crate::config::WildcardList;

/// What a secret is replaced by.
const REDACTED: Keyword = Keyword::from_static("[REDACTED]");

/// Redacts headers by name, and the pairs of a `cookie` header by theirs.
pub(crate) fn headers(headers: &mut Headers, patterns: &WildcardList) {
    for (name, values) in headers.iter_mut() {
        if patterns.matches_any(name) {
            values.fill(REDACTED);
        } else if name.eq_ignore_ascii_case("cookie") {
            for value in values {
                *value = cookie(value, patterns);
            }
        }
    }
}

fn cookie(value: &str, patterns: &WildcardList) -> Keyword {
    let pairs = value.split(';').map(|pair| {
        let pair = pair.trim();
        match pair.split_once('=') {
            Some((name, _)) if patterns.matches_any(name.trim_end()) => {
                format!("{name}={}", REDACTED.as_str())
            }
            _ => pair.to_owned(),
        }
    });
    Keyword::from(pairs.collect::<Vec<_>>().join("; "))
}
