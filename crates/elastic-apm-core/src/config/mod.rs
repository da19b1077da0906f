//! What the operator and the application ask of the agent.
//!
//! `options` holds the one table; everything else is generated from it or reads single values.
//! Environment beats code beats what OpenTelemetry's variables say beats default; a value that cannot be used falls to the next source with a
//! warning.
//! Nothing here does I/O: the environment comes in as a snapshot.

pub(crate) mod builder;
mod central;
mod choices;
mod document;
mod environment;
mod lists;
mod network;
mod open_telemetry;
mod options;
mod other_agents;
mod preamble;
mod problem;
mod quantities;
mod resolve;
mod service_name;
mod settings;
mod stack_traces;
mod text;
mod value;
mod wildcard;

pub use self::choices::{CaptureBody, TraceContinuationStrategy};
pub use self::document::render_options_markdown;
pub use self::options::OPTIONS;
pub use self::problem::{ConfigError, ConfigWarning};
pub use self::value::{OptionInfo, Source};

pub(crate) use self::builder::{ConfigBuilder, option_setters};
pub(crate) use self::central::{CentralOutcome, apply_central};
pub(crate) use self::environment::Environment;
pub(crate) use self::network::ServerUrl;
pub(crate) use self::options::{Config, Settings, for_each_option};
pub(crate) use self::preamble::log_preamble;
pub(crate) use self::resolve::{Resolved, resolve, resolve_strict};
pub(crate) use self::settings::Dynamic;
pub(crate) use self::text::Secret;
pub(crate) use self::wildcard::WildcardList;

/// The settings that a test gets when it does not care.
#[cfg(test)]
pub(crate) fn default_settings() -> std::sync::Arc<Settings> {
    resolve(ConfigBuilder::default(), &Environment::empty()).config.settings
}

/// Reads a file of Elastic's specification data, or says that the suite is skipped.
#[cfg(test)]
pub(crate) fn spec_data(file: &str) -> Option<String> {
    match std::env::var_os("ELASTIC_APM_SPEC_DATA") {
        Some(folder) => {
            let path = std::path::Path::new(&folder).join(file);
            Some(std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        }
        None => {
            let required = std::env::var("ELASTIC_APM_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|suite| suite == "spec"), "ELASTIC_APM_SPEC_DATA is not set");
            println!("SKIPPED {file}: ELASTIC_APM_SPEC_DATA is not set");
            None
        }
    }
}
