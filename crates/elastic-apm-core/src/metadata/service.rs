//! The service, and what it is made with.

use elastic_apm_intake::{Agent, Keyword, Language, MetadataService, Runtime, ServiceNode};

use crate::config::Config;

/// The compiler's version, such as `1.85.0`, where the build script could find it out.
const RUSTC_VERSION: Option<&str> = option_env!("ELASTIC_APM_RUSTC_VERSION");

pub(super) fn collect(config: &Config) -> MetadataService {
    let keyword = |text: &Option<String>| text.clone().map(Keyword::from);
    let node = keyword(&config.service_node_name);
    MetadataService {
        name: Keyword::copied(config.service_name.as_str()),
        version: keyword(&config.service_version),
        environment: keyword(&config.environment),
        node: node.map(|name| ServiceNode { configured_name: Some(name) }),
        agent: agent(),
        language: Some(Language {
            name: Keyword::from_static("rust"),
            version: RUSTC_VERSION.map(Keyword::from_static),
        }),
        // The server refuses a runtime without version. Rust has none to speak of, so the compiler stands for it.
        runtime: RUSTC_VERSION.map(|version| Runtime {
            name: Keyword::from_static("rustc"),
            version: Keyword::from_static(version),
        }),
        ..MetadataService::default()
    }
}

fn agent() -> Agent {
    Agent {
        name: Keyword::from_static("rust"),
        version: Keyword::from_static(env!("CARGO_PKG_VERSION")),
        // Elastic's word for an agent that the application's own code starts; a Rust program has no other way.
        activation_method: Some(Keyword::from_static("programmatic-self-attach")),
        ..Agent::default()
    }
}
