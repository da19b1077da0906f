//! Variables that set nothing here: options of Elastic's other agents, and typing errors.

use super::environment::Environment;
use super::options::OPTIONS;
use super::problem::ConfigWarning;

/// What Elastic's other agents know and this version does not, without the prefix, sorted.
const NOT_SUPPORTED: &[&str] = &[
    "ACTIVATION_METHOD",
    "ACTIVE",
    "AGENT_BACKGROUND_OVERHEAD_METRICS",
    "API_BUFFER_SIZE",
    "APM_CLIENT_HEADERS",
    "APPLICATION_PACKAGES",
    "ASYNC_HOOKS",
    "ASYNC_MODE",
    "AUTO_LOG_STACKS",
    "CAPTURE_ERROR_LOG_STACK_TRACES",
    "CAPTURE_EXCEPTIONS",
    "CAPTURE_SPAN_STACK_TRACES",
    "CLASSES_EXCLUDED_FROM_INSTRUMENTATION",
    "CLOUD_PROVIDER",
    "COLLECT_LOCAL_VARIABLES",
    "CONFIG_FILE",
    "CONTEXT_MANAGER",
    "CPU_PROFILE_DURATION",
    "CPU_PROFILE_INTERVAL",
    "CUSTOM_METRICS_HISTOGRAM_BOUNDARIES",
    "DEBUG",
    "DISABLE_INSTRUMENTATIONS",
    "DISABLE_LOG_RECORD_FACTORY",
    "DJANGO_AUTOINSERT_MIDDLEWARE",
    "DJANGO_TRANSACTION_NAME_FROM_ROUTE",
    "ELASTICSEARCH_CAPTURE_BODY_URLS",
    "ENABLE_DISTRIBUTED_TRACING",
    "ENABLE_EXPERIMENTAL_INSTRUMENTATIONS",
    "ENABLE_INSTRUMENTATIONS",
    "ENABLE_LOG_CORRELATION",
    "ERROR_MESSAGE_MAX_LENGTH",
    "ERROR_ON_ABORTED_REQUESTS",
    "EXCLUDE_PATHS",
    "FILTER_EXCEPTION_TYPES",
    "GLOBAL_LABELS_FILE",
    "HEAP_PROFILE_INTERVAL",
    "IGNORE_EXCEPTIONS",
    "IGNORE_MESSAGE_QUEUES",
    "INCLUDE_PATHS",
    "INSTRUMENT_DJANGO_MIDDLEWARE",
    "INSTRUMENT_INCOMING_HTTP_REQUESTS",
    "LOCAL_VAR_DICT_MAX_LENGTH",
    "LOCAL_VAR_LIST_MAX_LENGTH",
    "LOCAL_VAR_MAX_LENGTH",
    "LOG_ECS_FORMATTING",
    "LOG_ECS_REFORMATTING",
    "LOG_FILE",
    "LOG_FILE_SIZE",
    "LOG_FORMAT_FILE",
    "LOG_FORMAT_SOUT",
    "LOG_SENDING",
    "LOG_UNCAUGHT_EXCEPTIONS",
    "METRICS_BUFFER_SIZE",
    "METRICS_SETS",
    "METRIC_SET_LIMIT",
    "MONGODB_CAPTURE_STATEMENT_COMMANDS",
    "OPENTELEMETRY_BRIDGE_ENABLED",
    "PROCESSORS",
    "PROFILING_INFERRED_SPANS_ENABLED",
    "PROMETHEUS_METRICS",
    "PROMETHEUS_METRICS_PREFIX",
    "SKIP_SERVER_INFO",
    "SOURCE_LINES_ERROR_APP_FRAMES",
    "SOURCE_LINES_ERROR_LIBRARY_FRAMES",
    "SOURCE_LINES_SPAN_APP_FRAMES",
    "SOURCE_LINES_SPAN_LIBRARY_FRAMES",
    "SPAN_FRAMES_MIN_DURATION",
    "TRACE_METHODS",
    "TRANSACTIONS_IGNORE_PATTERNS",
    "TRANSPORT_CLASS",
    "TRANSPORT_JSON_SERIALIZER",
    "UNNEST_EXCEPTIONS",
    "URL_GROUPS",
    "USE_CERTIFI",
    "USE_ELASTIC_EXCEPTHOOK",
    "USE_ELASTIC_TRACEPARENT_HEADER",
    "USE_STRUCTLOG",
];

/// Warns once about each variable with our prefix that sets no option of this agent.
pub(super) fn unused_variables(environment: &Environment) -> impl Iterator<Item = ConfigWarning> {
    let unused = environment.option_names().filter(|name| OPTIONS.iter().all(|option| option.env != *name));
    unused.map(|name| {
        let variable = name.to_owned();
        let bare = name.strip_prefix(Environment::PREFIX).unwrap_or(name);
        if NOT_SUPPORTED.binary_search(&bare).is_ok() {
            ConfigWarning::NotSupported { variable }
        } else {
            ConfigWarning::Unknown { nearest: nearest(bare), variable }
        }
    })
}

/// Finds the option that was probably meant: at most one typing error in four characters.
fn nearest(bare: &str) -> Option<&'static str> {
    let candidates = OPTIONS.iter().map(|option| {
        let known = option.env.strip_prefix(Environment::PREFIX).unwrap_or(option.env);
        (distance(bare.to_uppercase().as_bytes(), known.as_bytes()), option.env)
    });
    candidates
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= bare.len() / 4)
        .map(|(_, env)| env)
}

/// Counts the insertions, deletions and replacements that turn `a` into `b`.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings(name: &str) -> Vec<ConfigWarning> {
        unused_variables(&[(name, "x")].into_iter().collect()).collect()
    }

    #[test]
    fn a_typing_error_gets_the_name_that_was_meant() {
        for (name, nearest) in [
            ("ELASTIC_APM_SERVER_ULR", Some("ELASTIC_APM_SERVER_URL")),
            ("ELASTIC_APM_SERVICENAME", Some("ELASTIC_APM_SERVICE_NAME")),
            ("ELASTIC_APM_service_name", Some("ELASTIC_APM_SERVICE_NAME")),
            ("ELASTIC_APM_TRANSACTION_SAMPLING_RATE", Some("ELASTIC_APM_TRANSACTION_SAMPLE_RATE")),
            ("ELASTIC_APM_FROBNICATE", None),
            ("ELASTIC_APM_", None),
        ] {
            assert_eq!(warnings(name), [ConfigWarning::Unknown { variable: name.to_owned(), nearest }]);
        }
    }

    #[test]
    fn options_of_other_agents_are_called_not_supported() {
        let [warning] = &warnings("ELASTIC_APM_CAPTURE_EXCEPTIONS")[..] else { panic!("one warning") };

        assert_eq!(
            warning.to_string(),
            "ELASTIC_APM_CAPTURE_EXCEPTIONS is not supported by this agent; ignored"
        );
    }

    #[test]
    fn our_options_and_foreign_variables_are_no_concern() {
        assert!(warnings("ELASTIC_APM_SERVER_URL").is_empty());
        assert!(warnings("PATH").is_empty());
        assert!(warnings("KUBERNETES_POD_NAME").is_empty());
    }

    #[test]
    fn the_list_is_sorted_and_holds_none_of_our_options() {
        assert!(NOT_SUPPORTED.is_sorted_by(|a, b| a < b));
        for option in OPTIONS {
            assert!(!NOT_SUPPORTED.contains(&option.name.to_uppercase().as_str()), "{}", option.name);
        }
    }
}
