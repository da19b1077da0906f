//! What OpenTelemetry's variables say of the service, for options that nobody has set for this agent.
//!
//! Read as its specification of resources asks: pairs with commas between them, keys and values percent-encoded, and all of it ignored
//! where any of it is malformed.

use percent_encoding::percent_decode_str;

use super::environment::Environment;
use super::problem::ConfigWarning;
use super::value::Source;

/// Options and the attributes that stand in for them, the newer name of one first.
const ATTRIBUTES: [(&str, &[&str]); 4] = [
    ("service_name", &["service.name"]),
    ("service_version", &["service.version"]),
    ("service_node_name", &["service.instance.id"]),
    ("environment", &["deployment.environment.name", "deployment.environment"]),
];

/// What the variables say.
#[derive(Debug, Default)]
pub(super) struct OpenTelemetry {
    service_name: Option<String>,
    attributes: Vec<(String, String)>,
}

impl OpenTelemetry {
    /// Reads the variables, and says what is wrong with them.
    pub(super) fn read(environment: &Environment) -> (Self, Option<ConfigWarning>) {
        let service_name = environment.get(Environment::OTEL_SERVICE_NAME).map(str::to_owned);
        let attributes = environment.get(Environment::OTEL_RESOURCE_ATTRIBUTES).map(attributes);
        let is_malformed = matches!(attributes, Some(None));
        let warning = is_malformed.then_some(ConfigWarning::Malformed {
            variable: Environment::OTEL_RESOURCE_ATTRIBUTES,
            expected: "key=value pairs with commas between them, percent-encoded",
        });
        (OpenTelemetry { service_name, attributes: attributes.flatten().unwrap_or_default() }, warning)
    }

    /// What stands in for an option, the one that wins first.
    pub(super) fn stand_ins(&self, option: &str) -> Vec<(Source, String)> {
        let name = self.service_name.iter().filter(|_| option == "service_name");
        let name = name.map(|name| (Source::OtelServiceName, name.clone()));
        let keys = ATTRIBUTES.iter().filter(|(known, _)| *known == option).flat_map(|(_, keys)| *keys);
        let values = keys.filter_map(|key| {
            // Of a key that is there twice, the last one.
            let (_, value) = self.attributes.iter().rev().find(|(known, _)| known == key)?;
            Some((Source::OtelResourceAttributes, value.clone()))
        });
        name.chain(values).collect()
    }
}

/// The pairs of a text; `None` where it is malformed.
fn attributes(text: &str) -> Option<Vec<(String, String)>> {
    let pair = |item: &str| {
        let (key, value) = item.split_once('=')?;
        let key = decoded(key.trim()).filter(|key| !key.is_empty())?;
        Some((key, decoded(value.trim())?))
    };
    super::lists::items(text).map(pair).collect()
}

/// Undoes percent-encoding; `None` where something is not encoded right, or what comes out is no text.
fn decoded(text: &str) -> Option<String> {
    let mut behind_percent_signs = text.split('%').skip(1).map(str::as_bytes);
    if !behind_percent_signs.all(|rest| rest.len() >= 2 && rest[..2].iter().all(u8::is_ascii_hexdigit)) {
        return None;
    }
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_percent_encoded_pairs() {
        for (text, pairs) in [
            ("", vec![]),
            (" a = b ,, c=d%2Ce%3D%C3%A9, ", vec![("a", "b"), ("c", "d,e=é")]),
            ("service%2Ename=x+y", vec![("service.name", "x+y")]),
            ("a=b=c,empty=", vec![("a", "b=c"), ("empty", "")]),
        ] {
            let pairs: Vec<_> =
                pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            assert_eq!(attributes(text), Some(pairs), "{text:?}");
        }
    }

    #[test]
    fn all_is_ignored_where_anything_is_malformed() {
        for text in ["a=b,c", "=b", "a=b,c=%", "a=%4", "a=%zz", "a=%FF", "%20%ff=b", "a=%+1b", "a=%é"] {
            assert_eq!(attributes(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_newer_name_of_an_attribute_comes_first_and_of_two_values_the_last() {
        let variables = [(
            Environment::OTEL_RESOURCE_ATTRIBUTES,
            "deployment.environment=old,deployment.environment.name=1,deployment.environment.name=2",
        )];
        let (open_telemetry, warning) = OpenTelemetry::read(&variables.into_iter().collect());

        let values: Vec<_> =
            open_telemetry.stand_ins("environment").into_iter().map(|(_, value)| value).collect();
        assert_eq!((values, warning), (vec!["2".to_owned(), "old".to_owned()], None));
        assert!(open_telemetry.stand_ins("service_name").is_empty());
        assert!(open_telemetry.stand_ins("secret_token").is_empty());
    }

    #[test]
    fn every_option_that_something_stands_in_for_is_in_the_table() {
        for (option, _) in ATTRIBUTES {
            assert!(super::super::OPTIONS.iter().any(|row| row.name == option), "{option}");
        }
    }
}
