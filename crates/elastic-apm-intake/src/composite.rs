//! Many equal spans in one.

use serde::{Deserialize, Serialize};

use crate::number;

/// How many spans a composite span stands for, and by which rule they were joined.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Composite {
    /// What the joined spans have in common.
    pub compression_strategy: CompressionStrategy,
    /// How many were joined; a number below 2 is written as 2, the least the server takes.
    #[serde(serialize_with = "write_count")]
    pub count: u32,
    /// The sum of their durations in milliseconds, without the gaps between them.
    #[serde(serialize_with = "number::write_millis", deserialize_with = "number::read_millis")]
    pub sum: f64,
}

/// What the spans of a composite have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompressionStrategy {
    /// Type, subtype, target and name.
    ExactMatch,
    /// Type, subtype and target.
    SameKind,
}

// The signature is the one `serialize_with` asks for.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn write_count<S: serde::Serializer>(count: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u32((*count).max(2))
}
