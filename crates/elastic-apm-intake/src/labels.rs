//! Labels: the small ordered map behind `tags`.
//!
//! Knows how keys look on the wire; which event the labels sit on is not known here.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use smallvec::{Array, SmallVec};

use crate::label_value::LabelValue;
use crate::text::Keyword;

/// Key-value pairs that are indexed and searchable, in the order of insertion.
///
/// The characters `.`, `*` and `"` of a key are written as `_`, as the server would store them. Keys that are equal
/// on the wire are one key: the last value wins. Two labels need no allocation of their own, and of keys and values only as much
/// is kept as is written. Equality is that of the objects on the wire, so order is no part of it.
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
#[derive(Clone, Default)]
pub struct Labels(Entries);

/// Distinct up to [`Labels::SEARCHED`] of them. Beyond, a key may be there several times, and its last value counts: finding it at
/// each insertion would make thousands of labels cost millions of comparisons.
type Entries = SmallVec<[Label; 2]>;

type Label = (Keyword, LabelValue);

impl Labels {
    const SEARCHED: usize = 32;

    /// No labels.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a label; the same key, also after rewriting, is replaced in place.
    #[inline]
    pub fn insert(&mut self, key: impl Into<Keyword>, value: impl Into<LabelValue>) {
        let mut key = key.into();
        let mut value = value.into();
        key.shorten();
        if let LabelValue::Text(text) = &mut value {
            text.shorten();
        }
        if self.0.len() > Self::SEARCHED {
            self.append((key, value));
        } else {
            match self.0.iter_mut().find(|(other, _)| same_key(other, &key)) {
                Some(label) => *label = (key, value),
                None => self.0.push((key, value)),
            }
        }
    }

    /// Adds one of many. Before the memory for them grows, those go whose key has a later value: it never holds more than twice what
    /// is written.
    #[cold]
    fn append(&mut self, label: Label) {
        if self.0.len() == self.0.capacity() {
            self.settle();
        }
        self.0.push(label);
    }

    fn settle(&mut self) {
        if self.0.len() > Self::SEARCHED {
            self.0 = distinct(std::mem::take(&mut self.0), |(key, _)| key);
        }
    }

    /// Each key once, in its first place with its last value.
    fn settled(&self) -> SmallVec<[&Label; 8]> {
        if self.0.len() > Self::SEARCHED {
            distinct(&self.0, |(key, _)| key)
        } else {
            self.0.iter().collect()
        }
    }

    /// The value under a key, compared as it is on the wire.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&LabelValue> {
        let key = Keyword::copied(key);
        self.0.iter().rfind(|(other, _)| same_key(other, &key)).map(|(_, value)| value)
    }

    /// How many labels there are.
    #[must_use]
    pub fn len(&self) -> usize {
        if self.0.len() > Self::SEARCHED { self.settled().len() } else { self.0.len() }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes these labels hold outside themselves.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let own = if self.0.spilled() { self.0.capacity() * size_of::<Label>() } else { 0 };
        let texts = self.0.iter().map(|(key, value)| {
            key.heap_bytes() + if let LabelValue::Text(text) = value { text.heap_bytes() } else { 0 }
        });
        own + texts.sum::<usize>()
    }

    /// Keys as they were given, and values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &LabelValue)> {
        self.settled().into_iter().map(|(key, value)| (key.as_str(), value))
    }
}

/// Each key once, in its first place with its last label.
fn distinct<T, A>(labels: impl IntoIterator<Item = T>, key: impl Fn(&T) -> &Keyword) -> SmallVec<A>
where
    A: Array<Item = T>,
{
    let mut kept: SmallVec<A> = SmallVec::new();
    let mut places = HashMap::new();
    for label in labels {
        match places.entry(key_on_wire(key(&label)).into_owned()) {
            Entry::Occupied(place) => kept[*place.get()] = label,
            Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push(label);
            }
        }
    }
    kept
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        fn sorted(labels: &Labels) -> BTreeMap<Cow<'_, str>, &LabelValue> {
            labels.0.iter().map(|(key, value)| (key_on_wire(key), value)).collect()
        }

        sorted(self) == sorted(other)
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
    type IntoIter = smallvec::IntoIter<[Label; 2]>;

    fn into_iter(mut self) -> Self::IntoIter {
        self.settle();
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
        fn write<'a, S: Serializer>(
            labels: impl ExactSizeIterator<Item = &'a Label>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(labels.len()))?;
            for (key, value) in labels {
                map.serialize_entry(&KeyWriter(key), value)?;
            }
            map.end()
        }

        if self.0.len() > Self::SEARCHED {
            write(self.settled().into_iter(), serializer)
        } else {
            write(self.0.iter(), serializer)
        }
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
                while let Some((key, value)) = map.next_entry::<Keyword, Option<LabelValue>>()? {
                    if let Some(value) = value {
                        labels.insert(key, value);
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
