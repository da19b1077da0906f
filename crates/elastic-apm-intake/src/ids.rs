//! The ids of traces, spans, transactions and errors.
//!
//! Bytes in memory, hex only where they are printed or parsed. Where ids come from (random numbers, headers) is not
//! known here.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// The text is not an id: wrong length, or something else than lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseIdError {
    /// How many hex digits the id has.
    pub digits: usize,
}

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} lower-case hex digits", self.digits)
    }
}

impl std::error::Error for ParseIdError {}

/// The two digits of every byte.
const DIGITS: [[u8; 2]; 256] = {
    let digits = *b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
};

/// Hex digits are ASCII, so the empty fallback is never taken.
fn as_text(hex: &[u8]) -> &str {
    std::str::from_utf8(hex).unwrap_or_default()
}

/// The value of one hex digit; upper case only counts when `any_case`.
const fn digit(byte: u8, any_case: bool) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' if any_case => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Fills `bytes` from exactly twice as many hex digits.
fn parse_hex<const BYTES: usize>(text: &[u8], any_case: bool) -> Option<[u8; BYTES]> {
    if text.len() != 2 * BYTES {
        return None;
    }
    let mut bytes = [0; BYTES];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0], any_case)? << 4 | digit(pair[1], any_case)?;
    }
    Some(bytes)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// Wraps the bytes, most significant first.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// The bytes, most significant first.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; $bytes] {
                self.0
            }

            /// The bytes, most significant first.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// Whether every byte is zero, which no valid id is.
            #[must_use]
            pub const fn is_zero(&self) -> bool {
                let mut index = 0;
                while index < $bytes {
                    if self.0[index] != 0 {
                        return false;
                    }
                    index += 1;
                }
                true
            }

            /// The lower-case hex digits, two per byte, as ASCII.
            #[must_use]
            #[inline]
            pub fn hex(self) -> [[u8; 2]; $bytes] {
                self.0.map(|byte| DIGITS[usize::from(byte)])
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(as_text(self.hex().as_flattened()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse_hex(text.as_bytes(), false).map(Self).ok_or(ParseIdError { digits: 2 * $bytes })
            }
        }

        impl Serialize for $name {
            #[inline]
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let hex = self.hex();
                if serializer.is_human_readable() {
                    serializer.serialize_str(as_text(hex.as_flattened()))
                } else {
                    // This crate's own writer: it takes bytes for text that has nothing to escape.
                    serializer.serialize_bytes(hex.as_flattened())
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct HexVisitor;

                impl Visitor<'_> for HexVisitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(f, "{} hex digits", 2 * $bytes)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        parse_hex(text.as_bytes(), true)
                            .map($name)
                            .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
                    }
                }

                deserializer.deserialize_str(HexVisitor)
            }
        }
    };
}

id! {
    /// The id of a trace: 16 bytes, 32 hex digits on the wire.
    ///
    /// Parsing is strict (lower case, fixed width) as W3C asks of headers; reading an event also takes upper case.
    ///
    /// ```
    /// use elastic_apm_intake::TraceId;
    ///
    /// let id: TraceId = "0af7651916cd43dd8448eb211c80319c".parse()?;
    ///
    /// assert_eq!(id.to_bytes()[0], 0x0a);
    /// assert_eq!(id.to_string(), "0af7651916cd43dd8448eb211c80319c");
    /// # Ok::<_, elastic_apm_intake::ParseIdError>(())
    /// ```
    TraceId, 16
}

id! {
    /// The id of a span or a transaction: 8 bytes, 16 hex digits on the wire.
    SpanId, 8
}

id! {
    /// The id of an error: 16 bytes, 32 hex digits on the wire.
    ErrorId, 16
}

#[cfg(test)]
mod tests;
