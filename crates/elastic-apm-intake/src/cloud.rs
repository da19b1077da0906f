//! The cloud a service runs in, or was called from.

use serde::{Deserialize, Serialize};

use crate::named::{IdName, Named};
use crate::text::Keyword;

/// The cloud the process runs in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cloud {
    /// The provider, such as `aws`; always written.
    pub provider: Keyword,
    /// The region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Keyword>,
    /// The zone within the region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<Keyword>,
    /// The account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<IdName>,
    /// The virtual machine or function instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<IdName>,
    /// The kind of machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine: Option<CloudMachine>,
    /// The project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<IdName>,
    /// The product of the provider, such as `lambda`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Named>,
}

/// A kind of virtual machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CloudMachine {
    /// The name of the kind (`type` on the wire), such as `t3.medium`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Keyword>,
}

/// The cloud a transaction was triggered from; `cloud.origin` on the wire.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CloudOrigin {
    /// The account; only its id is part of the schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<CloudAccount>,
    /// The provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<Keyword>,
    /// The region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Keyword>,
    /// The product of the provider, such as `s3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Named>,
}

/// The account of an origin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CloudAccount {
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Keyword>,
}
