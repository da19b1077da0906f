use super::*;
use crate::config::{ConfigBuilder, Environment, resolve};

#[test]
fn each_variable_is_the_prefix_and_the_upper_case_name() {
    for option in OPTIONS {
        assert_eq!(option.env, format!("ELASTIC_APM_{}", option.name.to_uppercase()));
    }
}

#[test]
fn names_are_unique_and_documented() {
    for (at, option) in OPTIONS.iter().enumerate() {
        assert!(OPTIONS[..at].iter().all(|earlier| earlier.name != option.name), "{}", option.name);
        assert!(option.doc.trim().ends_with('.'), "{}", option.name);
    }
}

#[test]
fn the_texts_of_the_defaults_read_as_themselves() {
    let resolved = resolve(ConfigBuilder::default(), &Environment::empty());

    for option in &resolved.options {
        if option.info.name != "service_name" {
            assert_eq!(option.value, option.info.default, "{}", option.info.name);
        }
    }
}

#[test]
fn defaults_and_bounds_written_into_the_environment_are_accepted() {
    for option in OPTIONS {
        let bounds = option.range.map_or([option.default, option.default], |(min, max)| [min, max]);
        for text in [option.default, bounds[0], bounds[1]] {
            let resolved = resolve(ConfigBuilder::default(), &[(option.env, text)].into_iter().collect());

            assert!(resolved.warnings.is_empty(), "{}={text}: {:?}", option.env, resolved.warnings);
        }
    }
}

#[test]
fn the_defaults_are_those_of_the_table() {
    let config = resolve(ConfigBuilder::default(), &Environment::empty()).config;

    assert_eq!(config.server_url.to_string(), "http://127.0.0.1:8200");
    assert_eq!(config.server_timeout, Duration::from_secs(5));
    assert_eq!(config.settings.api_request_size, ByteSize::bytes(768 * 1024));
    assert!(config.enabled && config.verify_server_cert && !config.include_process_args);
    assert!(config.secret_token.is_none() && config.api_key.is_none() && config.environment.is_none());
    assert_eq!(config.settings.transaction_max_spans, 500);
    assert_eq!(config.settings.transaction_sample_rate, SampleRate::ALWAYS);
    assert!(config.settings.transaction_ignore_urls.to_string().is_empty());
    assert!(config.settings.sanitize_field_names.matches_any("X-Api-Key"));
    assert_eq!(config.settings.log_level, LogLevel::Info);
}

#[test]
fn long_texts_can_be_as_long_as_the_wire_takes_them() {
    let option = OPTIONS.iter().find(|option| option.name == "long_field_max_length").unwrap();

    assert_eq!(option.range.unwrap().1, elastic_apm_intake::LongText::LIMIT.to_string());
}

#[test]
fn secrets_are_marked_as_such() {
    let secrets: Vec<_> = OPTIONS.iter().filter(|option| option.secret).map(|option| option.name).collect();

    assert_eq!(secrets, ["secret_token", "api_key"]);
}
