//! THE table of options: one row per option, and all that follows from a row.
//!
//! A row is `name: setter(Type) = "default", "ELASTIC_APM_NAME", in "min" ..= "max";` under its documentation. It
//! becomes a field of [`Config`] (`fixed`) or [`Settings`] (`dynamic`), a setter of the builder, an entry of
//! [`OPTIONS`] and a row of the documentation. Names, types and defaults are those of Elastic's agents.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use elastic_apm_intake::SampleRate;

use super::builder::ConfigBuilder;
use super::central::Overlay;
use super::choices::{CaptureBody, TraceContinuationStrategy};
use super::lists::Labels;
use super::network::{ServerUrl, ServerUrls};
use super::quantities::{ByteSize, GranularDuration};
use super::resolve::Resolver;
use super::service_name::ServiceName;
use super::stack_traces::{StackTraceLimit, StackTraceMinDuration};
use super::text::Secret;
use super::value::{OptionInfo, OptionValue};
use super::wildcard::WildcardList;
use crate::log::LogLevel;

/// `for_each_option! { [callback] args }` calls `callback! { args fixed { rows } dynamic { rows } }` with the table.
macro_rules! for_each_option {
    ([$($callback:tt)+] $args:tt) => { $($callback)+! { $args
        fixed {
            /// Sends events to this APM Server.
            ///
            /// An `http` or `https` address; a path is kept as a prefix. A user name or password in it is refused: use
            /// `secret_token` or `api_key`.
            server_url: text(ServerUrl) = "http://127.0.0.1:8200", "ELASTIC_APM_SERVER_URL";

            /// Sends events to one of these APM Servers, and to the next one whenever that fails. Wins over `server_url`.
            ///
            /// Which one comes first is left to chance, so that many agents spread over all.
            server_urls: urls(ServerUrls) = "", "ELASTIC_APM_SERVER_URLS";

            /// Proves to the APM Server that this agent may send. Ignored when an API key is set.
            secret_token: text(Option<Secret>) = "", "ELASTIC_APM_SECRET_TOKEN";

            /// Proves to the APM Server that this agent may send, with an API key.
            ///
            /// Either the encoded key or `id:key`, which is encoded for you. Wins over
            /// `secret_token`.
            api_key: text(Option<Secret>) = "", "ELASTIC_APM_API_KEY";

            /// Bounds one whole exchange with the APM Server, from connecting to the last byte of the answer.
            server_timeout: duration(Duration) = "5s", "ELASTIC_APM_SERVER_TIMEOUT", in "10ms" ..= "60m";

            /// Verifies the certificate of an `https` APM Server.
            ///
            /// Turning this off lets anybody between the agent and the server read the data and the credentials.
            verify_server_cert: flag(bool) = "true", "ELASTIC_APM_VERIFY_SERVER_CERT";

            /// Trusts the certificate authorities in this PEM file, instead of those the system trusts.
            ///
            /// Those the system trusts are, where they are set, the ones in the file `SSL_CERT_FILE` and the directories
            /// `SSL_CERT_DIR`.
            server_ca_cert_file: path(Option<PathBuf>) = "", "ELASTIC_APM_SERVER_CA_CERT_FILE";

            /// Trusts an `https` APM Server if and only if it shows the certificate in this PEM or DER file.
            ///
            /// Neither who signed it matters, nor its name and dates, nor `verify_server_cert`. Of several certificates in
            /// a PEM file each will do.
            server_cert: path(Option<PathBuf>) = "", "ELASTIC_APM_SERVER_CERT";

            /// Names the service: the one option everybody should set.
            ///
            /// Letters, digits, space, `_` and `-`; each other character becomes `_`. Not set: `OTEL_SERVICE_NAME`, else `service.name`
            /// in `OTEL_RESOURCE_ATTRIBUTES`, else the file name of the executable, or `unknown-rust-service`.
            service_name: text(ServiceName) = "", "ELASTIC_APM_SERVICE_NAME";

            /// Names the version of the service that is deployed, such as a release or a commit.
            ///
            /// Not set: `service.version` in `OTEL_RESOURCE_ATTRIBUTES`.
            service_version: text(Option<String>) = "", "ELASTIC_APM_SERVICE_VERSION";

            /// Tells apart the instances of a service where container and host names do not.
            ///
            /// Not set: `service.instance.id` in `OTEL_RESOURCE_ATTRIBUTES`.
            service_node_name: text(Option<String>) = "", "ELASTIC_APM_SERVICE_NODE_NAME";

            /// Names the environment the service runs in, such as `production`.
            ///
            /// Not set: `deployment.environment.name`, else `deployment.environment`, in `OTEL_RESOURCE_ATTRIBUTES`.
            environment: text(Option<String>) = "", "ELASTIC_APM_ENVIRONMENT";

            /// Names the framework that the service is made with, instead of the layer that serves its requests.
            framework_name: text(Option<String>) = "", "ELASTIC_APM_FRAMEWORK_NAME";

            /// Names the version of that framework.
            framework_version: text(Option<String>) = "", "ELASTIC_APM_FRAMEWORK_VERSION";

            /// Replaces the host name that the agent detects.
            ///
            /// That is the fully qualified name, if the system's resolver tells it within a second of the start, else what the system calls
            /// itself. With this option set, the resolver is not asked.
            hostname: text(Option<String>) = "", "ELASTIC_APM_HOSTNAME";

            /// Puts these labels on every event: `key=value` pairs.
            global_labels: labels(Labels) = "", "ELASTIC_APM_GLOBAL_LABELS";

            /// Turns the whole agent off: no thread, no data, no contact with the server.
            enabled: flag(bool) = "true", "ELASTIC_APM_ENABLED";

            /// Traces requests and calls through the layers and client middlewares. Off, they let everything through as it is; what is
            /// recorded by hand still is.
            instrument: flag(bool) = "true", "ELASTIC_APM_INSTRUMENT";

            /// Sends nothing and asks nothing: there is no contact with the server at all. All else works as usual.
            ///
            /// What is recorded is counted as dropped (`send_disabled`).
            disable_send: flag(bool) = "false", "ELASTIC_APM_DISABLE_SEND";

            /// Sends the arguments of the process's command line, which may hold secrets.
            include_process_args: flag(bool) = "false", "ELASTIC_APM_INCLUDE_PROCESS_ARGS";

            /// Reports every panic of the process where it happens, with its stack, and then calls the panic hook that was there before.
            ///
            /// Without it a panic is reported by whatever catches it on its way, a layer or a transaction's `run`, and without its stack;
            /// with it there is still one event for one panic. Panics that the program itself catches are reported too. A hook that is set
            /// later must call the previous one, as this one does.
            panic_hook: flag(bool) = "false", "ELASTIC_APM_PANIC_HOOK";

            /// Asks the server for the configuration that is set for the service in Kibana, and follows it while running.
            central_config: flag(bool) = "true", "ELASTIC_APM_CENTRAL_CONFIG";

            /// Sends metrics this often. `0s` sends none.
            metrics_interval: duration(Duration) = "30s", "ELASTIC_APM_METRICS_INTERVAL";

            /// Bounds the events that wait to be sent. Further ones are dropped and counted.
            max_queue_size: count(usize) = "4096", "ELASTIC_APM_MAX_QUEUE_SIZE", in "1" ..= "1000000";

            /// Bounds the memory of the events that wait to be sent. Further ones are dropped and counted.
            max_queue_bytes: size(ByteSize) = "10mb", "ELASTIC_APM_MAX_QUEUE_BYTES", in "10kb" ..= "1gb";
        }
        dynamic {
            /// Collects and sends data. Unlike `enabled` this can change while the agent runs.
            recording: flag(bool) = "true", "ELASTIC_APM_RECORDING";

            /// Passes traces on and records nothing: transactions have ids, for the headers of calls and for the application's log, and
            /// leave no event behind. There are no spans and no errors.
            context_propagation_only: flag(bool) = "false", "ELASTIC_APM_CONTEXT_PROPAGATION_ONLY";

            /// Sends what has been collected after at most this time.
            api_request_time: duration(Duration) = "10s", "ELASTIC_APM_API_REQUEST_TIME", in "10ms" ..= "60m";

            /// Sends what has been collected once a request's compressed body has this size.
            api_request_size: size(ByteSize) = "768kb", "ELASTIC_APM_API_REQUEST_SIZE", in "1kb" ..= "5mb";

            /// Records this share of the traces that start here, from `0` to `1`.
            ///
            /// Rounded to four decimals; a rate above 0 is never rounded to 0. Traces continued from a caller follow
            /// the caller's decision.
            transaction_sample_rate: rate(SampleRate) = "1", "ELASTIC_APM_TRANSACTION_SAMPLE_RATE";

            /// Sends at most this many spans of one transaction. Further ones are only counted.
            transaction_max_spans: count(usize) = "500", "ELASTIC_APM_TRANSACTION_MAX_SPANS";

            /// Follows the stack of an error this many frames far, innermost first: `0` for none, `-1` for all, of which at most 1,000 are
            /// sent.
            ///
            /// In code `None` stands for all. The application's thread notes addresses only; names and lines are found on the agent's.
            stack_trace_limit: frames(StackTraceLimit) = "50", "ELASTIC_APM_STACK_TRACE_LIMIT";

            /// Sends the stack of spans that take at least this long: `0ms` for all of them, a negative duration for none.
            ///
            /// In code `None` stands for none. It is the stack at the span's end.
            span_stack_trace_min_duration: threshold(StackTraceMinDuration) = "-1ms",
                "ELASTIC_APM_SPAN_STACK_TRACE_MIN_DURATION";
            /// Joins calls to the same service that follow each other into one span.
            ///
            /// Successful exit spans with the same parent whose context was not sent on: database queries, not HTTP calls.
            span_compression_enabled: flag(bool) = "true", "ELASTIC_APM_SPAN_COMPRESSION_ENABLED";

            /// Joins calls of the same name if each of them took at most this time.
            span_compression_exact_match_max_duration: duration(Duration) = "50ms",
                "ELASTIC_APM_SPAN_COMPRESSION_EXACT_MATCH_MAX_DURATION";

            /// Joins calls of different names, as `Calls to <service>`, if each of them took at most this time. `0ms` joins none.
            span_compression_same_kind_max_duration: duration(Duration) = "0ms",
                "ELASTIC_APM_SPAN_COMPRESSION_SAME_KIND_MAX_DURATION";

            /// Sends no successful exit span that took less than this time; it is only counted.
            ///
            /// Not where its context was sent on, or it has children. Takes `us` too, for microseconds.
            exit_span_min_duration: granular(GranularDuration) = "0ms", "ELASTIC_APM_EXIT_SPAN_MIN_DURATION";

            /// Sends how much of the time of transactions was spent in which type of span.
            breakdown_metrics: flag(bool) = "true", "ELASTIC_APM_BREAKDOWN_METRICS";

            /// Sends no metrics whose names match one of these wildcard patterns.
            disable_metrics: list(WildcardList) = "", "ELASTIC_APM_DISABLE_METRICS";

            /// Starts no transaction for requests whose path matches one of these wildcard patterns, such as `/health*`.
            transaction_ignore_urls: list(WildcardList) = "", "ELASTIC_APM_TRANSACTION_IGNORE_URLS";

            /// Starts no transaction for requests whose `User-Agent` matches one of these wildcard patterns, such as
            /// `kube-probe/*`.
            transaction_ignore_user_agents: list(WildcardList) = "", "ELASTIC_APM_TRANSACTION_IGNORE_USER_AGENTS";

            /// Renames transactions whose name matches one of these wildcard patterns: the first that matches becomes the
            /// name.
            ///
            /// `GET /tenants/*` puts `GET /tenants/acme` and `GET /tenants/foo` into one group of that name. Applied whenever a
            /// name is set.
            transaction_name_groups: list(WildcardList) = "", "ELASTIC_APM_TRANSACTION_NAME_GROUPS";

            /// Names requests for which no route is known `GET /the/path` instead of `GET unknown route`.
            ///
            /// Only for services with few paths: each distinct name costs storage and metrics.
            use_path_as_transaction_name: flag(bool) = "false", "ELASTIC_APM_USE_PATH_AS_TRANSACTION_NAME";

            /// Decides whose trace a request belongs to that brings a `traceparent`: `continue` the caller's, `restart` a new
            /// one, or `restart_external`: the caller's only if an Elastic agent is part of it.
            ///
            /// A restarted trace is sampled here and linked to the caller's.
            trace_continuation_strategy: continuation(TraceContinuationStrategy) = "continue",
                "ELASTIC_APM_TRACE_CONTINUATION_STRATEGY";

            /// Sends this many characters of a long text at most: of a statement, of a body, of what an error or a message says.
            ///
            /// Of a longer one the last character kept is `…`. Other texts have 1,024 at most.
            long_field_max_length: count(usize) = "10000", "ELASTIC_APM_LONG_FIELD_MAX_LENGTH", in "1" ..= "100000";

            /// Puts the members of `baggage` whose key matches one of these wildcard patterns on every transaction and span, as
            /// `baggage.<key>` among their OpenTelemetry attributes, and on every error, as a label.
            baggage_to_attach: list(WildcardList) = "*", "ELASTIC_APM_BAGGAGE_TO_ATTACH";

            /// Sends the headers of requests and responses.
            capture_headers: flag(bool) = "true", "ELASTIC_APM_CAPTURE_HEADERS";

            /// Sends the body of a request with its `transactions`, with the `errors` that occur in it, with `all` of them, or not
            /// at all (`off`).
            ///
            /// At most `long_field_max_length` characters of what the service itself reads. Fields of forms are subject to
            /// `sanitize_field_names`; other bodies are sent as they are.
            capture_body: body(CaptureBody) = "off", "ELASTIC_APM_CAPTURE_BODY";

            /// Captures only bodies whose `Content-Type` matches one of these wildcard patterns.
            capture_body_content_types: list(WildcardList) =
                "application/x-www-form-urlencoded*,text/*,application/json*,application/xml*",
                "ELASTIC_APM_CAPTURE_BODY_CONTENT_TYPES";

            /// Sends `[REDACTED]` instead of the value of headers, cookies and form fields whose name matches one of
            /// these wildcard patterns.
            sanitize_field_names: list(WildcardList) =
                "password,passwd,pwd,secret,*key,*token*,*session*,*credit*,*card*,*auth*,set-cookie,*principal*",
                "ELASTIC_APM_SANITIZE_FIELD_NAMES";

            /// Sets how much the agent says about itself: `off`, `critical`, `error`, `warning`, `info`, `debug` or
            /// `trace`.
            log_level: level(LogLevel) = "info", "ELASTIC_APM_LOG_LEVEL";
        }
    } };
}
pub(crate) use for_each_option;

