//! The service an event belongs to, where it differs from the one in the metadata, and what a span talks to.

use serde::{Deserialize, Serialize};

use crate::named::NameVersion;
use crate::service_name;
use crate::text::Keyword;

/// A service in the context of an event; what is set here wins over the metadata.
///
/// Setting the name also overwrites the version, even with nothing. On spans only [`target`](Self::target) is usual.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// The name. Characters other than ASCII letters, digits, space, `_` and `-` are written as `_`.
    #[serde(skip_serializing_if = "service_name::is_unset", serialize_with = "service_name::write")]
    pub name: Option<Keyword>,
    /// The version of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Keyword>,
    /// Where it is deployed, such as `production`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Keyword>,
    /// What an exit span talks to.
    #[serde(skip_serializing_if = "ServiceTarget::is_unset")]
    pub target: Option<ServiceTarget>,
    /// A unique id of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Keyword>,
    /// One instance among many of the same service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<Box<ServiceNode>>,
    /// The agent that reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<Box<ServiceAgent>>,
    /// The web framework in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framework: Option<Box<NameVersion>>,
    /// The programming language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Box<NameVersion>>,
    /// What runs the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<Box<NameVersion>>,
    /// The service that triggered this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Box<ServiceOrigin>>,
}

impl Service {
    /// Nothing but a target, as exit spans have it.
    #[must_use]
    pub fn with_target(target: ServiceTarget) -> Self {
        Self { target: Some(target), ..Self::default() }
    }
}

/// What an exit span talks to, for the service map: `mysql` and `shop`.
///
/// At least one part has to be set; a target without any is not written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceTarget {
    /// The kind of service (`type` on the wire), such as `mysql` or `http`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Keyword>,
    /// The name within that kind, such as a database or `host:port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Keyword>,
}

impl ServiceTarget {
    fn is_unset(target: &Option<Self>) -> bool {
        target.as_ref().is_none_or(|target| target.kind.is_none() && target.name.is_none())
    }
}

/// One instance of a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceNode {
    /// The name the operator gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configured_name: Option<Keyword>,
}

/// The agent, in the context of an event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceAgent {
    /// The agent's name, by convention the language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Keyword>,
    /// The agent's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Keyword>,
    /// A random id of this run of the agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral_id: Option<Keyword>,
}

/// The service that triggered a transaction, for messages and function calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceOrigin {
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Keyword>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Keyword>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Keyword>,
}
