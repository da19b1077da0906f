//! Forms in the encoding of URLs, without the values of their secret fields.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::REDACTED;
use crate::config::WildcardList;

/// Redacts the secret fields of a form. What is not redacted stays as it was sent.
pub(super) fn redact(body: &str, patterns: &WildcardList) -> String {
    let fields = body.split('&').map(|field| match field.split_once('=') {
        Some((name, _)) if patterns.matches_any(&decoded(name)) => Cow::Owned(format!("{name}={REDACTED}")),
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
            assert_eq!(redact(sent, &patterns()), kept);
        }
    }
}
