//! The headers of one message, copied into one piece of memory of bounded size.

use std::borrow::Cow;

use elastic_apm_intake::Keyword;
use http::{HeaderMap, header};

/// What is kept of the headers of one message; those that do not fit are left out.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// What is kept of its cookies.
pub(crate) const MAX_COOKIE_BYTES: usize = 16 * 1024;

/// What is kept of its hosts, whatever comes before them: the URL names one.
const MAX_HOST_BYTES: usize = 8 * 1024;

/// Bytes that say how long a name and its value are.
const LENGTHS: usize = 4;

/// The longest that two of these can say.
const LONGEST: usize = (1 << 14) - 1;

/// Room for a header as most are; a longer one makes more.
const USUAL: usize = 64;

/// Headers as they were when they were captured. For authors of integrations.
///
/// Copies: values of the `http` crate are often slices of a server's whole read buffer, which they would keep in memory until the event
/// is sent. What is too long to be sent is not kept.
///
/// ```
/// use elastic_apm_core::CapturedHeaders;
/// use http::{HeaderMap, header};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(header::ACCEPT, "text/html".parse().unwrap());
///
/// let captured = CapturedHeaders::copy(&headers);
/// # let _ = captured;
/// ```
#[derive(Clone, Default)]
pub struct CapturedHeaders {
    count: usize,
    /// For each header the lengths of name and value, and both of them. A length is two bytes of seven bits each, so that all of it is text
    /// that is looked at once.
    text: String,
}

impl CapturedHeaders {
    /// Copies headers, each value up to the length that can be sent. What is not UTF-8 becomes replacement characters.
    pub fn copy(headers: &HeaderMap) -> Self {
        CapturedHeaders::whole(headers).unwrap_or_else(|| CapturedHeaders::within_bounds(headers))
    }

    /// Copies all of it, if it can be sent and is text. As nearly always.
    fn whole(headers: &HeaderMap) -> Option<Self> {
        // Of many, whose number a stranger chooses, there is no telling.
        let mut bytes = Vec::with_capacity((headers.len() * USUAL).min(MAX_COOKIE_BYTES));
        for (name, value) in headers {
            let (name, value) = (name.as_str().as_bytes(), value.as_bytes());
            if value.len() > Keyword::LIMIT || bytes.len() + name.len() + value.len() >= MAX_COOKIE_BYTES {
                return None;
            }
            bytes.extend_from_slice(&lengths(name.len(), value.len()));
            bytes.extend_from_slice(name);
            bytes.extend_from_slice(value);
        }
        Some(CapturedHeaders { count: headers.len(), text: String::from_utf8(bytes).ok()? })
    }

    /// Copies what can be sent.
    #[cold]
    fn within_bounds(headers: &HeaderMap) -> Self {
        let (mut room, mut cookie_room, mut host_room) = (MAX_BYTES, MAX_COOKIE_BYTES, MAX_HOST_BYTES);
        let mut captured = CapturedHeaders::default();
        for (name, value) in headers {
            let (name, value) = (name.as_str(), value.as_bytes());
            let (room, value) = if name == header::COOKIE.as_str() {
                let left = cookie_room.saturating_sub(name.len());
                (&mut cookie_room, head(value, left))
            } else if name == header::HOST.as_str() {
                (&mut host_room, head(sendable(value), LONGEST))
            } else {
                (&mut room, head(sendable(value), LONGEST))
            };
            let left = room.checked_sub(name.len() + value.len());
            if let Some(left) = left.filter(|_| name.len() <= LONGEST) {
                *room = left;
                captured.append(name, &value);
            }
        }
        captured.text.shrink_to_fit();
        captured
    }

    /// Adds a header whose lengths can be said.
    fn append(&mut self, name: &str, value: &str) {
        self.text.extend(lengths(name.len(), value.len()).map(char::from));
        self.text.push_str(name);
        self.text.push_str(value);
        self.count += 1;
    }

    /// Names and values, in order; several values of one name follow each other.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut text = self.text.as_str();
        std::iter::from_fn(move || {
            let (&[a, b, c, d], _) = text.as_bytes().split_first_chunk()?;
            let (name, rest) = text.get(LENGTHS..)?.split_at_checked(length([a, b]))?;
            let (value, rest) = rest.split_at_checked(length([c, d]))?;
            text = rest;
            Some((name, value))
        })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// How much memory they hold: no less than they are long.
    pub(crate) fn bytes(&self) -> usize {
        self.text.capacity()
    }
}

/// How long name and value are, neither longer than [`LONGEST`].
#[inline]
fn lengths(name: usize, value: usize) -> [u8; LENGTHS] {
    let of = |length: usize| [length as u8 & 0x7f, (length >> 7) as u8 & 0x7f];
    let ([a, b], [c, d]) = (of(name), of(value));
    [a, b, c, d]
}

/// What two of these bytes say.
#[inline]
fn length([low, high]: [u8; 2]) -> usize {
    usize::from(high) << 7 | usize::from(low)
}

