//! W3C `baggage`: values that the services of a trace hand on to each other.
//!
//! What is malformed is left out and the rest goes on. Nothing here reads a value's meaning.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};

use super::carrier::{HeaderSink, HeaderSource};
use super::traceparent::trim;

/// Keys and values that travel along with a trace, such as a tenant's name.
///
/// Cheap to clone; empty it takes no memory. At most 64 members and 8,192 bytes travel, as [W3C] has it; what is beyond, and every
/// malformed member, is left out when it is read. Of several members with one key the last counts.
///
/// ```
/// # use elastic_apm_core as elastic_apm;
/// use elastic_apm::Baggage;
///
/// let mut baggage = Baggage::parse([b"tenant=acme%20inc, tier=gold;ttl=5".as_slice()]);
/// baggage.set("region", "eu")?;
///
/// assert_eq!(baggage.get("tenant"), Some("acme inc"));
/// assert_eq!(baggage.to_string(), "tenant=acme%20inc,tier=gold;ttl=5,region=eu");
/// # Ok::<_, elastic_apm::BaggageError>(())
/// ```
///
/// [W3C]: https://www.w3.org/TR/baggage/#header-content
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baggage {
    /// `None` rather than an empty list.
    members: Option<Arc<Vec<Member>>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    key: Box<str>,
    /// Decoded.
    value: Box<str>,
    /// What follows the value, from its `;` on, as it came.
    properties: Box<str>,
}

impl Baggage {
    /// The name of the header.
    pub const HEADER: HeaderName = HeaderName::from_static("baggage");

    const MAX_MEMBERS: usize = 64;
    const MAX_LEN: usize = 8192;
    /// How many members are looked at. A stranger decides how many there are, malformed or of one key.
    const MAX_READ: usize = 4 * Self::MAX_MEMBERS;

    /// Reads the values of all `baggage` headers, in order.
    #[must_use]
    pub fn parse<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut baggage = Baggage::default();
        let members = values.into_iter().flat_map(|value| value.split(|&byte| byte == b','));
        for member in members.take(Self::MAX_READ) {
            if let Some(member) = Member::parse(member) {
                // What does not fit is left out.
                let _ = baggage.put(member);
            }
        }
        baggage
    }

    /// Reads all `baggage` headers; empty where there are none.
    #[must_use]
    pub fn from_headers(headers: &(impl HeaderSource + ?Sized)) -> Self {
        Self::parse(headers.get_all(&Self::HEADER))
    }

    /// Tells whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_none()
    }

    /// Returns the value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find_map(|(known, value)| (known == key).then_some(value))
    }

    /// Returns all keys and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.list().iter().map(|member| (&*member.key, &*member.value))
    }

    /// Adds a value, or replaces that of the key.
    ///
    /// # Errors
    ///
    /// When the key is no HTTP token, or there is no room left; nothing changes then.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), BaggageError> {
        if !is_token(key.as_bytes()) {
            return Err(BaggageError::Key);
        }
        self.put(Member { key: key.into(), value: value.into(), properties: "".into() })
    }

    /// Removes a key; tells whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let Some(members) = &mut self.members else { return false };
        if !members.iter().any(|member| &*member.key == key) {
            return false;
        }
        Arc::make_mut(members).retain(|member| &*member.key != key);
        self.members.take_if(|members| members.is_empty());
        true
    }

    /// Adds to the `baggage` of headers what they do not say already.
    ///
    /// ```
    /// # use elastic_apm_core as elastic_apm;
    /// use elastic_apm::Baggage;
    ///
    /// let mut message = vec![("baggage".to_owned(), "tier=silver".to_owned())];
    /// Baggage::parse([b"tenant=acme,tier=gold".as_slice()]).inject(&mut message);
    ///
    /// assert_eq!(message[0].1, "tier=silver,tenant=acme");
    /// ```
    pub fn inject<H: HeaderSink + ?Sized>(&self, headers: &mut H) {
        let Some(own) = self.to_header_value() else { return };
        let name = Self::HEADER;
        let mut said = Vec::new();
        for value in headers.get_all(&name) {
            if !said.is_empty() {
                said.push(b',');
            }
            said.extend_from_slice(value);
        }
        if said.is_empty() {
            return headers.replace(&name, own);
        }
        // What is there stays byte by byte, whatever it is.
        let mut both = Self::parse([said.as_slice()]);
        for member in self.list() {
            if both.get(&member.key).is_none() && both.put(member.clone()).is_ok() {
                said.extend_from_slice(format!(",{member}").as_bytes());
            }
        }
        if let Ok(value) = HeaderValue::try_from(said) {
            headers.replace(&name, value);
        }
    }

    /// Returns the header's value; `None` when there is nothing to send.
    #[must_use]
    pub fn to_header_value(&self) -> Option<HeaderValue> {
        if self.is_empty() { None } else { HeaderValue::try_from(self.to_string()).ok() }
    }

    fn list(&self) -> &[Member] {
        self.members.as_deref().map_or(&[], Vec::as_slice)
    }

    fn put(&mut self, member: Member) -> Result<(), BaggageError> {
        let others = || self.list().iter().filter(|known| known.key != member.key);
        let len: usize = others().chain([&member]).map(|member| member.len() + 1).sum();
        if others().count() >= Self::MAX_MEMBERS || len - 1 > Self::MAX_LEN {
            return Err(BaggageError::Full);
        }
        let members = Arc::make_mut(self.members.get_or_insert_default());
        match members.iter_mut().find(|known| known.key == member.key) {
            Some(known) => *known = member,
            None => members.push(member),
        }
        Ok(())
    }
}

