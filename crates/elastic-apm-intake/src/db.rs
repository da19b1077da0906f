//! The database call behind a span.

use serde::{Deserialize, Serialize};

use crate::read;
use crate::text::{Keyword, LongText};

/// The database call a span measures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Db {
    /// The database's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<Keyword>,
    /// The statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<LongText>,
    /// The kind of database (`type` on the wire), such as `sql`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Keyword>,
    /// The user that is logged in to the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Keyword>,
    /// The database link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<Keyword>,
    /// Rows that were affected; a negative count is read as absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read::fitting")]
    pub rows_affected: Option<u64>,
}
