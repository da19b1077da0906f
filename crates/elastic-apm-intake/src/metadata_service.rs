//! The service, as the first line of a stream names it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};

use crate::named::NameVersion;
use crate::object::Object;
use crate::service::ServiceNode;
use crate::service_name;
use crate::text::Keyword;

/// The service all events of a stream belong to.
///
/// The server refuses the whole stream over a bad name, so characters other than ASCII letters, digits, space, `_`
/// and `-` are written as `_`, and an empty name as `unknown-<agent>-service`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct MetadataService {
    /// The name; always written.
    pub name: Keyword,
    /// The version of the service.
    pub version: Option<Keyword>,
    /// Where it is deployed, such as `production`.
    pub environment: Option<Keyword>,
    /// A unique id of the service.
    pub id: Option<Keyword>,
    /// One instance among many of the same service.
    pub node: Option<ServiceNode>,
    /// The agent; always written.
    pub agent: Agent,
    /// The programming language.
    pub language: Option<Language>,
    /// What runs the code.
    pub runtime: Option<Runtime>,
    /// The web framework in use.
    pub framework: Option<NameVersion>,
}

impl MetadataService {
    fn name_on_wire(&self) -> Cow<'_, str> {
        if self.name.is_empty() {
            let name = Keyword::formatted(format_args!("unknown-{}-service", self.agent.name_on_wire()));
            return Cow::Owned(service_name::on_wire(&name).into_owned());
        }
        service_name::on_wire(&self.name)
    }
}

impl Serialize for MetadataService {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::begin(serializer)?;
        object.field("name", &self.name_on_wire())?;
        object.option("version", &self.version)?;
        object.option("environment", &self.environment)?;
        object.option("id", &self.id)?;
        object.option("node", &self.node)?;
        object.field("agent", &self.agent)?;
        object.option("language", &self.language)?;
        object.option("runtime", &self.runtime)?;
        object.option("framework", &self.framework)?;
        object.end()
    }
}

/// The agent that reports.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Agent {
    /// The name, by convention the bare language; written as `unknown` when empty.
    pub name: Keyword,
    /// The version; always written.
    pub version: Keyword,
    /// How the agent got into the process. Must be left out for server 8.7.0.
    pub activation_method: Option<Keyword>,
    /// A random id of this run of the agent.
    pub ephemeral_id: Option<Keyword>,
}

impl Agent {
    fn name_on_wire(&self) -> &Keyword {
        static UNKNOWN: Keyword = Keyword::from_static("unknown");
        if self.name.is_empty() { &UNKNOWN } else { &self.name }
    }
}

impl Serialize for Agent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::begin(serializer)?;
        object.field("name", self.name_on_wire())?;
        object.field("version", &self.version)?;
        object.option("activation_method", &self.activation_method)?;
        object.option("ephemeral_id", &self.ephemeral_id)?;
        object.end()
    }
}

/// The programming language.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Language {
    /// The name; always written.
    pub name: Keyword,
    /// The version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Keyword>,
}

/// What runs the code.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Runtime {
    /// The name; always written.
    pub name: Keyword,
    /// The version; always written.
    pub version: Keyword,
}
