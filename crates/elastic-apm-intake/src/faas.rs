//! Serverless functions.

use serde::{Deserialize, Serialize};

use crate::text::Keyword;

/// The function call behind a transaction, metricset or log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Faas {
    /// The function's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Keyword>,
    /// The function's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Keyword>,
    /// The function's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Keyword>,
    /// The id of this call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution: Option<Keyword>,
    /// Whether the function had to be started first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coldstart: Option<bool>,
    /// What triggered the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<FaasTrigger>,
}

/// What triggered a function call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FaasTrigger {
    /// The kind of trigger (`type` on the wire), such as `http` or `pubsub`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Keyword>,
    /// The id of the triggering request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Keyword>,
}
