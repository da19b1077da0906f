//! The user on whose behalf something happened.

use serde::{Deserialize, Serialize};

use crate::read;
use crate::text::Keyword;

/// Who is logged in. If any field is set, the user of the metadata is dropped entirely.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// An id; others may send it as an integer, which is read as its digits.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read::text_or_integer")]
    pub id: Option<Keyword>,
    /// The name they log in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<Keyword>,
    /// The mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Keyword>,
    /// The domain the user belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Keyword>,
}
