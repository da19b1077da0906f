//! Labels: the small ordered map behind `tags`.
//!
//! Knows how keys look on the wire; which event the labels sit on is not known here.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use smallvec::SmallVec;

use crate::label_value::LabelValue;
use crate::text::Keyword;

/// Key-value pairs that are indexed and searchable, in the order of insertion.
///
/// The characters `.`, `*` and `"` of a key are written as `_`, as the server would store them. Keys that are equal
/// on the wire are one key: the last value wins. Two labels need no allocation of their own. Equality is that of the
/// objects on the wire, so order is no part of it.
///
/// ```
/// use elastic_apm_intake::Labels;
///
/// let mut labels = Labels::new();
/// labels.insert("tenant.id", 7);
/// labels.insert("tenant_id", 8);
///
/// assert_eq!(serde_json::to_string(&labels).unwrap(), r#"{"tenant_id":8}"#);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Labels(SmallVec<[(Keyword, LabelValue); 2]>);

impl Labels {
    /// No labels.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a label; the same key, also after rewriting, is replaced in place.
    #[inline]
    pub fn insert(&mut self, key: impl Into<Keyword>, value: impl Into<LabelValue>) {
        let key = key.into();
        let value = value.into();
        match self.0.iter_mut().find(|(other, _)| same_key(other, &key)) {
            Some(label) => *label = (key, value),
            None => self.0.push((key, value)),
        }
    }

    /// The value under a key, compared as it is on the wire.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&LabelValue> {
        let key = Keyword::copied(key);
        self.0.iter().find(|(other, _)| same_key(other, &key)).map(|(_, value)| value)
    }

    /// How many labels there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keys as they were given, and values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &LabelValue)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        fn sorted(labels: &Labels) -> BTreeMap<Cow<'_, str>, &LabelValue> {
            labels.0.iter().map(|(key, value)| (key_on_wire(key), value)).collect()
        }

        self.len() == other.len() && sorted(self) == sorted(other)
    }
}

impl<K: Into<Keyword>, V: Into<LabelValue>> Extend<(K, V)> for Labels {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, labels: I) {
        for (key, value) in labels {
            self.insert(key, value);
        }
    }
}

impl<K: Into<Keyword>, V: Into<LabelValue>> FromIterator<(K, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(labels: I) -> Self {
        let mut all = Self::new();
        all.extend(labels);
        all
    }
}

impl IntoIterator for Labels {
    type Item = (Keyword, LabelValue);
    type IntoIter = smallvec::IntoIter<[(Keyword, LabelValue); 2]>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Whether the server would not keep this byte in a key.
const fn is_rewritten(byte: u8) -> bool {
    matches!(byte, b'.' | b'*' | b'"')
}

/// The byte as it is written.
const fn rewrite(byte: u8) -> u8 {
    if is_rewritten(byte) { b'_' } else { byte }
}

/// Whether two keys are one on the wire: equal after rewriting and cutting.
fn same_key(left: &Keyword, right: &Keyword) -> bool {
    if left.len() <= Keyword::LIMIT && right.len() <= Keyword::LIMIT {
        // From the end: keys that are made up in numbers tend to share their beginning.
        return left.len() == right.len()
            && left
                .bytes()
                .rev()
                .zip(right.bytes().rev())
                .all(|(left, right)| rewrite(left) == rewrite(right));
    }
    key_on_wire(left) == key_on_wire(right)
}

/// The key as it is written.
fn key_on_wire(key: &Keyword) -> Cow<'_, str> {
    let key = key.on_wire();
    if key.bytes().any(is_rewritten) { Cow::Owned(key.replace(['.', '*', '"'], "_")) } else { key }
}

/// A key that is being written; rewriting one of usual length does not allocate.
struct KeyWriter<'a>(&'a Keyword);

impl Serialize for KeyWriter<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let key = self.0.on_wire();
        if !key.bytes().any(is_rewritten) {
            return serializer.serialize_str(&key);
        }
        let bytes: SmallVec<[u8; 64]> = key.bytes().map(rewrite).collect();
        // One ASCII character for another leaves the text valid, so the empty fallback is never taken.
        serializer.serialize_str(std::str::from_utf8(&bytes).unwrap_or_default())
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(&KeyWriter(key), value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LabelsVisitor;

        impl<'de> Visitor<'de> for LabelsVisitor {
            type Value = Labels;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of labels")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
                let mut labels = Labels::new();
                // Outside bytes decide how many there are, so finding the earlier one must not take a scan.
                let mut places = HashMap::new();
                while let Some((key, value)) = map.next_entry::<Keyword, Option<LabelValue>>()? {
                    let Some(value) = value else { continue };
                    match places.entry(key_on_wire(&key).into_owned()) {
                        Entry::Occupied(place) => labels.0[*place.get()] = (key, value),
                        Entry::Vacant(place) => {
                            place.insert(labels.0.len());
                            labels.0.push((key, value));
                        }
                    }
                }
                Ok(labels)
            }
        }

        deserializer.deserialize_map(LabelsVisitor)
    }
}

#[cfg(test)]
mod tests;