macro_rules! option_info {
    ($dynamic:literal, [$($doc:literal)*] $name:ident $ty:ty, $default:literal, $env:literal $(, $min:literal, $max:literal)?) => {
        OptionInfo {
            name: stringify!($name),
            env: $env,
            kind: <$ty as OptionValue>::KIND,
            default: $default,
            range: {
                let range: &[(&str, &str)] = &[$(($min, $max))?];
                if range.is_empty() { None } else { Some(range[0]) }
            },
            dynamic: $dynamic,
            secret: <$ty as OptionValue>::SECRET,
            doc: concat!($($doc, "\n"),*),
        }
    };
}

macro_rules! define_config {
    ([]
        fixed { $( $(#[doc = $doc:literal])* $name:ident: $setter:ident($ty:ty) = $default:literal, $env:literal
            $(, in $min:literal ..= $max:literal)?; )* }
        dynamic { $( $(#[doc = $d_doc:literal])* $d_name:ident: $d_setter:ident($d_ty:ty) = $d_default:literal, $d_env:literal
            $(, in $d_min:literal ..= $d_max:literal)?; )* }
    ) => {
        /// What is fixed once the agent has started, and the [`Settings`] it starts with.
        #[derive(Clone, Debug)]
        pub(crate) struct Config {
            $( pub(crate) $name: $ty, )*
            /// What may change while the agent runs, as it was at the start.
            pub(crate) settings: Arc<Settings>,
        }

        /// One snapshot of what may change while the agent runs: never changed, only replaced as a whole.
        #[derive(Clone, Debug)]
        pub(crate) struct Settings {
            $( pub(crate) $d_name: $d_ty, )*
            /// Not an option: whether the server has a use for transactions that were not sampled. Yes, while it is unknown.
            pub(crate) keeps_unsampled: bool,
        }

        /// Every option, in the order of the documentation.
        pub const OPTIONS: &[OptionInfo] = &[
            $( option_info!(false, [$($doc)*] $name $ty, $default, $env $(, $min, $max)?), )*
            $( option_info!(true, [$($d_doc)*] $d_name $d_ty, $d_default, $d_env $(, $d_min, $d_max)?), )*
        ];

        impl Config {
            /// Decides each option, in the order of [`OPTIONS`].
            pub(super) fn decide(code: ConfigBuilder, resolver: &mut Resolver<'_>) -> Self {
                Self {
                    $( $name: resolver.decide(code.$name, |_value| {
                        true $( && super::quantities::within(_value, $min, $max) )?
                    }), )*
                    settings: Arc::new(Settings {
                        $( $d_name: resolver.decide(code.$d_name, |_value| {
                            true $( && super::quantities::within(_value, $d_min, $d_max) )?
                        }), )*
                        keeps_unsampled: true,
                    }),
                }
            }
        }

        impl Settings {
            /// Puts what the server says over these settings.
            pub(super) fn overlaid(&self, overlay: &mut Overlay<'_>) -> Self {
                Self {
                    $( $d_name: overlay.decide(stringify!($d_name), &self.$d_name, |_value| {
                        true $( && super::quantities::within(_value, $d_min, $d_max) )?
                    }), )*
                    keeps_unsampled: self.keeps_unsampled,
                }
            }
        }
    };
}

for_each_option! { [define_config] [] }

#[cfg(test)]
mod tests;
