//! What headers can be read from and written to: HTTP's, string maps, and the byte headers of message brokers.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

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
}

/// Headers that go out.
///
/// Implemented for `http::HeaderMap`, for maps from `String`, and for lists of pairs of a `String` and a value that is made from one,
/// such as `String` or `Vec<u8>`.
///
/// ```
/// use std::collections::HashMap;
///
/// let mut message: HashMap<String, String> = HashMap::new();
/// elastic_apm_core::inject(&mut message); // adds nothing where no transaction is current
/// # assert!(message.is_empty());
/// ```
pub trait HeaderSink {
    /// Whether there is a header of this name.
    fn contains(&self, name: &HeaderName) -> bool;

    /// Removes all headers of this name.
    fn remove(&mut self, name: &HeaderName);

    /// Sets the only header of this name. The value is visible ASCII.
    fn replace(&mut self, name: &HeaderName, value: HeaderValue);
}

impl HeaderSource for HeaderMap {
    fn get_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        HeaderMap::get_all(self, name).iter().map(HeaderValue::as_bytes)
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
    fn contains(&self, name: &HeaderName) -> bool {
        self.contains_key(name)
    }

    fn remove(&mut self, name: &HeaderName) {
        HeaderMap::remove(self, name);
    }

    fn replace(&mut self, name: &HeaderName, value: HeaderValue) {
        self.insert(name, value);
    }
}

impl<V: From<String>> HeaderSink for Vec<(String, V)> {
    fn contains(&self, name: &HeaderName) -> bool {
        self.iter().any(|(key, _)| is(key, name))
    }

    fn remove(&mut self, name: &HeaderName) {
        self.retain(|(key, _)| !is(key, name));
    }

    fn replace(&mut self, name: &HeaderName, value: HeaderValue) {
        HeaderSink::remove(self, name);
        self.push((name.as_str().to_owned(), text(&value).into()));
    }
}

impl<V: From<String>, S: BuildHasher> HeaderSink for HashMap<String, V, S> {
    fn contains(&self, name: &HeaderName) -> bool {
        self.keys().any(|key| is(key, name))
    }

    fn remove(&mut self, name: &HeaderName) {
        self.retain(|key, _| !is(key, name));
    }

    fn replace(&mut self, name: &HeaderName, value: HeaderValue) {
        HeaderSink::remove(self, name);
        self.insert(name.as_str().to_owned(), text(&value).into());
    }
}

impl<V: From<String>> HeaderSink for BTreeMap<String, V> {
    fn contains(&self, name: &HeaderName) -> bool {
        self.keys().any(|key| is(key, name))
    }

    fn remove(&mut self, name: &HeaderName) {
        self.retain(|key, _| !is(key, name));
    }

    fn replace(&mut self, name: &HeaderName, value: HeaderValue) {
        HeaderSink::remove(self, name);
        self.insert(name.as_str().to_owned(), text(&value).into());
    }
}

fn is(key: &impl AsRef<str>, name: &HeaderName) -> bool {
    key.as_ref().eq_ignore_ascii_case(name.as_str())
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests;
