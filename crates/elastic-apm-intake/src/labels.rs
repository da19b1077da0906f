//! Labels: the small ordered map behind `tags`.
//!
//! Knows how keys look on the wire; which event the labels sit on is not known here.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::buffer::is_plain;
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
pub struct Labels {
    first: Option<Label>,
    second: Option<Label>,
    /// Distinct, with the first two, up to [`Labels::SEARCHED`] of them. Beyond, a key may be there several times, and its last value
    /// counts: finding it at each insertion would make thousands of labels cost millions of comparisons.
    #[expect(
        clippy::box_collection,
        reason = "most events have none, and they are moved: one word instead of three"
    )]
    more: Option<Box<Vec<Label>>>,
}

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
        match self.free_place() {
            // Made where it stays: a short text is moved at once after it was made only by waiting for it.
            Some(place) => *place = Some((key.into(), value.into())),
            None => return self.insert_more((key.into(), value.into())),
        }
        self.settle();
    }

    #[inline]
    fn free_place(&mut self) -> Option<&mut Option<Label>> {
        if self.first.is_none() {
            return Some(&mut self.first);
        }
        if self.second.is_none() { Some(&mut self.second) } else { None }
    }

    /// Sees to it that the last of the first two is no longer than what is written, and no second value of the other's key.
    #[inline]
    fn settle(&mut self) {
        if self.second.as_ref().or(self.first.as_ref()).is_some_and(is_too_long) {
            self.shorten_last();
        }
        let is_again = matches!((&self.first, &self.second), (Some(first), Some(second)) if same_key(&first.0, &second.0));
        if is_again {
            self.first = self.second.take();
        }
    }

    #[cold]
    fn shorten_last(&mut self) {
        if let Some(last) = self.second.as_mut().or(self.first.as_mut()) {
            shorten(last);
        }
    }

    /// Sets one where the first two places are taken.
    #[cold]
    fn insert_more(&mut self, mut label: Label) {
        shorten(&mut label);
        let mut first_two = [&mut self.first, &mut self.second].into_iter().flatten();
        if let Some(known) = first_two.find(|(other, _)| same_key(other, &label.0)) {
            *known = label;
            return;
        }
        let more = self.more.get_or_insert_default();
        if more.len() <= Self::SEARCHED {
            match more.iter_mut().find(|(other, _)| same_key(other, &label.0)) {
                Some(known) => *known = label,
                None => more.push(label),
            }
            return;
        }
        // Before the memory for them grows, those go whose key has a later value: it never holds more than twice what is written.
        if more.len() == more.capacity() {
            **more = distinct(std::mem::take(&mut **more), |(key, _)| key);
            // Room for as many again, lest the next ones start over soon.
            more.reserve_exact(more.len());
        }
        more.push(label);
    }

    fn more(&self) -> &[Label] {
        self.more.as_deref().map_or(&[], Vec::as_slice)
    }

    fn first_two(&self) -> impl Iterator<Item = &Label> {
        self.first.iter().chain(&self.second)
    }

    /// All of them, each key once, in its first place with its last value.
    fn labels(&self) -> impl Iterator<Item = &Label> {
        let more = self.more();
        let (few, many) = if more.len() > Self::SEARCHED {
            (&[][..], distinct(more, |(key, _)| key))
        } else {
            (more, Vec::new())
        };
        self.first_two().chain(few).chain(many)
    }

    /// The value under a key, compared as it is on the wire.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&LabelValue> {
        let key = Keyword::copied(key);
        let mut all = self.more().iter().rev().chain(self.first_two());
        all.find(|(other, _)| same_key(other, &key)).map(|(_, value)| value)
    }

    /// How many labels there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels().count()
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Bytes these labels hold outside themselves.
    #[must_use]
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        let first_two = heap_bytes_of(self.first.as_ref()) + heap_bytes_of(self.second.as_ref());
        first_two + self.more.as_ref().map_or(0, |more| heap_bytes_of_more(more))
    }

    /// Keys as they were given, and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &LabelValue)> {
        self.labels().map(|(key, value)| (key.as_str(), value))
    }
}

