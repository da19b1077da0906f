//! What headers can be read from and written to: HTTP's, string maps, and the byte headers of message brokers.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};

/// Headers that come in. Names are compared without regard to case; a value may be any bytes.
///
/// Implemented for `http::HeaderMap`, for maps with string keys, and for lists of pairs, as brokers hand them out.
///
/// ```
/// # use elastic_apm_core as elastic_apm;
/// use elastic_apm::TraceContext;
///
/// let record = [("TraceParent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".as_slice())];
///
/// assert!(TraceContext::from_headers(&record).is_some());
/// ```
pub trait HeaderSource {
    /// All values of this name, in order.
    fn get_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]>;

    /// The value of this name if there is exactly one and it may be other than text, as in the messages of some brokers.
    fn get_binary<'a>(&'a self, name: &'a HeaderName) -> Option<&'a [u8]> {
        let mut values = self.get_all(name);
        values.next().filter(|_| values.next().is_none())
    }
}

/// Headers that go out.
///
/// Implemented for `http::HeaderMap`, and for maps from `String` and lists of pairs of a `String` with any [`CarrierValue`].
///
/// For the headers of a broker's client implement both traits, or hand over a list and take it back:
///
/// ```
/// # use elastic_apm_core as elastic_apm;
/// # mod broker {
/// #     #[derive(Default)]
/// #     pub struct Headers(pub Vec<(String, Vec<u8>)>);
/// #     impl Headers { pub fn add(&mut self, key: &str, value: &[u8]) { self.0.push((key.into(), value.into())) } }
/// # }
/// fn headers_of_what_is_current() -> broker::Headers {
///     let mut list: Vec<(String, Vec<u8>)> = Vec::new();
///     elastic_apm::inject(&mut list); // adds nothing where no transaction is current
///     let mut headers = broker::Headers::default();
///     for (name, value) in &list {
///         headers.add(name, value);
///     }
///     headers
/// }
/// # assert!(headers_of_what_is_current().0.is_empty());
/// ```
pub trait HeaderSink: HeaderSource {
    /// Removes all headers of this name.
    fn remove(&mut self, name: &HeaderName);

    /// Sets the only header of this name. The value is visible ASCII.
    fn replace(&mut self, name: &HeaderName, value: HeaderValue);

    /// Sets the only header of this name to bytes that are no text. Carriers of text do nothing, and this is the default.
    fn replace_binary(&mut self, name: &HeaderName, value: &[u8]) {
        let _ = (name, value);
    }
}

/// A value that headers in a map or a list may have: `String`, `Vec<u8>`, `Bytes`, and your own.
pub trait CarrierValue: AsRef<[u8]> + Sized {
    /// From a header's text, which is visible ASCII.
    fn from_text(text: &HeaderValue) -> Self;

    /// From bytes that are no text. `None` where the value can only be text, which is the default.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let _ = bytes;
        None
    }
}

impl HeaderSource for HeaderMap {
    fn get_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        HeaderMap::get_all(self, name).iter().map(HeaderValue::as_bytes)
    }

    /// HTTP allows no zero bytes: what it carries is never binary.
    fn get_binary<'a>(&'a self, _: &'a HeaderName) -> Option<&'a [u8]> {
        None
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> HeaderSource for [(K, V)] {
    fn get_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(|(key, _)| is(key, name)).map(|(_, value)| value.as_ref())
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>, const N: usize> HeaderSource for [(K, V); N] {
    fn get_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.as_slice().get_all(name)
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> HeaderSource for Vec<(K, V)> {
    fn get_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.as_slice().get_all(name)
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>, S> HeaderSource for HashMap<K, V, S> {
    fn get_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(|(key, _)| is(key, name)).map(|(_, value)| value.as_ref())
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> HeaderSource for BTreeMap<K, V> {
    fn get_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(|(key, _)| is(key, name)).map(|(_, value)| value.as_ref())
    }
}

impl HeaderSink for HeaderMap {
    fn remove(&mut self, name: &HeaderName) {
        HeaderMap::remove(self, name);
    }

    fn replace(&mut self, name: &HeaderName, value: HeaderValue) {
        self.insert(name, value);
    }
}

impl<V: CarrierValue> HeaderSink for Vec<(String, V)> {
    fn remove(&mut self, name: &HeaderName) {
        self.retain(|(key, _)| !is(key, name));
    }

    fn replace(&mut self, name: &HeaderName, value: HeaderValue) {
        HeaderSink::remove(self, name);
        self.push((name.as_str().to_owned(), V::from_text(&value)));
    }

    fn replace_binary(&mut self, name: &HeaderName, value: &[u8]) {
        if let Some(value) = V::from_bytes(value) {
            HeaderSink::remove(self, name);
            self.push((name.as_str().to_owned(), value));
        }
    }
}

impl<V: CarrierValue, S: BuildHasher> HeaderSink for HashMap<String, V, S> {
    fn remove(&mut self, name: &HeaderName) {
        self.retain(|key, _| !is(key, name));
    }

    fn replace(&mut self, name: &HeaderName, value: HeaderValue) {
        HeaderSink::remove(self, name);
        self.insert(name.as_str().to_owned(), V::from_text(&value));
    }

    fn replace_binary(&mut self, name: &HeaderName, value: &[u8]) {
        if let Some(value) = V::from_bytes(value) {
            HeaderSink::remove(self, name);
            self.insert(name.as_str().to_owned(), value);
        }
    }
}

impl<V: CarrierValue> HeaderSink for BTreeMap<String, V> {
    fn remove(&mut self, name: &HeaderName) {
        self.retain(|key, _| !is(key, name));
    }

    fn replace(&mut self, name: &HeaderName, value: HeaderValue) {
        HeaderSink::remove(self, name);
        self.insert(name.as_str().to_owned(), V::from_text(&value));
    }

    fn replace_binary(&mut self, name: &HeaderName, value: &[u8]) {
        if let Some(value) = V::from_bytes(value) {
            HeaderSink::remove(self, name);
            self.insert(name.as_str().to_owned(), value);
        }
    }
}

impl CarrierValue for String {
    fn from_text(text: &HeaderValue) -> Self {
        String::from_utf8_lossy(text.as_bytes()).into_owned()
    }
}

impl CarrierValue for Vec<u8> {
    fn from_text(text: &HeaderValue) -> Self {
        text.as_bytes().to_owned()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(bytes.to_owned())
    }
}

impl CarrierValue for Bytes {
    fn from_text(text: &HeaderValue) -> Self {
        Bytes::copy_from_slice(text.as_bytes())
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Bytes::copy_from_slice(bytes))
    }
}

fn is(key: &impl AsRef<str>, name: &HeaderName) -> bool {
    key.as_ref().eq_ignore_ascii_case(name.as_str())
}

#[cfg(test)]
mod tests;
