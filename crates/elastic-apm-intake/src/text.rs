//! Text that never exceeds its field's limit on the wire.
//!
//! Knows the limits and how a text is cut; does not know which field it belongs to.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::ops::Deref;

use compact_str::{CompactString, ToCompactString};
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use held::Held;

mod held;

/// Replaces the last kept character of a text that was cut.
const ELLIPSIS: char = '…';

/// A string of at most `LIMIT` Unicode characters on the wire.
///
/// In memory it holds whatever it was given: the limit is applied while the text is written, where a longer one loses
/// its tail and ends in `…`. Reading keeps everything. Up to 24 bytes live inline, string literals are
/// borrowed, and `Text` as well as `Option<Text>` take 24 bytes.
///
/// ```
/// use elastic_apm_intake::Text;
///
/// let name: Text<5> = "checkout".into();
///
/// assert_eq!(name, "checkout");
/// assert_eq!(serde_json::to_string(&name).unwrap(), r#""chec…""#);
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const LIMIT: usize>(Held);

/// Indexed text: at most 1024 characters, the limit of nearly every field.
pub type Keyword = Text<1024>;

/// Text of the fields that may be long: bodies, statements, messages.
///
/// How long is the agent's option `long_field_max_length`, by default 10,000 characters; 100,000 is the most it can be.
pub type LongText = Text<100_000>;

/// Text without a limit of its own; only the size of the whole event bounds it.
pub type FreeText = Text<{ usize::MAX }>;

impl<const LIMIT: usize> Text<LIMIT> {
    /// The most characters that are written.
    pub const LIMIT: usize = LIMIT;

    /// Wraps a literal without allocating.
    #[must_use]
    #[inline]
    pub const fn from_static(text: &'static str) -> Self {
        const { assert!(LIMIT > 0, "a text needs room for at least one character") };
        Self(Held::Literal(text))
    }

    /// Copies a borrowed string: inline up to 24 bytes, else with one allocation.
    #[must_use]
    #[inline]
    pub fn copied(text: &str) -> Self {
        const { assert!(LIMIT > 0, "a text needs room for at least one character") };
        Self(Held::Own(CompactString::new(text)))
    }

    /// Formats a value straight into the text; short results do not allocate.
    ///
    /// ```
    /// use elastic_apm_intake::Keyword;
    ///
    /// assert_eq!(Keyword::formatted(format_args!("HTTP {}xx", 2)), "HTTP 2xx");
    /// ```
    #[must_use]
    pub fn formatted(arguments: fmt::Arguments<'_>) -> Self {
        match arguments.as_str() {
            Some(literal) => Self::from_static(literal),
            None => Self(Held::Own(arguments.to_compact_string())),
        }
    }

    /// Puts pieces together: short results do not allocate, long ones once.
    ///
    /// ```
    /// use elastic_apm_intake::Keyword;
    ///
    /// assert_eq!(Keyword::joined(["GET", " ", "/users/{id}"]), "GET /users/{id}");
    /// ```
    #[must_use]
    pub fn joined<const N: usize>(pieces: [&str; N]) -> Self {
        let length = pieces.iter().map(|piece| piece.len()).sum();
        if length > size_of::<CompactString>() {
            let mut text = String::with_capacity(length);
            pieces.iter().for_each(|piece| text.push_str(piece));
            return text.into();
        }
        let Some((first, others)) = pieces.split_first() else { return Self::default() };
        let mut text = CompactString::new(first);
        others.iter().for_each(|piece| text.push_str(piece));
        Self(Held::Own(text))
    }

    /// The whole text, not cut.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same text under another limit, without copying.
    #[must_use]
    #[inline]
    pub fn into_limit<const OTHER: usize>(self) -> Text<OTHER> {
        Text(self.0)
    }