#[inline]
fn heap_bytes_of(label: Option<&Label>) -> usize {
    let Some((key, value)) = label else { return 0 };
    key.heap_bytes() + if let LabelValue::Text(text) = value { text.heap_bytes() } else { 0 }
}

#[cold]
fn heap_bytes_of_more(more: &Vec<Label>) -> usize {
    let texts: usize = more.iter().map(|label| heap_bytes_of(Some(label))).sum();
    more.capacity() * size_of::<Label>() + texts
}

#[inline]
fn is_too_long((key, value): &Label) -> bool {
    key.is_too_long() || value.is_too_long()
}

/// Forgets what would not be written anyway.
#[cold]
fn shorten((key, value): &mut Label) {
    key.shorten();
    if let LabelValue::Text(text) = value {
        text.shorten();
    }
}

/// Each key once, in its first place with its last label.
fn distinct<T>(labels: impl IntoIterator<Item = T>, key: impl Fn(&T) -> &Keyword) -> Vec<T> {
    let mut kept = Vec::new();
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
            labels.labels().map(|(key, value)| (key_on_wire(key), value)).collect()
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
    type IntoIter = std::iter::Chain<
        std::iter::Chain<std::option::IntoIter<Label>, std::option::IntoIter<Label>>,
        std::vec::IntoIter<Label>,
    >;

    fn into_iter(self) -> Self::IntoIter {
        let mut more = self.more.map_or_else(Vec::new, |more| *more);
        if more.len() > Self::SEARCHED {
            more = distinct(more, |(key, _)| key);
        }
        self.first.into_iter().chain(self.second).chain(more)
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
#[inline]
fn same_key(left: &Keyword, right: &Keyword) -> bool {
    let (left, right) = (left.as_str(), right.as_str());
    // Keys do not become longer by being cut to their limit in characters, nor by being rewritten.
    (left.len() == right.len() || left.len().max(right.len()) > Keyword::LIMIT) && same_text(left, right)
}

fn same_text(left: &str, right: &str) -> bool {
    if left.len().max(right.len()) <= Keyword::LIMIT {
        // From the end: keys that are made up in numbers tend to share their beginning.
        let mut bytes = left.bytes().rev().zip(right.bytes().rev());
        return bytes.all(|(left, right)| rewrite(left) == rewrite(right));
    }
    key_on_wire(&Keyword::copied(left)) == key_on_wire(&Keyword::copied(right))
}

/// The key as it is written.
fn key_on_wire(key: &Keyword) -> Cow<'_, str> {
    let key = key.on_wire();
    if key.bytes().any(is_rewritten) { Cow::Owned(key.replace(['.', '*', '"'], "_")) } else { key }
}

/// A key that is being written; rewriting one of usual length does not allocate.
struct KeyWriter<'a>(&'a Keyword);

/// The length up to which a key is rewritten without an allocation.
const USUAL_KEY: usize = 64;

impl Serialize for KeyWriter<'_> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let key = self.0.as_str().as_bytes();
        let mut buffer = [b' '; USUAL_KEY];
        let Some(place) = buffer.get_mut(..key.len()) else { return self.serialize_long(serializer) };
        place.copy_from_slice(key);
        // All of it, whatever the key's length: many bytes at a time.
        buffer.iter_mut().for_each(|byte| *byte = rewrite(*byte));
        let rewritten = &buffer[..key.len()];
        if !serializer.is_human_readable() && is_plain(&buffer) {
            return serializer.serialize_bytes(rewritten);
        }
        // One ASCII character for another leaves the text valid, so the empty fallback is never taken.
        serializer.serialize_str(std::str::from_utf8(rewritten).unwrap_or_default())
    }
}

impl KeyWriter<'_> {
    #[cold]
    fn serialize_long<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&key_on_wire(self.0))
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if self.more.is_none() {
            for (key, value) in self.first_two() {
                map.serialize_entry(&KeyWriter(key), value)?;
            }
        } else {
            for (key, value) in self.labels() {
                map.serialize_entry(&KeyWriter(key), value)?;
            }
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
