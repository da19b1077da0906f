//! Replaces the values of secret-looking fields; the keys stay.
//!
//! Decides by name alone, with the patterns of `sanitize_field_names`. Query strings and bodies other than forms are not touched,
//! as the specification asks.

use std::borrow::Cow;

use elastic_apm_intake::{Headers, JsonObject, Keyword};
use percent_encoding::percent_decode_str;

use crate::config::WildcardList;

/// What a secret is replaced by.
pub(crate) const REDACTED: Keyword = Keyword::from_static("[REDACTED]");

/// Redacts headers by name.
pub(crate) fn headers(headers: &mut Headers, patterns: &WildcardList) {
    for (name, values) in headers.iter_mut() {
        if patterns.matches_any(name) {
            values.fill(REDACTED);
        }
    }
}

/// Redacts cookies by name.
pub(crate) fn cookies(cookies: &mut JsonObject, patterns: &WildcardList) {
    for (name, value) in cookies.iter_mut() {
        if patterns.matches_any(name) {
            *value = REDACTED.as_str().into();
        }
    }
}

/// Redacts the fields of a form in the encoding of URLs. What is not redacted stays as it was sent.
pub(crate) fn form(body: &str, patterns: &WildcardList) -> String {
    let fields = body.split('&').map(|field| match field.split_once('=') {
        Some((name, _)) if patterns.matches_any(&decoded(name)) => {
            Cow::Owned(format!("{name}={}", REDACTED.as_str()))
        }
        _ => Cow::Borrowed(field),
    });
    fields.collect::<Vec<_>>().join("&")
}

/// The name that the service will read: `p%61ssword` is `password`.
fn decoded(name: &str) -> Cow<'_, str> {
    if name.contains('+') {
        Cow::Owned(percent_decode_str(&name.replace('+', " ")).decode_utf8_lossy().into_owned())
    } else {
        percent_decode_str(name).decode_utf8_lossy()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns() -> WildcardList {
        crate::config::default_settings().sanitize_field_names.clone()
    }

    #[test]
    fn secret_fields_of_a_form_are_redacted_and_the_rest_stays_as_it_was_sent() {
        for (sent, kept) in [
            ("user=joe&password=hunter2&q=a%20b", "user=joe&password=[REDACTED]&q=a%20b"),
            ("PassWord=1&password=2", "PassWord=[REDACTED]&password=[REDACTED]"),
            ("p%61ssword=hunter2", "p%61ssword=[REDACTED]"),
            ("my+api+key=1&%73%65cret=a=b", "my+api+key=[REDACTED]&%73%65cret=[REDACTED]"),
            ("password", "password"),
            ("password=&=&&a", "password=[REDACTED]&=&&a"),
            ("%zz=1&%ff=2&%", "%zz=1&%ff=2&%"),
            ("", ""),
        ] {
            assert_eq!(form(sent, &patterns()), kept);
        }
    }
}
