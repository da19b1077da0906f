//! What the server is told once per request about this service, process and machine.
//!
//! Collected once, when the agent starts. Nothing is spawned, and nobody is asked but the system: the full name of the machine, for which
//! its resolver may ask the network, comes later.

mod container;
mod framework;
mod host_name;
mod process;
mod service;
mod system;

use elastic_apm_intake::{Keyword, LabelValue, Metadata};

use crate::config::{Config, Environment};

pub(crate) use self::framework::Framework;
pub(crate) use self::host_name::{HostLookup, qualified};

/// Collects what is known about the service that `config` describes and the machine it runs on.
pub(crate) fn collect(config: &Config, environment: &Environment) -> Metadata {
    let mut metadata = Metadata {
        service: service::collect(config),
        process: Some(process::collect(config)),
        system: Some(system::collect(config, environment, container::discover())),
        ..Metadata::default()
    };
    let label = |(key, value): (&str, &str)| (Keyword::copied(key), LabelValue::from(value.to_owned()));
    metadata.labels.extend(config.global_labels.iter().map(label));
    metadata
}

/// What is said of a process that was forked off from the one that `metadata` describes.
pub(crate) fn of_child(metadata: &Metadata) -> Metadata {
    let mut metadata = metadata.clone();
    if let Some(process) = &mut metadata.process {
        process::refresh(process);
    }
    metadata
}

#[cfg(test)]
mod tests;
