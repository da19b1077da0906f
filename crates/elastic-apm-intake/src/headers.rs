//! HTTP and message headers.
//!
//! Order and repetition are kept; which headers are secret is not known here.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use smallvec::{SmallVec, smallvec};

use crate::text::Keyword;

/// The values of one header; nearly always a single one.
type Values = SmallVec<[Keyword; 1]>;

/// Header names with their values, in order.
///
/// A single value is written as a string, several as an array, never null. Names are looked up without regard to case
/// and written as they were given.
///
/// ```
/// use elastic_apm_intake::Headers;
///
/// let mut headers = Headers::new();
/// headers.append("accept", "text/html");
/// headers.append("via", "a");
/// headers.append("Via", "b");
///
/// assert_eq!(serde_json::to_string(&headers).unwrap(), r#"{"accept":"text/html","via":["a","b"]}"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Headers(Vec<(Keyword, Values)>);

impl Headers {
    /// No headers.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// No headers, with room for this many names.
    #[must_use]
    pub fn with_capacity(names: usize) -> Self {
        Self(Vec::with_capacity(names))
    }

    /// Adds a value, after those the name already has.
    pub fn append(&mut self, name: impl Into<Keyword>, value: impl Into<Keyword>) {
        let name = name.into();
        match self.position(&name) {
            Some(index) => self.0[index].1.push(value.into()),
            None => self.0.push((name, smallvec![value.into()])),
        }
    }

    /// [`append`](Self::append) where the values of one name follow each other, as those of an `http::HeaderMap` do: only the name
    /// before is looked at.
    ///
    /// ```
    /// use elastic_apm_intake::Headers;
    ///
    /// let mut headers = Headers::new();
    /// for (name, value) in [("via", "a"), ("via", "b"), ("accept", "text/html")] {
    ///     headers.append_next(name, value);
    /// }
    ///
    /// assert_eq!(headers.get_all("via"), ["a", "b"]);
    /// ```
    pub fn append_next(&mut self, name: impl Into<Keyword>, value: impl Into<Keyword>) {
        let name = name.into();
        match self.0.last_mut() {
            Some((last, values)) if last.eq_ignore_ascii_case(&name) => values.push(value.into()),
            _ => self.0.push((name, smallvec![value.into()])),
        }
    }

    /// Sets the only value of a name.
    pub fn insert(&mut self, name: impl Into<Keyword>, value: impl Into<Keyword>) {
        let name = name.into();
        match self.position(&name) {
            Some(index) => self.0[index].1 = smallvec![value.into()],
            None => self.0.push((name, smallvec![value.into()])),
        }
    }

    /// Takes a name out with all its values.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    /// The first value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).first().map(Keyword::as_str)
    }

    /// All values of a name.
    #[must_use]
    pub fn get_all(&self, name: &str) -> &[Keyword] {
        self.position(name).map_or(&[], |index| &self.0[index].1)
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names with their values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &[Keyword])> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// Names with their values, which may be replaced.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&str, &mut [Keyword])> {
        self.0.iter_mut().map(|(name, values)| (name.as_str(), values.as_mut_slice()))
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|(other, _)| other.eq_ignore_ascii_case(name))
    }
}

impl<K: Into<Keyword>, V: Into<Keyword>> Extend<(K, V)> for Headers {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, headers: I) {
        for (name, value) in headers {
            self.append(name, value);
        }
    }
}

impl<K: Into<Keyword>, V: Into<Keyword>> FromIterator<(K, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(headers: I) -> Self {
        let mut all = Self::new();
        all.extend(headers);
        all
    }
}

impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (name, values) in &self.0 {
            match values.as_slice() {
                [value] => map.serialize_entry(name, value)?,
                values => map.serialize_entry(name, values)?,
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeadersVisitor;

        impl<'de> Visitor<'de> for HeadersVisitor {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of headers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = Headers::new();
                // Kept as sent, repeated names too: looking each one up would be quadratic in what a stranger sends.
                while let Some((name, values)) = map.next_entry::<Keyword, Option<OneOrMany>>()? {
                    if let Some(OneOrMany(values)) = values {
                        headers.0.push((name, values));
                    }
                }
                Ok(headers)
            }
        }

        deserializer.deserialize_map(HeadersVisitor)
    }
}

/// A string, or an array of strings.
struct OneOrMany(Values);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValuesVisitor;

        impl<'de> Visitor<'de> for ValuesVisitor {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of strings")
            }

            fn visit_str<E>(self, value: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(smallvec![Keyword::copied(value)]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<OneOrMany, A::Error> {
                let mut values = Values::new();
                while let Some(value) = sequence.next_element()? {
                    values.push(value);
                }
                Ok(OneOrMany(values))
            }
        }

        deserializer.deserialize_any(ValuesVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::Headers;

    #[test]
    fn insert_replaces_all_values() {
        let mut headers: Headers = [("cookie", "a=1"), ("cookie", "b=2")].into_iter().collect();

        headers.insert("Cookie", "[REDACTED]");

        assert_eq!(headers.get_all("cookie"), ["[REDACTED]"]);
        assert_eq!(headers.len(), 1);
    }

    #[test]
    fn null_headers_are_dropped_when_read() {
        let headers: Headers = serde_json::from_str(r#"{"a":null,"b":"1","c":["2","3"],"d":[]}"#).unwrap();

        assert_eq!(serde_json::to_string(&headers).unwrap(), r#"{"b":"1","c":["2","3"],"d":[]}"#);
    }

    #[test]
    fn values_that_are_not_text_are_refused_as_the_server_does() {
        for line in [r#"{"a":1}"#, r#"{"a":{}}"#, r#"{"a":[null]}"#] {
            assert!(serde_json::from_str::<Headers>(line).is_err(), "{line}");
        }
    }

    #[test]
    fn values_can_be_replaced_in_place() {
        let mut headers: Headers = [("authorization", "Bearer x")].into_iter().collect();

        for (_, values) in headers.iter_mut() {
            values.fill("[REDACTED]".into());
        }

        assert_eq!(headers.get("Authorization"), Some("[REDACTED]"));
    }
}
