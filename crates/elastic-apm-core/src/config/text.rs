//! Plain texts: strings, paths, credentials, and the two enumerations `bool` and `LogLevel`.

use std::fmt;
use std::path::PathBuf;

use super::value::{OptionValue, REDACTED};
use crate::log::LogLevel;

/// A credential. It shows as `[REDACTED]`; only [`Secret::expose`] gives it away.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// Returns the credential: printable ASCII, so it fits a header.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl OptionValue for Option<Secret> {
    const KIND: &'static str = "secret";
    const EXPECTED: &'static str = "printable ASCII";
    const SECRET: bool = true;

    fn unset() -> Self {
        None
    }

    fn parse(text: &str) -> Option<Self> {
        text.bytes().all(|b| (0x20..=0x7e).contains(&b)).then(|| Some(Secret(text.to_owned())))
    }

    fn render(&self) -> String {
        self.as_ref().map_or_else(String::new, |_| REDACTED.to_owned())
    }
}

impl OptionValue for Option<String> {
    const KIND: &'static str = "text";
    const EXPECTED: &'static str = "a text";

    fn unset() -> Self {
        None
    }

    fn parse(text: &str) -> Option<Self> {
        Some(Some(text.to_owned()))
    }

    fn render(&self) -> String {
        self.clone().unwrap_or_default()
    }
}

impl OptionValue for Option<PathBuf> {
    const KIND: &'static str = "path";
    const EXPECTED: &'static str = "a path";

    fn unset() -> Self {
        None
    }

    fn parse(text: &str) -> Option<Self> {
        Some(Some(PathBuf::from(text)))
    }

    fn render(&self) -> String {
        self.as_ref().map_or_else(String::new, |path| path.display().to_string())
    }
}

impl OptionValue for bool {
    const KIND: &'static str = "boolean";
    const EXPECTED: &'static str = "true or false";

    fn unset() -> Self {
        false
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            _ if text.eq_ignore_ascii_case("true") => Some(true),
            _ if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    fn render(&self) -> String {
        self.to_string()
    }
}

impl OptionValue for LogLevel {
    const KIND: &'static str = "log level";
    const EXPECTED: &'static str = "off, critical, error, warning, info, debug or trace";

    fn unset() -> Self {
        LogLevel::default()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn render(&self) -> String {
        self.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_are_true_or_false_in_any_case() {
        assert_eq!(bool::parse("true"), Some(true));
        assert_eq!(bool::parse("FALSE"), Some(false));
        for text in ["1", "0", "yes", "on", "t", ""] {
            assert_eq!(bool::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_secret_shows_itself_nowhere() {
        let secret = Option::<Secret>::parse("s3cret").unwrap();

        assert_eq!(format!("{secret:?}"), "Some([REDACTED])");
        assert_eq!(secret.render(), REDACTED);
        assert_eq!(secret.unwrap().expose(), "s3cret");
    }

    #[test]
    fn a_secret_that_fits_no_header_is_refused() {
        assert_eq!(Option::<Secret>::parse("caf\u{e9}"), None);
        assert_eq!(Option::<Secret>::parse("a\nb"), None);
    }
}