    /// Bytes this text holds outside itself: 0 for literals and for what fits inline.
    #[must_use]
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        self.0.heap_bytes()
    }

    /// Whether it may be longer than its limit.
    #[inline]
    pub(crate) fn is_too_long(&self) -> bool {
        self.0.len() > LIMIT
    }

    /// Forgets what would not be written anyway, and the memory it takes.
    pub(crate) fn shorten(&mut self) {
        self.shorten_to(LIMIT);
    }

    /// Keeps at most `limit` characters, the last of which is `…` where there were more. Says whether there were. A limit of 0 is one
    /// of 1.
    ///
    /// ```
    /// use elastic_apm_intake::Keyword;
    ///
    /// let mut name = Keyword::from("checkout");
    ///
    /// assert!(!name.shorten_to(8));
    /// assert!(name.shorten_to(5) && name == "chec…");
    /// ```
    #[inline]
    pub fn shorten_to(&mut self, limit: usize) -> bool {
        // A character takes at least one byte, so most texts are settled by their length.
        self.as_str().len() > limit && self.shorten_long(limit)
    }

    #[cold]
    fn shorten_long(&mut self, limit: usize) -> bool {
        let Cow::Owned(text) = cut(self, limit) else { return false };
        *self = text.into();
        true
    }

    /// The text as it is written.
    pub(crate) fn on_wire(&self) -> Cow<'_, str> {
        cut(self, LIMIT)
    }
}

/// The text, cut where it has more than `limit` characters.
fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let mut characters = text.char_indices();
    let end_of_head = characters.nth(limit.saturating_sub(1)).map(|(end, _)| end);
    match (end_of_head, characters.next()) {
        (Some(end), Some(_)) => {
            let mut head = String::with_capacity(end + ELLIPSIS.len_utf8());
            head.push_str(&text[..end]);
            head.push(ELLIPSIS);
            Cow::Owned(head)
        }
        _ => Cow::Borrowed(text),
    }
}

impl<const LIMIT: usize> From<&'static str> for Text<LIMIT> {
    #[inline]
    fn from(text: &'static str) -> Self {
        Self::from_static(text)
    }
}

impl<const LIMIT: usize> From<String> for Text<LIMIT> {
    #[inline]
    fn from(text: String) -> Self {
        Self(Held::Own(text.into()))
    }
}

impl<const LIMIT: usize> From<Cow<'static, str>> for Text<LIMIT> {
    fn from(text: Cow<'static, str>) -> Self {
        match text {
            Cow::Borrowed(literal) => Self::from_static(literal),
            Cow::Owned(string) => string.into(),
        }
    }
}

impl<const LIMIT: usize> Deref for Text<LIMIT> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<const LIMIT: usize> AsRef<str> for Text<LIMIT> {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

// Sound because `Eq`, `Ord` and `Hash` are those of `str`.
impl<const LIMIT: usize> Borrow<str> for Text<LIMIT> {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl<const LIMIT: usize> PartialEq<str> for Text<LIMIT> {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl<const LIMIT: usize> PartialEq<&str> for Text<LIMIT> {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl<const LIMIT: usize> fmt::Display for Text<LIMIT> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl<const LIMIT: usize> fmt::Debug for Text<LIMIT> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<const LIMIT: usize> Serialize for Text<LIMIT> {
    #[inline(always)]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A character takes at least one byte, so most texts are settled by their length.
        let text = self.as_str();
        if text.len() <= LIMIT {
            serializer.serialize_str(text)
        } else {
            serialize_cut(text, LIMIT, serializer)
        }
    }
}

/// Writes the first `limit` characters of a text that may have more.
#[cold]
pub(crate) fn serialize_cut<S: Serializer>(
    text: &str,
    limit: usize,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&cut(text, limit))
}

impl<'de, const LIMIT: usize> Deserialize<'de> for Text<LIMIT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor<const LIMIT: usize>;

        impl<const LIMIT: usize> Visitor<'_> for TextVisitor<LIMIT> {
            type Value = Text<LIMIT>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text::copied(text))
            }

            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(text.into())
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

#[cfg(test)]
mod tests;