/// One character more than is sent, so that a cut can be seen. What is no character counts as one.
fn sendable(value: &[u8]) -> &[u8] {
    if value.len() <= Keyword::LIMIT {
        return value;
    }
    // Bytes that continue a character open none.
    let starts = value.iter().enumerate().filter(|(_, byte)| **byte & 0b1100_0000 != 0b1000_0000);
    let end = starts.map(|(at, _)| at).nth(Keyword::LIMIT + 1).unwrap_or(value.len());
    &value[..end.min(4 * (Keyword::LIMIT + 1))]
}

/// A value as text, of which no more bytes are kept than that.
fn head(value: &[u8], limit: usize) -> Cow<'_, str> {
    let mut text = String::from_utf8_lossy(&value[..value.len().min(limit)]);
    if text.len() > limit {
        let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.to_mut().truncate(end);
    }
    text
}

impl std::fmt::Debug for CapturedHeaders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Names only: values may be secret.
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn header(name: &str, value: &[u8]) -> (HeaderName, HeaderValue) {
        (name.parse().unwrap(), HeaderValue::from_bytes(value).unwrap())
    }

    fn copy(headers: &[(HeaderName, HeaderValue)]) -> CapturedHeaders {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value.clone());
        }
        CapturedHeaders::copy(&map)
    }

    #[test]
    fn names_and_values_are_those_of_the_message() {
        let headers = [
            header("accept", b"text/html"),
            header("x-empty", b""),
            header("x-bytes", b"a\xff\xc3\xa9"),
            header("via", b"one"),
            header("via", b"two"),
        ];

        let copy = copy(&headers);

        let expected = [
            ("accept", "text/html"),
            ("x-empty", ""),
            ("x-bytes", "a\u{fffd}é"),
            ("via", "one"),
            ("via", "two"),
        ];
        assert_eq!(copy.iter().collect::<Vec<_>>(), expected);
        assert_eq!(copy.len(), expected.len());
        assert_eq!(CapturedHeaders::copy(&HeaderMap::new()).iter().count(), 0);
    }

    #[test]
    fn a_value_is_kept_as_far_as_it_can_be_sent_and_cookies_further() {
        let long = "\u{1d11e}".repeat(20_000);

        let copy = copy(&[header("x-long", long.as_bytes()), header("cookie", &b"c".repeat(60_000))]);

        let lengths: Vec<_> = copy.iter().map(|(_, value)| value.len()).collect();
        assert_eq!(lengths, [4 * (Keyword::LIMIT + 1), MAX_COOKIE_BYTES - "cookie".len()]);
    }

    #[test]
    fn whatever_comes_it_stays_within_bounds_and_what_is_small_has_room() {
        let mut headers: Vec<_> =
            (0..5_000).map(|number| header(&format!("x-{number}"), &b"v".repeat(3_000))).collect();
        headers.extend((0..1_000).map(|_| header("cookie", &b"c".repeat(3_000))));
        headers.push(header("x-last", b"small"));
        headers.push(header(&"n".repeat(65_000), b"a long name"));

        let copy = copy(&headers);

        assert!(copy.bytes() <= MAX_BYTES + MAX_COOKIE_BYTES + 4 * 1_024, "{}", copy.bytes());
        assert!(copy.iter().any(|(name, value)| (name, value) == ("x-last", "small")));
    }

    #[test]
    fn many_headers_that_are_short_take_little_more_than_they_are_long() {
        let headers: Vec<_> = (0..1_500).map(|number| header(&format!("x{number}"), b"1")).collect();

        let copy = copy(&headers);

        assert_eq!(copy.len(), headers.len());
        let length: usize = copy.iter().map(|(name, value)| LENGTHS + name.len() + value.len()).sum();
        assert!(copy.bytes() <= 2 * length, "{} for {length}", copy.bytes());
    }

    #[test]
    fn whatever_is_no_text_stays_within_bounds_too() {
        let mut headers: Vec<_> =
            (0..50).map(|number| header(&format!("x-{number}"), &[0xff; 4_000])).collect();
        headers.extend((0..50).map(|_| header("cookie", &[0xff; 9_000])));

        let copy = copy(&headers);

        let total: usize = copy.iter().map(|(name, value)| name.len() + value.len()).sum();
        assert!(total <= MAX_BYTES + MAX_COOKIE_BYTES, "{total}");
        assert!(copy.iter().all(|(_, value)| value.chars().all(|character| character == '\u{fffd}')));
        assert!(copy.iter().any(|(name, value)| name == "cookie" && value.len() > 9_000));
    }

    #[test]
    fn of_any_length_that_is_kept_the_next_header_is_found() {
        for length in [0, 1, 127, 128, 1_024, 1_025, 4_000, 16_382, 16_383, 16_384, 60_000] {
            let copy = copy(&[
                header(&format!("x{}", "n".repeat(length)), b"first"),
                header("cookie", &vec![b'c'; length]),
                header("x-last", b"last"),
            ]);

            assert_eq!(copy.iter().last(), Some(("x-last", "last")), "{length}");
            assert_eq!(copy.iter().count(), copy.len(), "{length}");
        }
    }

    #[test]
    fn what_is_printed_for_debugging_holds_no_value() {
        let copy = copy(&[header("authorization", b"hunter2")]);

        assert_eq!(format!("{copy:?}"), r#"["authorization"]"#);
    }
}
