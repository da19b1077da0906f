//! A snapshot of the environment variables that the agent reads.
//!
//! Taken once, when the agent is built. Tests and services that share a process hand in their own.

use std::collections::BTreeMap;

/// Names and values; only those that mean something to the agent are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// The beginning of every variable that sets an option.
    pub(super) const PREFIX: &'static str = "ELASTIC_APM_";
    /// The beginning of what Kubernetes tells a container about its pod, where the deployment asks for it.
    const KUBERNETES: &'static str = "KUBERNETES_";
    /// How OpenTelemetry's agents are told the service's name.
    pub(super) const OTEL_SERVICE_NAME: &'static str = "OTEL_SERVICE_NAME";
    /// What else they are told of it.
    pub(super) const OTEL_RESOURCE_ATTRIBUTES: &'static str = "OTEL_RESOURCE_ATTRIBUTES";
    /// Where shells put the name of the machine.
    const HOST: [&'static str; 2] = ["HOSTNAME", "HOST"];
    /// What names proxies, in upper or lower case, and what tells that a stranger may have set it.
    const PROXY: [&'static str; 5] = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD"];

    /// Reads the variables of this process. What is not Unicode gets replacement characters.
    pub(crate) fn process() -> Self {
        std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .collect()
    }

    /// An environment that sets nothing.
    pub(crate) fn empty() -> Self {
        Self::default()
    }

    /// Looks up a variable by its full name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Walks over the names of the variables that could set an option.
    pub(super) fn option_names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str).filter(|name| name.starts_with(Self::PREFIX))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let known = |(name, _): &(String, String)| {
            name.starts_with(Self::PREFIX)
                || name.starts_with(Self::KUBERNETES)
                || [Self::OTEL_SERVICE_NAME, Self::OTEL_RESOURCE_ATTRIBUTES].contains(&name.as_str())
                || Self::HOST.contains(&name.as_str())
                || Self::PROXY.iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { variables: variables.filter(known).collect() }
    }
}
