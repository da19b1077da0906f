//! Elastic's wildcard patterns.
//!
//! `*` stands for any characters, none included; nothing else is special. Letter case does not count unless the
//! pattern begins with `(?-i)`. Matching takes time linear in the text and never allocates.

use std::fmt;

/// One pattern, prepared for matching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WildcardMatcher {
    /// As it was written.
    pattern: Box<str>,
    case_sensitive: bool,
    /// What the text begins with; all of the text when there is no `rest`.
    prefix: Box<[char]>,
    rest: Option<Rest>,
}

/// What follows the first `*` of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rest {
    /// What occurs between, one after the other.
    middle: Box<[Needle]>,
    /// What the text ends with.
    suffix: Box<[char]>,
}

impl WildcardMatcher {
    const CASE_SENSITIVE: &'static str = "(?-i)";

    /// Prepares a pattern. Every text is a pattern.
    pub(crate) fn new(pattern: &str) -> Self {
        let (case_sensitive, glob) = match pattern.strip_prefix(Self::CASE_SENSITIVE) {
            Some(glob) => (true, glob),
            None => (false, pattern),
        };
        let prepare = |part: &str| -> Box<[char]> {
            if case_sensitive { part.chars().collect() } else { folded(part).collect() }
        };
        let mut parts = glob.split('*');
        let prefix = prepare(parts.next().unwrap_or_default());
        let rest = parts.next_back().map(|suffix| Rest {
            middle: parts.filter(|part| !part.is_empty()).map(|part| Needle::new(prepare(part))).collect(),
            suffix: prepare(suffix),
        });
        Self { pattern: pattern.into(), case_sensitive, prefix, rest }
    }

    /// Tells whether the whole of `text` fits the pattern.
    pub(crate) fn matches(&self, text: &str) -> bool {
        if self.case_sensitive {
            self.matches_chars(text.chars())
        } else if text.is_ascii() {
            self.matches_chars(text.bytes().map(|byte| char::from(byte.to_ascii_lowercase())))
        } else {
            self.matches_chars(folded(text))
        }
    }

    /// The pattern without what it says about letter case.
    fn glob(&self) -> &str {
        self.pattern.strip_prefix(Self::CASE_SENSITIVE).unwrap_or(&self.pattern)
    }

    /// Takes the prefix off one end and the suffix off the other, so that no character is used twice.
    fn matches_chars(&self, mut text: impl DoubleEndedIterator<Item = char>) -> bool {
        if !self.prefix.iter().all(|&c| text.next() == Some(c)) {
            return false;
        }
        let Some(rest) = &self.rest else { return text.next().is_none() };
        rest.suffix.iter().rev().all(|&c| text.next_back() == Some(c))
            && rest.middle.iter().all(|needle| needle.find(&mut text))
    }
}

impl fmt::Display for WildcardMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pattern)
    }
}

/// Lower-cases as Unicode does it, without a buffer.
fn folded(text: &str) -> impl DoubleEndedIterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

/// A string to search for in a stream of characters, by Knuth, Morris and Pratt: each character is looked at once.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Needle {
    chars: Box<[char]>,
    /// For each position: how many characters of the needle remain matched when the next one does not fit.
    fallback: Box<[usize]>,
}

impl Needle {
    /// `chars` must not be empty.
    fn new(chars: Box<[char]>) -> Self {
        let mut fallback = vec![0; chars.len()];
        let mut matched = 0;
        for at in 1..chars.len() {
            matched = advance(&chars, &fallback, matched, chars[at]);
            fallback[at] = matched;
        }
        Self { chars, fallback: fallback.into() }
    }

    /// Consumes `text` up to the end of the first occurrence.
    fn find(&self, text: &mut impl Iterator<Item = char>) -> bool {
        let mut matched = 0;
        text.any(|c| {
            matched = advance(&self.chars, &self.fallback, matched, c);
            matched == self.chars.len()
        })
    }
}

/// Returns how many characters of the needle are matched after `c`, when `matched < needle.len()` were before.
fn advance(needle: &[char], fallback: &[usize], mut matched: usize, c: char) -> usize {
    while matched > 0 && needle[matched] != c {
        matched = fallback[matched - 1];
    }
    if needle[matched] == c { matched + 1 } else { matched }
}

/// A list of patterns; the empty list matches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WildcardList(Box<[WildcardMatcher]>);

impl WildcardList {
    /// Tells whether there is no pattern.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether any of the patterns matches.
    pub(crate) fn matches_any(&self, text: &str) -> bool {
        self.0.iter().any(|matcher| matcher.matches(text))
    }

    /// Returns the first pattern that matches, without its `(?-i)`.
    pub(crate) fn first_match(&self, text: &str) -> Option<&str> {
        self.0.iter().find(|matcher| matcher.matches(text)).map(WildcardMatcher::glob)
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
