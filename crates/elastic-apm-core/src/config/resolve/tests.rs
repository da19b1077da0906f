use std::time::Duration;

use super::*;
use crate::config::{CaptureBody, TraceContinuationStrategy};
use crate::log::LogLevel;

fn env(variables: &[(&str, &str)]) -> Environment {
    variables.iter().copied().collect()
}

fn texts(resolved: &Resolved) -> Vec<String> {
    resolved.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn the_environment_beats_code_and_code_beats_the_default() {
    let code = ConfigBuilder::default().service_version("code").environment("code");

    let resolved = resolve(code, &env(&[("ELASTIC_APM_ENVIRONMENT", " env ")]));

    assert_eq!(resolved.config.environment.as_deref(), Some("env"));
    assert_eq!(resolved.config.service_version.as_deref(), Some("code"));
    assert_eq!(resolved.config.service_node_name, None);
    assert_eq!(resolved.source("environment"), Source::Environment);
    assert_eq!(resolved.source("service_version"), Source::Code);
    assert_eq!(resolved.source("service_node_name"), Source::Default);
    assert!(resolved.warnings.is_empty());
}

#[test]
fn an_invalid_value_falls_to_the_next_source_with_a_warning() {
    let code = ConfigBuilder::default().server_timeout(Duration::from_secs(7));

    let resolved = resolve(code, &env(&[("ELASTIC_APM_SERVER_TIMEOUT", "7 seconds")]));

    assert_eq!(resolved.config.server_timeout, Duration::from_secs(7));
    assert_eq!(resolved.source("server_timeout"), Source::Code);
    assert_eq!(
        texts(&resolved),
        [
            "invalid server_timeout \"7 seconds\" from environment: expected a duration such as 500ms, 10s or 1m, \
          from 10ms to 60m; ignored"
        ]
    );
}

#[test]
fn invalid_values_of_all_sources_end_at_the_default() {
    let code = ConfigBuilder::default().transaction_sample_rate(f64::NAN);

    let resolved = resolve(code, &env(&[("ELASTIC_APM_TRANSACTION_SAMPLE_RATE", "1.5")]));

    assert_eq!(resolved.config.settings.transaction_sample_rate.as_f64(), 1.0);
    assert_eq!(resolved.source("transaction_sample_rate"), Source::Default);
    assert_eq!(
        texts(&resolved),
        [
            "invalid transaction_sample_rate \"1.5\" from environment: expected a number from 0 to 1; ignored",
            "invalid transaction_sample_rate \"NaN\" from code: expected a number from 0 to 1; ignored",
        ]
    );
}

#[test]
fn a_value_out_of_bounds_is_invalid() {
    let code = ConfigBuilder::default().api_request_size(10).max_queue_size(0);

    let resolved = resolve(code, &env(&[("ELASTIC_APM_API_REQUEST_SIZE", "6mb")]));

    assert_eq!(resolved.config.settings.api_request_size.as_usize(), 768 * 1024);
    assert_eq!(resolved.config.max_queue_size, 4096);
    assert_eq!(
        texts(&resolved),
        [
            "invalid max_queue_size \"0\" from code: expected a whole number, from 1 to 1000000; ignored",
            "invalid api_request_size \"6mb\" from environment: expected a size such as 500b, 768kb or 1mb, from 1kb to \
             5mb; ignored",
            "invalid api_request_size \"10b\" from code: expected a size such as 500b, 768kb or 1mb, from 1kb to 5mb; \
             ignored",
        ]
    );
}

#[test]
fn an_empty_variable_is_not_set_but_an_empty_list_is_a_list() {
    let code = ConfigBuilder::default().environment("code").sanitize_field_names(["a"]);

    let resolved =
        resolve(code, &env(&[("ELASTIC_APM_ENVIRONMENT", " "), ("ELASTIC_APM_SANITIZE_FIELD_NAMES", "")]));

    assert_eq!(resolved.config.environment.as_deref(), Some("code"));
    assert!(resolved.config.settings.sanitize_field_names.to_string().is_empty());
    assert_eq!(resolved.source("sanitize_field_names"), Source::Environment);
    assert!(resolved.warnings.is_empty());
}

#[test]
fn secrets_never_show_in_warnings() {
    let resolved = resolve(ConfigBuilder::default(), &env(&[("ELASTIC_APM_SECRET_TOKEN", "caf\u{e9}")]));

    assert_eq!(
        texts(&resolved),
        ["invalid secret_token \"[REDACTED]\" from environment: expected printable ASCII; ignored"]
    );
}

#[test]
fn secrets_never_show_in_the_builder() {
    let code =
        ConfigBuilder::default().secret_token("t0ken").api_key("id:k3y").server_url("http://u:pass@apm:8200");

    let shown = format!("{code:?}");

    for secret in ["t0ken", "k3y", "pass@"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("secret_token: Some([REDACTED])"), "{shown}");
}

#[test]
fn a_password_in_the_server_url_never_shows_in_warnings() {
    let resolved =
        resolve(ConfigBuilder::default().server_url("http://u:pass@apm:8200"), &Environment::empty());

    assert!(texts(&resolved)[0].contains("\"http://[REDACTED]@apm:8200\" from code"));
    assert_eq!(resolved.config.server_url.to_string(), "http://127.0.0.1:8200");
}

#[test]
fn a_service_name_is_adjusted_with_a_warning() {
    let resolved = resolve(ConfigBuilder::default().service_name("check.out"), &Environment::empty());

    assert_eq!(resolved.config.service_name.as_str(), "check_out");
    assert_eq!(resolved.source("service_name"), Source::Code);
    assert_eq!(
        texts(&resolved),
        [
            "invalid service_name \"check.out\" from code: expected letters, digits, space, _ and -; using \"check_out\""
        ]
    );
}

#[test]
fn the_executable_names_a_nameless_service() {
    let resolved = resolve(ConfigBuilder::default(), &Environment::empty());

    let expected = ServiceName::of_executable(std::env::current_exe().ok().as_deref());
    assert_eq!(resolved.config.service_name, expected);
    assert!(resolved.options.iter().any(|option| option.value == expected.as_str()));
    assert_eq!(resolved.source("service_name"), Source::Default);
}

#[test]
fn setters_take_natural_types() {
    let code = ConfigBuilder::default()
        .server_url("https://apm.example.com/prefix/")
        .verify_server_cert(false)
        .server_ca_cert_file("/etc/ca.pem")
        .transaction_sample_rate(0.25)
        .transaction_max_spans(10)
        .max_queue_bytes(20 << 10)
        .log_level(LogLevel::Debug)
        .transaction_ignore_urls(["/health,*", "/ready"])
        .global_labels([("team", "shop")]);

    let Resolved { config, warnings, .. } = resolve(code, &Environment::empty());

    assert_eq!(warnings, []);
    assert_eq!(config.server_url.to_string(), "https://apm.example.com/prefix");
    assert!(!config.verify_server_cert);
    assert_eq!(config.server_ca_cert_file.as_deref(), Some(std::path::Path::new("/etc/ca.pem")));
    assert_eq!(config.max_queue_bytes.as_usize(), 20480);
    assert_eq!(config.global_labels.iter().collect::<Vec<_>>(), [("team", "shop")]);
    assert_eq!(config.settings.transaction_sample_rate.as_f64(), 0.25);
    assert_eq!(config.settings.transaction_max_spans, 10);
    assert_eq!(config.settings.log_level, LogLevel::Debug);
    assert!(config.settings.transaction_ignore_urls.matches_any("/health,x"));
}

#[test]
fn every_option_has_a_setter() {
    let code = ConfigBuilder::default()
        .server_url("http://apm:8200")
        .server_urls(["http://apm-1", "http://apm-2"])
        .secret_token("t0ken")
        .api_key("key")
        .server_timeout(Duration::from_secs(1))
        .server_cert("apm.pem")
        .verify_server_cert(false)
        .server_ca_cert_file("ca.pem")
        .service_name("shop")
        .service_version("1")
        .service_node_name("node")
        .environment("test")
        .framework_name("loco")
        .framework_version("1")
        .hostname("web-1")
        .global_labels([("a", "b")])
        .enabled(false)
        .instrument(false)
        .disable_send(true)
        .context_propagation_only(true)
        .include_process_args(true)
        .panic_hook(true)
        .central_config(false)
        .api_request_time(Duration::from_secs(1))
        .api_request_size(2048)
        .max_queue_size(1)
        .max_queue_bytes(20 << 10)
        .recording(false)
        .transaction_sample_rate(0.5)
        .transaction_max_spans(0)
        .stack_trace_limit(10)
        .span_stack_trace_min_duration(Duration::from_millis(5))
        .span_compression_enabled(false)
        .span_compression_exact_match_max_duration(Duration::from_secs(1))
        .span_compression_same_kind_max_duration(Duration::from_secs(1))
        .exit_span_min_duration(Duration::from_micros(250))
        .breakdown_metrics(false)
        .disable_metrics(["*"])
        .metrics_interval(Duration::from_secs(1))
        .transaction_ignore_urls(["/health"])
        .transaction_ignore_user_agents(["kube-probe/*"])
        .transaction_name_groups(["GET /tenants/*"])
        .use_path_as_transaction_name(true)
        .trace_continuation_strategy(TraceContinuationStrategy::Restart)
        .long_field_max_length(100)
        .baggage_to_attach(["tenant"])
        .capture_body(CaptureBody::All)
        .capture_body_content_types(["text/*"])
        .capture_headers(false)
        .sanitize_field_names(["secret"])
        .log_level(LogLevel::Off);

    let resolved = resolve(code, &Environment::empty());

    assert_eq!(resolved.warnings, []);
    for option in &resolved.options {
        assert_eq!(option.source, Source::Code, "{}", option.info.name);
        assert_ne!(option.value, option.info.default, "{}", option.info.name);
    }
}

#[test]
fn strict_resolution_ends_at_the_first_invalid_value() {
    let code = ConfigBuilder::default().server_url("nonsense").service_name("a.b");

    let error = resolve_strict(code, &Environment::empty()).unwrap_err();

    let ConfigError::InvalidValue { option, source, value, .. } = error;
    assert_eq!((option, source, value.as_str()), ("server_url", Source::Code, "nonsense"));
}

#[test]
fn strict_resolution_tolerates_variables_of_other_agents() {
    let environment = env(&[("ELASTIC_APM_CAPTURE_EXCEPTIONS", "all"), ("ELASTIC_APM_SERVER_ULR", "x")]);

    let resolved = resolve_strict(ConfigBuilder::default(), &environment).unwrap();

    assert_eq!(resolved.warnings.len(), 2);
}

#[test]
fn what_opentelemetry_is_told_stands_in_for_what_is_not_set() {
    let told = [
        ("OTEL_SERVICE_NAME", "checkout"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "service.name=other, service.version=1%2C2,service.instance.id=node-7,deployment.environment=test",
        ),
    ];

    let resolved = resolve(ConfigBuilder::default(), &env(&told));

    let config = &resolved.config;
    assert_eq!(config.service_name.as_str(), "checkout");
    assert_eq!(config.service_version.as_deref(), Some("1,2"));
    assert_eq!(config.service_node_name.as_deref(), Some("node-7"));
    assert_eq!(config.environment.as_deref(), Some("test"));
    assert_eq!(resolved.source("service_name"), Source::OtelServiceName);
    assert_eq!(resolved.source("environment"), Source::OtelResourceAttributes);
    assert_eq!(texts(&resolved), [""; 0]);
}

#[test]
fn what_is_set_for_this_agent_wins_over_what_opentelemetry_is_told() {
    let told = [
        ("OTEL_SERVICE_NAME", "otel"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.version=otel,deployment.environment=otel"),
        ("ELASTIC_APM_ENVIRONMENT", "env"),
        ("ELASTIC_APM_SERVICE_VERSION", " "),
    ];

    let resolved = resolve(ConfigBuilder::default().service_name("code").environment("code"), &env(&told));

    let config = &resolved.config;
    assert_eq!(config.service_name.as_str(), "code");
    assert_eq!(config.environment.as_deref(), Some("env"));
    assert_eq!(config.service_version.as_deref(), Some("otel"), "an empty variable is not set");
    assert!(Source::Code > Source::OtelServiceName && Source::OtelResourceAttributes > Source::Default);
}

#[test]
fn a_name_for_opentelemetry_that_cannot_be_used_falls_to_the_next_source() {
    let told = [("OTEL_SERVICE_NAME", "//"), ("OTEL_RESOURCE_ATTRIBUTES", "service.name=shop.checkout")];

    let resolved = resolve(ConfigBuilder::default(), &env(&told));

    assert_eq!(resolved.config.service_name.as_str(), "shop_checkout");
    assert_eq!(resolved.source("service_name"), Source::OtelResourceAttributes);
    assert_eq!(
        texts(&resolved),
        [
            "invalid service_name \"//\" from OTEL_SERVICE_NAME: expected letters, digits, space, _ and -; ignored",
            "invalid service_name \"shop.checkout\" from OTEL_RESOURCE_ATTRIBUTES: expected letters, digits, space, _ \
             and -; using \"shop_checkout\"",
        ]
    );
}

#[test]
fn malformed_resource_attributes_are_ignored_as_a_whole_with_a_warning() {
    let told = [("OTEL_RESOURCE_ATTRIBUTES", "service.version=1,deployment.environment")];

    let resolved = resolve(ConfigBuilder::default(), &env(&told));

    assert_eq!((&resolved.config.service_version, &resolved.config.environment), (&None, &None));
    assert_eq!(
        texts(&resolved),
        ["OTEL_RESOURCE_ATTRIBUTES cannot be read: expected key=value pairs with commas between them, \
          percent-encoded; ignored"]
    );
}

#[test]
fn strict_resolution_tolerates_what_is_wrong_with_opentelemetrys_variables() {
    let told = [("OTEL_SERVICE_NAME", "shop.checkout"), ("OTEL_RESOURCE_ATTRIBUTES", "%")];

    let resolved = resolve_strict(ConfigBuilder::default(), &env(&told)).unwrap();

    assert_eq!((resolved.config.service_name.as_str(), resolved.warnings.len()), ("shop_checkout", 2));
}
