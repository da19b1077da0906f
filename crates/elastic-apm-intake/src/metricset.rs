//! A metricset: samples that were taken together.

use serde::{Deserialize, Serialize};

use crate::faas::Faas;
use crate::labels::Labels;
use crate::read;
use crate::sample::Samples;
use crate::text::Keyword;

/// Samples that were taken at the same time and for the same thing.
///
/// With `transaction` set the server keeps only `span.self_time.count` and `span.self_time.sum.us`, and only
/// if `span` is set too; everything else is dropped without an error.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metricset {
    /// When they were taken, in microseconds since the epoch. 0 is absent: the server then takes the time of receipt.
    #[serde(default, skip_serializing_if = "is_zero", deserialize_with = "read::nullable")]
    pub timestamp: u64,
    /// The transactions they are about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction: Option<MetricsetTransaction>,
    /// The spans they are about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<MetricsetSpan>,
    /// The samples; always written.
    pub samples: Samples,
    /// Labels; `tags` on the wire.
    #[serde(
        default,
        rename = "tags",
        skip_serializing_if = "Labels::is_empty",
        deserialize_with = "read::nullable"
    )]
    pub labels: Labels,
    /// The service, where it differs from the metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Box<MetricsetService>>,
    /// The function they are about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faas: Option<Box<Faas>>,
}

/// The transactions a metricset is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MetricsetTransaction {
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Keyword>,
    /// Their kind (`type` on the wire).
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Keyword>,
}

/// The spans a metricset is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MetricsetSpan {
    /// Their kind (`type` on the wire); `app` for a transaction's own time.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Keyword>,
    /// Their subtype.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtype: Option<Keyword>,
}

/// The service a metricset is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricsetService {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Keyword>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Keyword>,
}

// The signature is the one `skip_serializing_if` asks for.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(timestamp: &u64) -> bool {
    *timestamp == 0
}
