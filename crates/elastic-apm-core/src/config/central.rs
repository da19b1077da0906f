//! Central configuration: options that the server sets for all agents of a service, over what is set here.
//!
//! Values are texts, read like environment variables. One that cannot be used leaves the local value in force and touches no other.

use std::collections::BTreeMap;

use super::options::{OPTIONS, Settings};
use super::resolve::expected;
use super::value::OptionValue;

/// The outcome of putting the server's texts over the local settings.
#[derive(Debug)]
pub(crate) struct CentralOutcome {
    pub(crate) settings: Settings,
    /// What the server decides: options and their values, as one would write them.
    pub(crate) in_force: BTreeMap<&'static str, String>,
    /// What was wrong with the rest, in words for the person who set it.
    pub(crate) problems: Vec<String>,
}

/// Puts `central` over the settings of this process. What it does not name, or no longer names, is as set here.
pub(crate) fn apply_central(local: &Settings, central: &BTreeMap<String, String>) -> CentralOutcome {
    let mut overlay = Overlay { central, in_force: BTreeMap::new(), problems: Vec::new() };
    let settings = local.overlaid(&mut overlay);
    let Overlay { in_force, mut problems, .. } = overlay;
    let is_dynamic = |name: &str| OPTIONS.iter().any(|option| option.dynamic && option.name == name);
    let unsupported: Vec<&str> =
        central.keys().map(String::as_str).filter(|name| !is_dynamic(name)).collect();
    if !unsupported.is_empty() {
        problems
            .push(format!("Central config failure. Unsupported config names: {}", unsupported.join(", ")));
    }
    CentralOutcome { settings, in_force, problems }
}

/// Walks down the dynamic rows of the table with the server's texts at hand.
pub(super) struct Overlay<'a> {
    central: &'a BTreeMap<String, String>,
    in_force: BTreeMap<&'static str, String>,
    problems: Vec<String>,
}

impl Overlay<'_> {
    /// Decides one option.
    pub(super) fn decide<T: OptionValue>(
        &mut self,
        name: &'static str,
        local: &T,
        in_range: impl Fn(&T) -> bool,
    ) -> T {
        let text = self.central.get(name).map(|text| text.trim());
        let Some(text) = text.filter(|text| !text.is_empty() || T::EMPTY_IS_A_VALUE) else {
            return local.clone();
        };
        match T::parse(text).filter(in_range) {
            Some(value) => {
                self.in_force.insert(name, value.render());
                value
            }
            None => {
                let range = OPTIONS.iter().find(|option| option.name == name).and_then(|option| option.range);
                self.problems.push(format!(
                    "Central config failure. Invalid value for {name}: {text:?} (expected {})",
                    expected::<T>(range)
                ));
                local.clone()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ConfigBuilder, Environment, resolve};
    use super::*;
    use crate::log::LogLevel;

    fn local() -> Settings {
        let code = ConfigBuilder::default().transaction_max_spans(7);
        Settings::clone(&resolve(code, &Environment::empty()).config.settings)
    }

    fn central<const N: usize>(texts: [(&str, &str); N]) -> CentralOutcome {
        let texts = texts.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        apply_central(&local(), &texts)
    }

    #[test]
    fn every_dynamic_option_can_be_set() {
        for option in OPTIONS.iter().filter(|option| option.dynamic) {
            let outcome = central([(option.name, option.default)]);

            assert!(outcome.problems.is_empty(), "{:?}", outcome.problems);
        }
    }

    #[test]
    fn what_the_server_sets_wins_and_the_rest_is_as_set_here() {
        let outcome = central([
            ("recording", "false"),
            ("transaction_sample_rate", " 0.25 "),
            ("log_level", "DEBUG"),
            ("sanitize_field_names", ""),
        ]);

        let settings = &outcome.settings;
        assert!(!settings.recording && settings.sanitize_field_names.to_string().is_empty());
        assert_eq!(settings.transaction_sample_rate.as_f64(), 0.25);
        assert_eq!((settings.log_level, settings.transaction_max_spans), (LogLevel::Debug, 7));
        assert_eq!(outcome.in_force["log_level"], "debug");
        assert_eq!(outcome.in_force.len(), 4);
    }

    #[test]
    fn a_value_that_cannot_be_used_touches_no_other() {
        let outcome = central([
            ("transaction_max_spans", "many"),
            ("transaction_sample_rate", "1.5"),
            ("recording", "false"),
        ]);

        assert_eq!(outcome.settings.transaction_max_spans, 7);
        assert!(!outcome.settings.recording);
        assert_eq!(
            outcome.problems,
            [
                "Central config failure. Invalid value for transaction_sample_rate: \"1.5\" (expected a number from 0 to 1)",
                "Central config failure. Invalid value for transaction_max_spans: \"many\" (expected a whole number)",
            ]
        );
    }

    #[test]
    fn options_that_are_fixed_or_foreign_are_called_unsupported_together() {
        let outcome =
            central([("server_url", "http://evil"), ("capture_magic", "on"), ("recording", "true")]);

        assert_eq!(
            outcome.problems,
            ["Central config failure. Unsupported config names: capture_magic, server_url"]
        );
    }

    #[test]
    fn an_empty_text_sets_nothing_but_lists() {
        let outcome = central([("transaction_sample_rate", ""), ("transaction_ignore_urls", "")]);

        assert_eq!(outcome.in_force.keys().copied().collect::<Vec<_>>(), ["transaction_ignore_urls"]);
        assert!(outcome.problems.is_empty());
    }
}
