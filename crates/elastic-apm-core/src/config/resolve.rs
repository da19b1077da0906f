//! Decides what is in force: environment over code over what is said to OpenTelemetry over default, one option at a time.

use super::builder::ConfigBuilder;
use super::environment::Environment;
use super::open_telemetry::OpenTelemetry;
use super::options::{Config, OPTIONS};
use super::other_agents;
use super::problem::{ConfigError, ConfigWarning};
use super::service_name::ServiceName;
use super::value::{Given, OptionInfo, OptionValue, REDACTED, Source};

/// The outcome: the options in force, where each came from, and what was wrong on the way.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) config: Config,
    /// One entry per row of the table, in its order.
    pub(crate) options: Vec<ResolvedOption>,
    pub(crate) warnings: Vec<ConfigWarning>,
}

/// One option in force, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResolvedOption {
    pub(crate) info: &'static OptionInfo,
    pub(crate) source: Source,
    /// The value as one would write it; secrets as `[REDACTED]`, what is not set as the empty text.
    pub(crate) value: String,
}

#[cfg(test)]
impl Resolved {
    /// Returns where an option came from; `Default` for names that are not in the table.
    pub(crate) fn source(&self, name: &str) -> Source {
        self.options
            .iter()
            .find(|option| option.info.name == name)
            .map_or(Source::Default, |option| option.source)
    }
}

/// Decides each option. A value that cannot be used is passed over with a warning.
pub(crate) fn resolve(code: ConfigBuilder, environment: &Environment) -> Resolved {
    let (open_telemetry, malformed) = OpenTelemetry::read(environment);
    let mut resolver = Resolver::new(environment, open_telemetry);
    let mut config = Config::decide(code, &mut resolver);
    let Resolver { mut options, mut warnings, .. } = resolver;

    let name = options.iter_mut().find(|option| option.info.name == "service_name");
    if let Some(name) = name.filter(|name| name.source == Source::Default) {
        config.service_name = ServiceName::of_executable(std::env::current_exe().ok().as_deref());
        name.value = config.service_name.render();
    }
    warnings.extend(malformed);
    warnings.extend(other_agents::unused_variables(environment));
    Resolved { config, options, warnings }
}

/// Decides each option; the first value that cannot be used as it is ends the attempt.
///
/// Variables that are not options of this agent stay warnings: several agents may share one environment, OpenTelemetry's among them.
pub(crate) fn resolve_strict(
    code: ConfigBuilder,
    environment: &Environment,
) -> Result<Resolved, ConfigError> {
    let resolved = resolve(code, environment);
    let is_ours = |ConfigError::InvalidValue { source, .. }: &&ConfigError| *source >= Source::Code;
    match resolved.warnings.iter().filter_map(ConfigWarning::error).find(is_ours) {
        Some(error) => Err(error.clone()),
        None => Ok(resolved),
    }
}

/// Walks down the table with the environment at hand.
pub(super) struct Resolver<'a> {
    environment: &'a Environment,
    open_telemetry: OpenTelemetry,
    rows: std::slice::Iter<'static, OptionInfo>,
    options: Vec<ResolvedOption>,
    warnings: Vec<ConfigWarning>,
}

impl<'a> Resolver<'a> {
    fn new(environment: &'a Environment, open_telemetry: OpenTelemetry) -> Self {
        Self {
            environment,
            open_telemetry,
            rows: OPTIONS.iter(),
            options: Vec::with_capacity(OPTIONS.len()),
            warnings: Vec::new(),
        }
    }

    /// Decides the next row of the table. `in_range` says whether a value lies within the row's bounds.
    pub(super) fn decide<T: OptionValue>(
        &mut self,
        code: Option<Given<T>>,
        in_range: impl Fn(&T) -> bool,
    ) -> T {
        // One call per row, both generated from the table.
        let Some(info) = self.rows.next() else { return T::unset() };
        let environment = self.environment.get(info.env).map(|text| Given::Text(text.to_owned()));

        let set = [(Source::Environment, environment), (Source::Code, code)];
        let set = set.into_iter().filter_map(|(source, given)| Some((source, given?)));
        let stand_ins = self.open_telemetry.stand_ins(info.name).into_iter();
        let stand_ins = stand_ins.map(|(source, text)| (source, Given::Text(text)));
        let usable = set.chain(stand_ins).find_map(|(source, given)| {
            self.usable(info, source, given, &in_range).map(|value| (source, value))
        });
        let (source, value) = usable.unwrap_or_else(|| {
            let text = Some(info.default).filter(|text| !text.is_empty());
            (Source::Default, text.and_then(T::parse).unwrap_or_else(T::unset))
        });
        self.options.push(ResolvedOption { info, source, value: value.render() });
        value
    }

    fn usable<T: OptionValue>(
        &mut self,
        info: &'static OptionInfo,
        source: Source,
        given: Given<T>,
        in_range: impl Fn(&T) -> bool,
    ) -> Option<T> {
        let (text, value) = match given {
            Given::Value(value) => (value.render(), Some(value)),
            Given::Text(text) => {
                let text = text.trim().to_owned();
                // `ELASTIC_APM_X=` in a deployment's template means "not set".
                if text.is_empty() && !T::EMPTY_IS_A_VALUE {
                    return None;
                }
                let value = T::parse(&text);
                (text, value)
            }
        };
        let value = value.filter(in_range);
        let fine = value.as_ref().is_some_and(|value| !value.adjusted(&text));
        if !fine {
            let error = invalid::<T>(info, source, &text);
            self.warnings.push(match &value {
                Some(value) => ConfigWarning::Adjusted { error, used: value.render() },
                None => ConfigWarning::Ignored(error),
            });
        }
        value
    }
}

fn invalid<T: OptionValue>(info: &'static OptionInfo, source: Source, text: &str) -> ConfigError {
    let value = if T::SECRET { REDACTED.to_owned() } else { T::printable(text).into_owned() };
    ConfigError::InvalidValue { option: info.name, source, value, expected: expected::<T>(info.range) }
}

/// What a usable value looks like; completes "expected …".
pub(super) fn expected<T: OptionValue>(range: Option<(&str, &str)>) -> String {
    match range {
        Some((min, max)) => format!("{}, from {min} to {max}", T::EXPECTED),
        None => T::EXPECTED.to_owned(),
    }
}

#[cfg(test)]
mod tests;
