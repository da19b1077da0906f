//! The machine, container and pod.

use serde::{Deserialize, Serialize};

use crate::named::Named;
use crate::text::Keyword;

/// The machine the process runs on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct System {
    /// The host name the agent found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detected_hostname: Option<Keyword>,
    /// The host name the operator set; wins over the detected one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configured_hostname: Option<Keyword>,
    /// The host name for servers before 7.4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<Keyword>,
    /// The processor architecture, such as `x86_64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<Keyword>,
    /// The operating system, such as `linux`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Keyword>,
    /// The machine's unique id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_id: Option<Keyword>,
    /// The container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<Container>,
    /// The place in Kubernetes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<Kubernetes>,
}

/// A container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Keyword>,
}

/// The place of the process in Kubernetes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kubernetes {
    /// The namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Keyword>,
    /// The node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<Named>,
    /// The pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<Pod>,
}

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pod {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Keyword>,
    /// Its unique id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<Keyword>,
}
