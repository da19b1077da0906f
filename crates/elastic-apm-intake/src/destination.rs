//! Where an exit span goes.

use serde::{Deserialize, Serialize};

use crate::read;
use crate::text::Keyword;

/// The other end of an exit span.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Destination {
    /// The host name or address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Keyword>,
    /// The port; one outside 0 to 65,535 is read as absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read::fitting")]
    pub port: Option<u16>,
    /// The service behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<DestinationService>,
}

/// The service behind a destination.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DestinationService {
    /// What identifies it, such as `mysql/shop` or `host:port`; always written.
    pub resource: Keyword,
    /// Deprecated: empty for servers before 7.14, absent for later ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Keyword>,
    /// Deprecated (`type` on the wire): empty for servers before 7.14, absent for later ones.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Keyword>,
}
