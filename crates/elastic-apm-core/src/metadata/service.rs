//! The service, and what it is made with.

use elastic_apm_intake::{Agent, Keyword, Language, MetadataService, NameVersion, Runtime, ServiceNode};

use crate::config::Config;

/// The compiler's version, such as `1.85.0`, if it told the build script.
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
        framework: framework(config),
        ..MetadataService::default()
    }
}

/// What is configured; a layer may have more to say once it serves.
fn framework(config: &Config) -> Option<NameVersion> {
    let [name, version] =
        [&config.framework_name, &config.framework_version].map(|text| text.clone().map(Keyword::from));
    (name.is_some() || version.is_some()).then_some(NameVersion { name, version })
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
