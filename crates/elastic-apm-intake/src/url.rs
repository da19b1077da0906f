//! The parts of a URL.

use serde::{Deserialize, Serialize};

use crate::read;
use crate::text::Keyword;

/// The URL of an inbound request, in parts. Nothing is taken apart here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Url {
    /// The whole URL, as far as the server can know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full: Option<Keyword>,
    /// The request line's target as received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<Keyword>,
    /// The scheme with its colon: `http:`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Keyword>,
    /// The host without the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<Keyword>,
    /// The port. Others may send it as text; one above 65,535 is read as absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read::port")]
    pub port: Option<u16>,
    /// The path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pathname: Option<Keyword>,
    /// The query with its question mark: `?a=1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<Keyword>,
    /// The fragment with its `#`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<Keyword>,
}

impl Url {
    /// Whether no part is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { full, raw, protocol, hostname, port, pathname, search, hash } = self;
        port.is_none()
            && [full, raw, protocol, hostname, pathname, search, hash].into_iter().all(Option::is_none)
    }
}
