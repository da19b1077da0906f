//! What the agent says when it starts: who it is, where it runs, how it is configured.

use std::fmt::Write as _;

use elastic_apm_intake::{Keyword, Metadata};

use super::resolve::{Resolved, ResolvedOption};
use super::value::Source;
use crate::log::AgentLog;

/// Shown whatever their source.
const ALWAYS_SHOWN: [&str; 4] = ["server_url", "service_name", "service_version", "log_level"];

/// Writes the preamble at level info, and then each warning about the options.
///
/// What it says about process and machine comes from `metadata`, so it is what the server is told.
pub(crate) fn log_preamble(log: &AgentLog, resolved: &Resolved, metadata: &Metadata) {
    for line in preamble(resolved, metadata) {
        log.info(format_args!("{line}"));
    }
    for warning in &resolved.warnings {
        log.warn(format_args!("{warning}"));
    }
}

fn preamble(resolved: &Resolved, metadata: &Metadata) -> Vec<String> {
    let options = resolved.options.iter();
    let shown =
        options.filter(|option| option.source != Source::Default || ALWAYS_SHOWN.contains(&option.info.name));

    let first = [
        concat!("Elastic APM agent for Rust ", env!("CARGO_PKG_VERSION")).to_owned(),
        environment(metadata),
        "Agent Configuration:".to_owned(),
    ];
    first.into_iter().chain(shown.map(line)).collect()
}

fn environment(metadata: &Metadata) -> String {
    let mut line = "Environment:".to_owned();
    let mut add = |name: &str, value: Option<&Keyword>| {
        if let Some(value) = value {
            // Writing to a `String` does not fail.
            let _ = write!(line, " {name}={:?}", value.as_str());
        }
    };
    let process = metadata.process.as_ref();
    add("pid", process.map(|process| Keyword::formatted(format_args!("{}", process.pid))).as_ref());
    add("process", process.and_then(|process| process.title.as_ref()));
    if let Some(system) = &metadata.system {
        add("os", system.platform.as_ref());
        add("arch", system.architecture.as_ref());
        add("host", system.configured_hostname.as_ref().or(system.detected_hostname.as_ref()));
    }
    let runtime = metadata.service.runtime.as_ref();
    add("runtime", runtime.map(|runtime| &runtime.name));
    add("runtime_version", runtime.map(|runtime| &runtime.version));
    let framework = metadata.service.framework.as_ref();
    add("framework", framework.and_then(|framework| framework.name.as_ref()));
    line
}

fn line(option: &ResolvedOption) -> String {
    format!("  {}={:?} (source: {})", option.info.name, option.value, option.source)
}

#[cfg(test)]
mod tests {
    use super::super::{ConfigBuilder, Environment, resolve};
    use super::*;

    fn metadata(host: &'static str) -> Metadata {
        let system =
            elastic_apm_intake::System { detected_hostname: Some(host.into()), ..Default::default() };
        let process = elastic_apm_intake::Process { pid: 7, ..Default::default() };
        Metadata { system: Some(system), process: Some(process), ..Metadata::default() }
    }

    #[test]
    fn the_first_line_names_agent_and_version() {
        let lines = preamble(&resolve(ConfigBuilder::default(), &Environment::empty()), &Metadata::default());

        assert_eq!(lines[0], format!("Elastic APM agent for Rust {}", env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn four_options_are_always_shown_and_the_others_when_set() {
        let code = ConfigBuilder::default().service_name("checkout").environment("production");
        let environment = [("ELASTIC_APM_SERVER_TIMEOUT", "20s")].into_iter().collect();

        let lines = preamble(&resolve(code, &environment), &metadata("web-1"));

        assert_eq!(
            lines[1..],
            [
                "Environment: pid=\"7\" host=\"web-1\"",
                "Agent Configuration:",
                "  server_url=\"http://127.0.0.1:8200\" (source: default)",
                "  server_timeout=\"20s\" (source: environment)",
                "  service_name=\"checkout\" (source: code)",
                "  service_version=\"\" (source: default)",
                "  environment=\"production\" (source: code)",
                "  log_level=\"info\" (source: default)",
            ]
        );
    }

    #[test]
    fn a_variable_of_opentelemetry_is_named_as_the_source() {
        let environment = [
            ("OTEL_SERVICE_NAME", "checkout"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.version=1.2,deployment.environment=test"),
        ];

        let lines = preamble(
            &resolve(ConfigBuilder::default(), &environment.into_iter().collect()),
            &Metadata::default(),
        );

        for line in [
            "  service_name=\"checkout\" (source: OTEL_SERVICE_NAME)",
            "  service_version=\"1.2\" (source: OTEL_RESOURCE_ATTRIBUTES)",
            "  environment=\"test\" (source: OTEL_RESOURCE_ATTRIBUTES)",
        ] {
            assert!(lines.iter().any(|shown| shown == line), "{lines:#?}");
        }
    }

    #[test]
    fn secrets_are_redacted_and_warnings_follow() {
        let log = AgentLog::recording();
        let code = ConfigBuilder::default().secret_token("t0ken").api_key("ke\u{e9}per");

        log_preamble(&log, &resolve(code, &Environment::empty()), &Metadata::default());

        let lines = log.recorded();
        assert!(
            lines.iter().any(|line| line == "INFO   secret_token=\"[REDACTED]\" (source: code)"),
            "{lines:#?}"
        );
        assert_eq!(
            lines.last().map(String::as_str),
            Some("WARN invalid api_key \"[REDACTED]\" from code: expected printable ASCII; ignored")
        );
        assert!(lines.iter().all(|line| !line.contains("t0ken") && !line.contains("ke\u{e9}per")));
    }
}
