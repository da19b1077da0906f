//! The first line of every stream.

use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::labels::Labels;
use crate::metadata_service::MetadataService;
use crate::process::Process;
use crate::read;
use crate::system::System;
use crate::text::Keyword;
use crate::user::User;

/// What is common to all events of a stream: the first line, exactly once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// The service; always written.
    pub service: MetadataService,
    /// The process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
    /// The machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<System>,
    /// The cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud: Option<Cloud>,
    /// The user of all events that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// Labels of all events.
    #[serde(default, skip_serializing_if = "Labels::is_empty", deserialize_with = "read::nullable")]
    pub labels: Labels,
    /// The network connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
}

/// The network the machine is on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// The connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<NetworkConnection>,
}

/// A network connection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkConnection {
    /// The kind (`type` on the wire), such as `wifi`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Keyword>,
}
