//! Which names are secret by `sanitize_field_names`, remembered: a service sees the same ones with each request.

use crate::config::WildcardList;

/// The patterns, and what they say of the names that were asked for last.
pub(crate) struct Secrets {
    patterns: WildcardList,
    /// Each name has one place, which it may have to give up to another.
    known: Box<[Known; Self::PLACES]>,
}

#[derive(Default)]
struct Known {
    name: String,
    ends: Ends,
    is_secret: bool,
}

/// Both ends of a name, eight bytes each; of a short one all of it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Ends {
    first: u64,
    last: u64,
}

impl Secrets {
    /// As many as a byte tells apart.
    const PLACES: usize = 256;
    /// Longer names are not remembered: a stranger decides how long they are.
    const LONGEST: usize = 64;

    /// No patterns yet.
    pub(crate) fn new() -> Self {
        Secrets { patterns: WildcardList::default(), known: Self::none_known() }
    }

    fn none_known() -> Box<[Known; Self::PLACES]> {
        Box::new(std::array::from_fn(|_| Known::default()))
    }

    /// Goes by these patterns from now on.
    #[inline]
    pub(crate) fn go_by(&mut self, patterns: &WildcardList) {
        if !self.patterns.is_same(patterns) {
            self.patterns = patterns.clone();
            self.known = Self::none_known();
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
        let ends = Ends::of(name.as_bytes());
        let known = &mut self.known[usize::from(ends.place())];
        if !known.is(name, ends) {
            known.is_secret = self.patterns.matches_any(name);
            name.clone_into(&mut known.name);
            known.ends = ends;
        }
        known.is_secret
    }
}

impl Known {
    #[inline]
    fn is(&self, name: &str, ends: Ends) -> bool {
        // Its ends and its length say all of a name that has no middle.
        self.ends == ends && self.name.len() == name.len() && (name.len() <= Ends::BYTES || self.name == name)
    }
}

impl Ends {
    /// How many bytes both have.
    const BYTES: usize = 16;

    #[inline]
    fn of(name: &[u8]) -> Self {
        match (name.first_chunk(), name.last_chunk()) {
            (Some(first), Some(last)) => {
                Ends { first: u64::from_le_bytes(*first), last: u64::from_le_bytes(*last) }
            }
            _ => Ends { first: name.iter().fold(0, |ends, byte| ends << 8 | u64::from(*byte)), last: 0 },
        }
    }

    /// They tell the names of headers apart.
    #[inline]
    fn place(self) -> u8 {
        // All bits of a factor have a say in the high bits of the product.
        ((self.first ^ self.last.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8
    }
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
        names.extend(
            ["authorization", "AUTHORIZATION", "cookie", "", "ä-secret", "\0", "\0\0"].map(str::to_owned),
        );
        // Of all lengths, alike at both ends.
        names.extend((0..40).map(|length| {
            format!("x-middle{}x-middle", "-token-".chars().cycle().take(length).collect::<String>())
        }));
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
