//! The body of a request.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::JsonObject;
use crate::json::FreeForm;
use crate::text::LongText;

/// A captured body: text, or the fields of a form.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Text.
    Text(LongText),
    /// An object, such as a parsed form.
    Fields(JsonObject),
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<JsonObject> for Body {
    fn from(fields: JsonObject) -> Self {
        Self::Fields(fields)
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Fields(fields) => FreeForm(fields).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BodyVisitor;

        impl<'de> Visitor<'de> for BodyVisitor {
            type Value = Body;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an object")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Body, E> {
                Ok(Body::Text(LongText::copied(text)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Body, A::Error> {
                JsonObject::deserialize(MapAccessDeserializer::new(map)).map(Body::Fields)
            }
        }

        deserializer.deserialize_any(BodyVisitor)
    }
}
