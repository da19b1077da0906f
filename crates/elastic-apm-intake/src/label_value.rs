//! The value of a label, and everything that turns into one.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::read;
use crate::text::{Keyword, Text};

/// What a label holds: text, a boolean or a number.
///
/// Integers outside of `i64` become [`Number`](Self::Number). NaN and the infinities have no form in JSON, so
/// converting one gives the text `NaN`, `inf` or `-inf`.
///
/// ```
/// use elastic_apm_intake::LabelValue;
///
/// assert_eq!(LabelValue::from(42_u8), LabelValue::Integer(42));
/// assert_eq!(LabelValue::from(f64::NAN), LabelValue::from("NaN"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum LabelValue {
    /// Text, at most 1024 characters on the wire.
    Text(Keyword),
    /// `true` or `false`; the server stores them as text.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other finite number. One that is not finite is written as text.
    Number(f64),
}

impl LabelValue {
    /// Copies a borrowed string.
    #[must_use]
    #[inline]
    pub fn copied(text: &str) -> Self {
        Self::Text(Keyword::copied(text))
    }

    /// Whether it is a text that would be cut.
    #[inline]
    pub(crate) fn is_too_long(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_too_long())
    }
}

/// The text that stands for a number JSON cannot hold.
fn not_finite(number: f64) -> &'static str {
    if number.is_nan() {
        "NaN"
    } else if number.is_sign_positive() {
        "inf"
    } else {
        "-inf"
    }
}

impl From<f64> for LabelValue {
    fn from(number: f64) -> Self {
        if number.is_finite() { Self::Number(number) } else { not_finite(number).into() }
    }
}

impl From<f32> for LabelValue {
    fn from(number: f32) -> Self {
        f64::from(number).into()
    }
}

impl From<bool> for LabelValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// Copies: label values are mostly borrowed from what is at hand, and up to 24 bytes live inline.
impl From<&str> for LabelValue {
    #[inline]
    fn from(text: &str) -> Self {
        Self::copied(text)
    }
}

impl From<&String> for LabelValue {
    #[inline]
    fn from(text: &String) -> Self {
        Self::copied(text)
    }
}

impl From<String> for LabelValue {
    #[inline]
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Cow<'static, str>> for LabelValue {
    fn from(text: Cow<'static, str>) -> Self {
        Self::Text(text.into())
    }
}

impl<const LIMIT: usize> From<Text<LIMIT>> for LabelValue {
    fn from(text: Text<LIMIT>) -> Self {
        Self::Text(text.into_limit())
    }
}

macro_rules! from_small_integers {
    ($($integer:ty)*) => {$(
        impl From<$integer> for LabelValue {
            fn from(number: $integer) -> Self {
                Self::Integer(number.into())
            }
        }
    )*};
}

macro_rules! from_large_integers {
    ($($integer:ty)*) => {$(
        impl From<$integer> for LabelValue {
            fn from(number: $integer) -> Self {
                // Beyond i64 the nearest float is all that the server could keep anyway.
                i64::try_from(number).map_or(Self::Number(number as f64), Self::Integer)
            }
        }
    )*};
}

from_small_integers!(i8 i16 i32 i64 u8 u16 u32);
from_large_integers!(isize usize u64 i128 u128);

impl Serialize for LabelValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Number(number) if number.is_finite() => serializer.serialize_f64(*number),
            Self::Number(number) => serializer.serialize_str(not_finite(*number)),
        }
    }
}

impl<'de> Deserialize<'de> for LabelValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;

        impl<'de> Visitor<'de> for ValueVisitor {
            type Value = LabelValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a boolean or a number")
            }

            fn visit_bool<E>(self, value: bool) -> Result<LabelValue, E> {
                Ok(value.into())
            }

            fn visit_i64<E>(self, number: i64) -> Result<LabelValue, E> {
                Ok(number.into())
            }

            fn visit_u64<E>(self, number: u64) -> Result<LabelValue, E> {
                Ok(number.into())
            }

            fn visit_f64<E>(self, number: f64) -> Result<LabelValue, E> {
                Ok(number.into())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<LabelValue, E> {
                Ok(LabelValue::copied(text))
            }

            fn visit_string<E>(self, text: String) -> Result<LabelValue, E> {
                Ok(text.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LabelValue, A::Error> {
                let number = read::number(map, &self)?;
                let integer = number.as_i64().map(LabelValue::Integer);
                Ok(integer.unwrap_or_else(|| number.as_f64().unwrap_or(f64::INFINITY).into()))
            }
        }

        deserializer.deserialize_any(ValueVisitor)
    }
}
