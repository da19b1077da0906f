//! The process that reports.

use serde::{Deserialize, Serialize};

use crate::read;
use crate::text::Keyword;

/// The process that reports.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Process {
    /// The process id; always written.
    pub pid: u32,
    /// The parent's process id; a negative one is read as absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read::fitting")]
    pub ppid: Option<u32>,
    /// The title or program name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Keyword>,
    /// The command line.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "read::nullable")]
    pub argv: Vec<Keyword>,
}
