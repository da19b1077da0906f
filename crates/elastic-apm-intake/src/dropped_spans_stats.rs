//! What is kept of exit spans that were not sent.

use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;
use crate::text::{Keyword, Text};

/// How many exit spans to one destination were dropped, and how long they took together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DroppedSpanStats {
    /// The destination, such as `mysql/shop`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_service_resource: Option<Keyword>,
    /// The target's kind; at most 512 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_target_type: Option<Text<512>>,
    /// The target's name; at most 512 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_target_name: Option<Text<512>>,
    /// What became of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Their number and total duration; not written while nothing is counted.
    #[serde(
        default,
        skip_serializing_if = "DroppedDuration::is_empty",
        deserialize_with = "crate::read::nullable"
    )]
    pub duration: DroppedDuration,
}

/// A number of spans and their total duration; `{count, sum: {us}}` on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Wire", into = "Wire")]
pub struct DroppedDuration {
    /// How many spans.
    pub count: u64,
    /// Their total duration in microseconds.
    pub sum_us: u64,
}

impl DroppedDuration {
    fn is_empty(&self) -> bool {
        self.count == 0
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "crate::read::nullable")]
    count: u64,
    #[serde(default, deserialize_with = "crate::read::nullable")]
    sum: Sum,
}

#[derive(Default, Serialize, Deserialize)]
struct Sum {
    #[serde(default, deserialize_with = "crate::read::nullable")]
    us: u64,
}

impl From<DroppedDuration> for Wire {
    fn from(duration: DroppedDuration) -> Self {
        Self { count: duration.count, sum: Sum { us: duration.sum_us } }
    }
}

impl From<Wire> for DroppedDuration {
    fn from(wire: Wire) -> Self {
        Self { count: wire.count, sum_us: wire.sum.us }
    }
}
