//! The name of this machine: what it calls itself, and what that is in full.
//!
//! The order of Elastic's specification: the fully qualified name, the variables of shells, the system's file. The first of them takes a
//! resolver, which can hang; so it is asked for apart from the rest, where waiting hurts nobody.

use elastic_apm_intake::Keyword;

use crate::config::Environment;

/// Finds the fully qualified form of a name. May take as long as the system's resolver likes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostLookup(pub(crate) Option<fn(&str) -> Option<String>>);

impl HostLookup {
    /// Asks nobody.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) const NONE: HostLookup = HostLookup(None);
}

impl Default for HostLookup {
    /// Asks the system's resolver.
    fn default() -> Self {
        HostLookup(Some(canonical))
    }
}

/// What the kernel calls this machine, else what the environment or the system's file says.
pub(super) fn detect(environment: &Environment) -> Option<Keyword> {
    let kernel = gethostname::gethostname();
    let variables = ["HOSTNAME", "HOST"].into_iter().filter_map(|name| environment.get(name).map(Into::into));
    let file = std::iter::once_with(|| std::fs::read_to_string("/etc/hostname").unwrap_or_default().into());
    let mut names = std::iter::once(kernel.to_string_lossy()).chain(variables).chain(file);
    names.find_map(|name| {
        let name = name.trim().to_lowercase();
        (!name.is_empty()).then(|| Keyword::from(name))
    })
}

/// The full form of `name` that a resolver gave, if that is what it is.
///
/// Where `/etc/hosts` names the machine beside others, the resolver gives the first of these: `localhost`, or another machine's.
pub(crate) fn qualified(name: &str, canonical: &str) -> Option<Keyword> {
    let canonical = canonical.trim().trim_end_matches('.').to_lowercase();
    let domain = canonical.strip_prefix(name)?.strip_prefix('.')?;
    (!domain.is_empty()).then(|| Keyword::from(canonical.clone()))
}

/// What `hostname -f` prints.
#[cfg(unix)]
fn canonical(name: &str) -> Option<String> {
    let hints = dns_lookup::AddrInfoHints {
        flags: libc::AI_CANONNAME,
        socktype: dns_lookup::SockType::Stream.into(),
        ..Default::default()
    };
    dns_lookup::getaddrinfo(Some(name), None, Some(hints)).ok()?.find_map(|found| found.ok()?.canonname)
}

#[cfg(not(unix))]
fn canonical(_name: &str) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_lower_case_and_trimmed() {
        let name = detect(&Environment::empty()).unwrap();

        let kernel = gethostname::gethostname().into_string().unwrap();
        assert_eq!(name.as_str(), kernel.trim().to_lowercase());
    }

    #[test]
    fn a_full_name_is_one_that_says_more_of_the_same_machine() {
        for (canonical, expected) in [
            ("web-1.example.com", Some("web-1.example.com")),
            (" Web-1.Example.COM. ", Some("web-1.example.com")),
            ("web-1", None),
            ("web-1.", None),
            ("localhost", None),
            ("localhost.localdomain", None),
            ("web-10.example.com", None),
            ("db.example.com", None),
            ("", None),
        ] {
            assert_eq!(qualified("web-1", canonical).as_deref(), expected, "{canonical:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_systems_resolver_knows_the_canonical_name_of_localhost() {
        let name = canonical("localhost").unwrap();

        assert!(name.starts_with("localhost"), "{name}");
        assert_eq!(canonical("nul\0byte"), None);
    }
}
