//! The service's name, which the server refuses to go without.

use std::path::Path;

use super::value::OptionValue;

/// A name of letters, digits, space, `_` and `-`, never blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceName(String);

impl ServiceName {
    const UNKNOWN: &'static str = "unknown-rust-service";

    /// Replaces each character that Elastic does not allow by `_`; `None` when nothing usable is left.
    pub(super) fn sanitized(text: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '-');
        let name: String = text.trim().chars().map(|c| if allowed(c) { c } else { '_' }).collect();
        name.contains(|c: char| c.is_ascii_alphanumeric()).then_some(Self(name))
    }

    /// Names a service after its executable's file.
    pub(super) fn of_executable(executable: Option<&Path>) -> Self {
        executable
            .and_then(Path::file_name)
            .map(|name| name.to_string_lossy())
            // What Linux adds when the file was replaced while the process runs.
            .map(|name| name.trim_end_matches(" (deleted)").to_owned())
            .and_then(|name| {
                Self::sanitized(name.strip_suffix(std::env::consts::EXE_SUFFIX).unwrap_or(&name))
            })
            .unwrap_or_else(Self::unset)
    }

    /// Returns the name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl OptionValue for ServiceName {
    const KIND: &'static str = "service name";
    const EXPECTED: &'static str = "letters, digits, space, _ and -";

    fn unset() -> Self {
        Self(Self::UNKNOWN.to_owned())
    }

    fn parse(text: &str) -> Option<Self> {
        Self::sanitized(text)
    }

    fn render(&self) -> String {
        self.0.clone()
    }

    fn adjusted(&self, text: &str) -> bool {
        self.0 != text.trim()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disallowed_characters_become_underscores() {
        let name = ServiceName::parse("check.out/\u{fc}ber 2").unwrap();

        assert_eq!(name.as_str(), "check_out__ber 2");
        assert!(name.adjusted("check.out/\u{fc}ber 2") && !name.adjusted("check_out__ber 2"));
    }

    #[test]
    fn a_name_without_letter_or_digit_is_refused() {
        for text in ["", "  ", "//", "_-_", "\u{4e2d}"] {
            assert_eq!(ServiceName::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_executable_names_the_service() {
        for (path, name) in [
            ("/usr/bin/checkout", "checkout"),
            ("/srv/check.out", "check_out"),
            ("/srv/checkout (deleted)", "checkout"),
            ("/", "unknown-rust-service"),
            ("/srv/...", "unknown-rust-service"),
        ] {
            assert_eq!(ServiceName::of_executable(Some(Path::new(path))).as_str(), name);
        }
        assert_eq!(ServiceName::of_executable(None).as_str(), "unknown-rust-service");
    }
}
