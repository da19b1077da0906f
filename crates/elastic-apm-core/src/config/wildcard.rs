//! Elastic's wildcard patterns.
//!
//! `*` stands for any characters, none included; nothing else is special. Letter case does not count unless the
//! pattern begins with `(?-i)`. Matching takes time linear in the text.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use memchr::memmem::Finder;
use smallvec::SmallVec;

/// One pattern, prepared for matching.
#[derive(Clone, Debug)]
pub(crate) struct WildcardMatcher {
    /// As it was written.
    pattern: Box<str>,
    case_sensitive: bool,
    /// What the text must have to be worth a closer look.
    bytes: ByteSet,
    /// What the text begins with; all of the text when there is no `rest`.
    prefix: Box<[u8]>,
    rest: Option<Rest>,
}

/// What follows the first `*` of a pattern.
#[derive(Clone, Debug)]
struct Rest {
    /// What occurs between, one after the other.
    middle: Box<[Finder<'static>]>,
    /// What the text ends with.
    suffix: Box<[u8]>,
}

impl WildcardMatcher {
    const CASE_SENSITIVE: &'static str = "(?-i)";

    /// Prepares a pattern. Every text is a pattern.
    pub(crate) fn new(pattern: &str) -> Self {
        let (case_sensitive, glob) = match pattern.strip_prefix(Self::CASE_SENSITIVE) {
            Some(glob) => (true, Cow::Borrowed(glob)),
            None => (false, Cow::Owned(folded(pattern).collect())),
        };
        let boxed = |part: &str| part.as_bytes().into();
        let mut parts = glob.split('*');
        let bytes = parts.clone().map(|part| ByteSet::of(part.as_bytes())).fold(ByteSet(0), ByteSet::and);
        let prefix = boxed(parts.next().unwrap_or_default());
        let rest = parts.next_back().map(|suffix| Rest {
            middle: parts
                .filter(|part| !part.is_empty())
                .map(|part| Finder::new(part.as_bytes()).into_owned())
                .collect(),
            suffix: boxed(suffix),
        });
        Self { pattern: pattern.into(), case_sensitive, bytes, prefix, rest }
    }

    /// Tells whether the whole of a text fits the pattern.
    #[inline]
    fn matches(&self, text: &Text<'_>) -> bool {
        let (text, bytes) = if self.case_sensitive { text.written() } else { text.folded() };
        self.bytes.is_within(bytes) && self.fits(text)
    }

    /// Takes the prefix off one end and the suffix off the other, so that no character is used twice.
    fn fits(&self, text: &[u8]) -> bool {
        let Some(text) = text.strip_prefix(&*self.prefix) else { return false };
        let Some(rest) = &self.rest else { return text.is_empty() };
        let Some(mut text) = text.strip_suffix(&*rest.suffix) else { return false };
        rest.middle.iter().all(|needle| match needle.find(text) {
            Some(at) => {
                text = &text[at + needle.needle().len()..];
                true
            }
            None => false,
        })
    }

    /// The pattern without what it says about letter case.
    fn glob(&self) -> &str {
        self.pattern.strip_prefix(Self::CASE_SENSITIVE).unwrap_or(&self.pattern)
    }
}

impl PartialEq for WildcardMatcher {
    fn eq(&self, other: &Self) -> bool {
        self.pattern == other.pattern
    }
}

impl Eq for WildcardMatcher {}

impl fmt::Display for WildcardMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pattern)
    }
}

/// Lower-cases as Unicode does it, character by character: a pattern's parts stay what they are beside each other.
fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

/// Which bytes occur in a text, some taken for each other: it says for sure only that one is missing.
#[derive(Clone, Copy, Debug)]
struct ByteSet(u64);

impl ByteSet {
    fn of(text: &[u8]) -> Self {
        Self(text.iter().fold(0, |set, byte| set | 1 << (byte & 63)))
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
}

/// A text that is held against patterns. It is looked through once for all of them.
struct Text<'a> {
    written: &'a str,
    /// In lower case, where that is something else.
    folded: Option<SmallVec<[u8; 64]>>,
    bytes_folded: ByteSet,
}

impl<'a> Text<'a> {
    fn new(written: &'a str) -> Self {
        let (mut set, mut or, mut is_upper) = (0_u64, 0_u8, false);
        for byte in written.bytes() {
            set |= 1 << (byte & 63);
            or |= byte;
            is_upper |= byte.is_ascii_uppercase();
        }
        // Most names are in lower case already.
        if or.is_ascii() && !is_upper {
            return Self { written, folded: None, bytes_folded: ByteSet(set) };
        }
        let folded: SmallVec<[u8; 64]> = if or.is_ascii() {
            written.bytes().map(|byte| byte.to_ascii_lowercase()).collect()
        } else {
            folded(written).collect::<String>().into_bytes().into()
        };
        Self { written, bytes_folded: ByteSet::of(&folded), folded: Some(folded) }
    }

    fn written(&self) -> (&[u8], ByteSet) {
        // Patterns that are sensitive to case are rare.
        (self.written.as_bytes(), ByteSet::of(self.written.as_bytes()))
    }

    fn folded(&self) -> (&[u8], ByteSet) {
        (self.folded.as_deref().unwrap_or(self.written.as_bytes()), self.bytes_folded)
    }
}

/// A list of patterns; the empty list matches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WildcardList(Arc<[WildcardMatcher]>);

impl WildcardList {
    /// Tells whether there is no pattern.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is the very same list, or a clone of it.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Tells whether any of the patterns matches.
    pub(crate) fn matches_any(&self, text: &str) -> bool {
        if self.is_empty() {
            return false;
        }
        let text = Text::new(text);
        self.0.iter().any(|matcher| matcher.matches(&text))
    }

    /// Returns the first pattern that matches, without its `(?-i)`.
    pub(crate) fn first_match(&self, text: &str) -> Option<&str> {
        if self.is_empty() {
            return None;
        }
        let text = Text::new(text);
        self.0.iter().find(|matcher| matcher.matches(&text)).map(WildcardMatcher::glob)
    }
}

impl FromIterator<WildcardMatcher> for WildcardList {
    fn from_iter<I: IntoIterator<Item = WildcardMatcher>>(matchers: I) -> Self {
        Self(matchers.into_iter().collect())
    }
}

impl FromIterator<String> for WildcardList {
    fn from_iter<I: IntoIterator<Item = String>>(patterns: I) -> Self {
        patterns.into_iter().map(|pattern| WildcardMatcher::new(&pattern)).collect()
    }
}

impl fmt::Display for WildcardList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, matcher) in self.0.iter().enumerate() {
            write!(f, "{}{matcher}", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
