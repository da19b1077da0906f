//! The small shapes that recur all over intake: a name, a name with a version, an id with a name.

use serde::{Deserialize, Serialize};

use crate::text::Keyword;

/// An object that holds nothing but a name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Keyword>,
}

/// A name and a version, of a language, runtime or framework.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NameVersion {
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Keyword>,
    /// The version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Keyword>,
}

/// An id and a name, of a cloud account, instance or project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IdName {
    /// The id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Keyword>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Keyword>,
}

macro_rules! from_name {
    ($($text:ty)*) => {$(
        impl From<$text> for Named {
            fn from(name: $text) -> Self {
                Self { name: Some(name.into()) }
            }
        }
    )*};
}

from_name!(&'static str String Keyword);
