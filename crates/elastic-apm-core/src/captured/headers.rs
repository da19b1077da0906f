//! The headers of one message, copied into one piece of memory of bounded size.

use elastic_apm_intake::Keyword;
use http::{HeaderMap, header};

/// What is kept of the headers of one message; those that do not fit are left out.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// What is kept of its cookies.
pub(crate) const MAX_COOKIE_BYTES: usize = 16 * 1024;

/// Bytes that say how long a name and its value are.
const LENGTHS: usize = 4;

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
    /// How many bytes the names take, with those behind them.
    names: usize,
    /// All names, one behind the other, and zeros up to a multiple of sixteen, in which steps they are looked at. Then for each header the
    /// lengths of name and value, two bytes each, and the value.
    bytes: Vec<u8>,
}

impl CapturedHeaders {
    /// Copies headers, each value up to the length that can be sent.
    pub fn copy(headers: &HeaderMap) -> Self {
        let (mut names, mut values, mut longest) = (0, 0, 0);
        for (name, value) in headers {
            names += name.as_str().len();
            values += LENGTHS + value.len();
            longest = longest.max(value.len());
        }
        if longest <= Keyword::LIMIT && names + values <= MAX_COOKIE_BYTES {
            // As nearly always: all of it can be sent.
            let all = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
            return CapturedHeaders::of(all, names, values);
        }
        let kept = within_bounds(headers);
        let names = kept.iter().map(|(name, _)| name.len()).sum();
        let values = kept.iter().map(|(_, value)| LENGTHS + value.len()).sum();
        CapturedHeaders::of(kept.into_iter(), names, values)
    }

    /// Copies headers whose names and values take so much.
    fn of<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>, names: usize, values: usize) -> Self {
        let names = names.next_multiple_of(16);
        let mut bytes = Vec::with_capacity(names + values);
        bytes.resize(names, 0);
        let (mut count, mut named) = (0, 0);
        for (name, value) in headers {
            // Within the bounds above, and so within two bytes.
            let ([a, b], [c, d]) = ((name.len() as u16).to_le_bytes(), (value.len() as u16).to_le_bytes());
            bytes[named..named + name.len()].copy_from_slice(name.as_bytes());
            bytes.extend_from_slice(&[a, b, c, d]);
            bytes.extend_from_slice(value);
            named += name.len();
            count += 1;
        }
        CapturedHeaders { count, names, bytes }
    }

    /// Names and values, in order; several values of one name follow each other.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let (names, mut values) = self.bytes.split_at(self.names);
        let mut names = std::str::from_utf8(names).unwrap_or_default();
        std::iter::from_fn(move || {
            let (&[a, b, c, d], rest) = values.split_first_chunk()?;
            let (name, other_names) = names.split_at_checked(u16::from_le_bytes([a, b]).into())?;
            let (value, rest) = rest.split_at_checked(u16::from_le_bytes([c, d]).into())?;
            (names, values) = (other_names, rest);
            Some((name, value))
        })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// How much memory they hold: no less than they are long.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.capacity()
    }
}

/// What is kept of headers of which not all can be.
#[cold]
fn within_bounds(headers: &HeaderMap) -> Vec<(&str, &[u8])> {
    let (mut room, mut cookie_room) = (MAX_BYTES, MAX_COOKIE_BYTES);
    let kept = headers.iter().filter_map(|(name, value)| {
        let (room, value) = if *name == header::COOKIE {
            let fits = value.len().min(cookie_room.saturating_sub(name.as_str().len()));
            (&mut cookie_room, &value.as_bytes()[..fits])
        } else {
            (&mut room, sendable(value.as_bytes()))
        };
        *room = room.checked_sub(name.as_str().len() + value.len())?;
        Some((name.as_str(), value))
    });
    kept.collect()
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

        let expected: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        assert_eq!(copy.iter().collect::<Vec<_>>(), expected);
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
        assert!(copy.iter().any(|(name, value)| (name, value) == ("x-last", b"small")));
    }

    #[test]
    fn what_is_printed_for_debugging_holds_no_value() {
        let copy = copy(&[header("authorization", b"hunter2")]);

        assert_eq!(format!("{copy:?}"), r#"["authorization"]"#);
    }
}
