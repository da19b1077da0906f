//! Which names are secret by `sanitize_field_names`, remembered: a service sees the same ones with each request.

use crate::config::WildcardList;

/// The patterns, and what they say of the names that were asked for last.
pub(crate) struct Secrets {
    patterns: WildcardList,
    /// Each name has one place, which it may have to give up to another.
    known: Vec<Known>,
}

#[derive(Clone, Default)]
struct Known {
    name: String,
    is_secret: bool,
}

impl Secrets {
    const PLACES: usize = 256;
    /// Longer names are not remembered: a stranger decides how long they are.
    const LONGEST: usize = 64;

    /// No patterns yet.
    pub(crate) fn new() -> Self {
        Secrets { patterns: WildcardList::default(), known: Vec::new() }
    }

    /// Goes by these patterns from now on.
    #[inline]
    pub(crate) fn go_by(&mut self, patterns: &WildcardList) {
        if !self.patterns.is_same(patterns) {
            self.patterns = patterns.clone();
            self.known.clear();
        }
    }

    pub(super) fn patterns(&self) -> &WildcardList {
        &self.patterns
    }

    /// Whether the value under this name is secret.
    pub(super) fn is_secret(&mut self, name: &str) -> bool {
        if name.is_empty() || name.len() > Self::LONGEST {
            return self.patterns.matches_any(name);
        }
        if self.known.is_empty() {
            self.known.resize(Self::PLACES, Known::default());
        }
        let Some(known) = self.known.get_mut(place_of(name)) else { return self.patterns.matches_any(name) };
        if known.name != name {
            known.is_secret = self.patterns.matches_any(name);
            name.clone_into(&mut known.name);
        }
        known.is_secret
    }
}

/// By both ends of the name, eight bytes each, which tell the names of headers apart; a short one by all of it.
fn place_of(name: &str) -> usize {
    let name = name.as_bytes();
    let ends = match (name.first_chunk(), name.last_chunk()) {
        (Some(first), Some(last)) => u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(29),
        _ => name.iter().fold(0, |ends, byte| ends << 8 | u64::from(*byte)),
    };
    // All bits of a factor have a say in the high bits of the product.
    (ends.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % Secrets::PLACES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::default_settings;

    fn list(patterns: &[&str]) -> WildcardList {
        patterns.iter().map(|pattern| (*pattern).to_owned()).collect()
    }

    #[test]
    fn a_name_is_as_secret_as_the_patterns_say_however_often_and_in_whatever_order_it_is_asked_for() {
        let patterns = default_settings().sanitize_field_names.clone();
        let mut secrets = Secrets::new();
        secrets.go_by(&patterns);
        // More than there are places, so that names push each other out.
        let mut names: Vec<String> = (0..1_000).map(|number| format!("x-{number}")).collect();
        names.extend((0..1_000).map(|number| format!("x-token-of-{number}")));
        names.extend(["authorization", "AUTHORIZATION", "cookie", "", "ä-secret"].map(str::to_owned));
        names.push(format!("{}-password", "x".repeat(1_000)));
        for name in names.iter().chain(names.iter().rev()).chain(&names) {
            assert_eq!(secrets.is_secret(name), patterns.matches_any(name), "{name}");
        }
    }

    #[test]
    fn what_was_said_by_other_patterns_is_forgotten() {
        let mut secrets = Secrets::new();
        secrets.go_by(&list(&["*token*"]));
        assert!(secrets.is_secret("x-token") && !secrets.is_secret("x-key"));

        secrets.go_by(&list(&["*key*"]));

        assert!(!secrets.is_secret("x-token") && secrets.is_secret("x-key"));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut secrets = Secrets::new();
        for number in 0..10_000 {
            secrets.is_secret(&format!("{number}{}", "x".repeat(100)));
            secrets.is_secret(&format!("{number}{}", "x".repeat(50)));
        }

        let bytes: usize = secrets.known.iter().map(|known| known.name.capacity()).sum();
        assert!(bytes <= Secrets::PLACES * 2 * Secrets::LONGEST, "{bytes}");
    }
}
