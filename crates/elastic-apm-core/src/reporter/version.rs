//! The version of an APM Server, and what depends on it.

/// Major, minor and patch; suffixes such as `-SNAPSHOT` do not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version(u32, u32, u32);

impl Version {
    /// Reads `8.15.0` or `8.15.0-SNAPSHOT`. Missing parts count as 0.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let numbers = text.split(['-', '+']).next().unwrap_or_default();
        let mut parts = numbers.split('.').map(|part| part.parse().ok());
        let major = parts.next()??;
        let (minor, patch) = (parts.next().unwrap_or(Some(0))?, parts.next().unwrap_or(Some(0))?);
        Some(Version(major, minor, patch))
    }

    /// Servers before 8.0 count transactions that were not sampled; later ones drop them.
    pub(super) fn keeps_unsampled(self) -> bool {
        self.0 < 8
    }

    /// Servers before 7.4 know one host name, whether somebody configured it or it was found.
    pub(super) fn tells_host_names_apart(self) -> bool {
        (self.0, self.1) >= (7, 4)
    }

    /// Exactly one version stumbles over `agent.activation_method`.
    pub(super) fn takes_activation_method(self) -> bool {
        self != Version(8, 7, 0)
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_with_and_without_suffix() {
        for (text, version) in [
            ("8.15.0", Some(Version(8, 15, 0))),
            ("8.7.0-SNAPSHOT", Some(Version(8, 7, 0))),
            ("9.0.0+build.7", Some(Version(9, 0, 0))),
            ("7.17", Some(Version(7, 17, 0))),
            ("8", Some(Version(8, 0, 0))),
            ("", None),
            ("v8.0.0", None),
            ("8.x.0", None),
            ("99999999999.0.0", None),
        ] {
            assert_eq!(Version::parse(text), version, "{text:?}");
        }
    }

    #[test]
    fn unsampled_transactions_are_for_servers_before_8() {
        assert!(Version(7, 17, 9).keeps_unsampled() && !Version(8, 0, 0).keeps_unsampled());
    }

    #[test]
    fn the_activation_method_is_left_out_for_one_version_only() {
        assert!(Version(8, 6, 9).takes_activation_method() && Version(8, 7, 1).takes_activation_method());
        assert!(!Version(8, 7, 0).takes_activation_method());
    }
}
