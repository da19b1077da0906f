//! Leniency when reading: null, numbers that may be strings, and numbers nobody means.
//!
//! For `deserialize_with`; nothing here is used while writing.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, Expected, MapAccess, Unexpected, Visitor};
use serde_json::{Number, Value};

use crate::text::Text;

/// Null is the default value.
pub(crate) fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Null or absent is true.
pub(crate) fn true_unless_set<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Option::deserialize(deserializer).map(|value| value.unwrap_or(true))
}

/// The default of a flag that is on unless the event says otherwise.
pub(crate) const fn yes() -> bool {
    true
}

/// An integer; one that does not fit (a status of -1, a size below 0) is read as absent.
pub(crate) fn fitting<'de, D: Deserializer<'de>, T: TryFrom<i64>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let number = Option::<i64>::deserialize(deserializer)?;
    Ok(number.and_then(|number| T::try_from(number).ok()))
}

/// A number, where a `deserialize_any` was answered with an object.
///
/// That is how `serde_json` hands numbers over when anyone in the build has switched its `arbitrary_precision` on.
pub(crate) fn number<'de, A: MapAccess<'de>>(map: A, expected: &dyn Expected) -> Result<Number, A::Error> {
    match Value::deserialize(MapAccessDeserializer::new(map))? {
        Value::Number(number) => Ok(number),
        _ => Err(de::Error::invalid_type(Unexpected::Map, expected)),
    }
}

/// Text, or the digits of an integer.
struct TextOrInteger<const LIMIT: usize>(Text<LIMIT>);

impl<'de, const LIMIT: usize> Deserialize<'de> for TextOrInteger<LIMIT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EitherVisitor<const LIMIT: usize>;

        impl<'de, const LIMIT: usize> Visitor<'de> for EitherVisitor<LIMIT> {
            type Value = TextOrInteger<LIMIT>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an integer")
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(TextOrInteger(Text::copied(text)))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(TextOrInteger(Text::formatted(format_args!("{number}"))))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(TextOrInteger(Text::formatted(format_args!("{number}"))))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let number = number(map, &self)?;
                if number.is_f64() {
                    return Err(de::Error::invalid_type(Unexpected::Other("floating point"), &self));
                }
                Ok(TextOrInteger(Text::formatted(format_args!("{number}"))))
            }
        }

        deserializer.deserialize_any(EitherVisitor)
    }
}

/// Text that others may send as an integer.
pub(crate) fn text_or_integer<'de, D: Deserializer<'de>, const LIMIT: usize>(
    deserializer: D,
) -> Result<Option<Text<LIMIT>>, D::Error> {
    Ok(Option::deserialize(deserializer)?.map(|TextOrInteger(text)| text))
}

/// A port that others may send as text; one above 65,535 is read as absent.
pub(crate) fn port<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    Ok(Option::deserialize(deserializer)?.and_then(|Port(port)| port))
}

/// A port, if it is one.
struct Port(Option<u16>);

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PortVisitor;

        impl<'de> Visitor<'de> for PortVisitor {
            type Value = Port;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a port number")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Port, E> {
                match text.parse::<i64>() {
                    Ok(number) => self.visit_i64(number),
                    Err(_) => Err(E::invalid_value(Unexpected::Str(text), &self)),
                }
            }

            fn visit_i64<E>(self, number: i64) -> Result<Port, E> {
                Ok(Port(u16::try_from(number).ok()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Port, E> {
                Ok(Port(u16::try_from(number).ok()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Port, A::Error> {
                let number = number(map, &self)?;
                match number.as_i64() {
                    Some(number) => self.visit_i64(number),
                    None => Err(de::Error::invalid_type(Unexpected::Other("floating point"), &self)),
                }
            }
        }

        deserializer.deserialize_any(PortVisitor)
    }
}