impl fmt::Display for Baggage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, member) in self.list().iter().enumerate() {
            if index > 0 {
                f.write_char(',')?;
            }
            member.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}{}", self.key, Encoded(&self.value), self.properties)
    }
}

impl Member {
    /// `key = value ; property ; key = value`
    fn parse(text: &[u8]) -> Option<Self> {
        let end = text.iter().position(|&byte| byte == b';').unwrap_or(text.len());
        let (pair, properties) = text.split_at(end);
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        let (key, value) = (trim(&pair[..equals]), trim(&pair[equals + 1..]));
        let properties = trim(properties);
        if !is_token(key) || !value.iter().all(|&byte| is_octet(byte)) || !are_properties(properties) {
            return None;
        }
        Some(Member {
            key: std::str::from_utf8(key).ok()?.into(),
            value: decoded(value).into(),
            properties: std::str::from_utf8(properties).ok()?.into(),
        })
    }

    /// How long it is in the header.
    fn len(&self) -> usize {
        let value: usize = self.value.bytes().map(|byte| if is_plain(byte) { 1 } else { 3 }).sum();
        self.key.len() + 1 + value + self.properties.len()
    }
}

/// A value with everything that is not allowed in the header as `%XX`.
struct Encoded<'a>(&'a str);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.bytes() {
            if is_plain(byte) { f.write_char(char::from(byte))? } else { write!(f, "%{byte:02X}")? }
        }
        Ok(())
    }
}

/// Takes the `%XX` out; what is no UTF-8 becomes `U+FFFD`, a lone `%` stays.
fn decoded(value: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [first, tail @ ..] = rest {
        let digit = |at: usize| char::from(*tail.get(at)?).to_digit(16);
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn is_token(key: &[u8]) -> bool {
    let is_one = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !key.is_empty() && key.iter().all(is_one)
}

/// Visible ASCII but for what separates: `"`, `,`, `;` and `\`.
fn is_octet(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7e) && !b"\",;\\".contains(&byte)
}

fn is_plain(byte: u8) -> bool {
    is_octet(byte) && byte != b'%'
}

/// Nothing, or `;key` and `;key=value` one after the other.
fn are_properties(text: &[u8]) -> bool {
    text.split(|&byte| byte == b';').skip(1).all(|property| {
        let equals = property.iter().position(|&byte| byte == b'=').unwrap_or(property.len());
        let (key, value) = property.split_at(equals);
        is_token(trim(key)) && trim(value).iter().all(|&byte| is_octet(byte) || matches!(byte, b' ' | b'\t'))
    })
}

/// Why a value was not taken along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BaggageError {
    /// The key is empty or has characters that a header's token has not.
    Key,
    /// 64 members or 8,192 bytes are there already.
    Full,
}

impl fmt::Display for BaggageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "the key of a baggage member is no HTTP token",
            Self::Full => "baggage has no room left: 64 members and 8,192 bytes at most",
        })
    }
}

impl std::error::Error for BaggageError {}

#[cfg(test)]
mod tests;
