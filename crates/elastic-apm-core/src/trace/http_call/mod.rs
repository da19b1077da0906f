//! An outgoing HTTP request: its exit span, and the headers that continue the trace.
//!
//! What every HTTP client's integration does, once. It knows the `http` crate's vocabulary and no client.

mod body;
mod endpoint;
mod options;

use std::error::Error;

use elastic_apm_intake::{
    Destination, Keyword, Outcome, Service, ServiceTarget, SpanContext, SpanHttp, Text,
};
use http::{HeaderMap, Method, StatusCode, Uri};

pub use body::CallBody;
pub(crate) use endpoint::Endpoint;
pub use options::CallOptions;

use super::ambient::{current_trace_context, span};
use super::current::{self, TaskContext};
use super::span::Span;

/// An outgoing HTTP request that is being recorded. For authors of integrations.
///
/// The exit span runs until this is dropped, and is a failure unless there was an answer below status 400: an error and a
/// future that is dropped early need no word.
///
/// ```
/// use elastic_apm_core::testing::RecordingAgent;
/// use elastic_apm_core::{CallOptions, HttpCall};
/// use http::{HeaderMap, Method, StatusCode, Uri};
///
/// let agent = RecordingAgent::new();
/// let mut headers = HeaderMap::new();
/// {
///     let _transaction = agent.tracer().begin_transaction("script");
///     let url = || Uri::from_static("https://api.example.com/users?page=2");
///     let call = HttpCall::start(&Method::GET, &mut headers, &CallOptions::new(), url);
///     // send the request with these headers, then:
///     call.unwrap().on_answer(StatusCode::OK);
/// }
///
/// assert!(headers.contains_key("traceparent"));
/// assert_eq!(agent.events().spans[0].name, "GET api.example.com");
/// ```
#[must_use = "the span ends as soon as the call is dropped"]
#[derive(Debug)]
pub struct HttpCall {
    span: Span,
}

impl HttpCall {
    /// Starts the span below what is current, and puts `traceparent` and `tracestate` in place of any that are there.
    ///
    /// `url` is asked only where the call is recorded. `None` where there is no span: outside a transaction and where `instrument` is
    /// off (no header is touched), or in an unsampled one, below another exit span, and where the options say so (the headers carry
    /// what is current).
    pub fn start(
        method: &Method,
        headers: &mut HeaderMap,
        options: &CallOptions,
        url: impl FnOnce() -> Uri,
    ) -> Option<Self> {
        if !current::with(|current| current.transaction().tracer.is_instrumenting()).unwrap_or(false) {
            return None;
        }
        let span = if options.without_span { Span::noop() } else { open(method, headers, options, url) };
        if let Some(context) = span.trace_context().or_else(current_trace_context) {
            context.inject(headers);
        }
        span.id().is_some().then_some(HttpCall { span })
    }

    /// The context in which to send the request.
    pub fn context(&self) -> TaskContext {
        self.span.context()
    }

    /// Notes the answer's status: a failure from 400.
    pub fn on_answer(&self, status: StatusCode) {
        self.span.update_context(|context| {
            if let Some(http) = &mut context.http {
                http.status_code = Some(status.as_u16());
            }
        });
        let failed = status.is_client_error() || status.is_server_error();
        self.span.set_protocol_outcome(if failed { Outcome::Failure } else { Outcome::Success });
    }

    /// Notes that the call failed after its answer's head, by a body that broke off.
    pub fn on_broken_body(&self) {
        self.span.set_protocol_outcome(Outcome::Failure);
    }

    /// Reports an error event for a call without an answer, as a child of its span.
    pub fn capture_error<E: Error + ?Sized>(&self, error: &E) {
        let mut context = self.context();
        let _entered = context.enter();
        super::ambient::capture_error(error);
    }

    /// Says which attempt at the same call this is: the label `attempt`.
    pub fn set_attempt(&self, attempt: u32) {
        self.span.label("attempt", attempt);
    }
}

/// The running span; where nothing records, one that is not.
fn open(method: &Method, headers: &HeaderMap, options: &CallOptions, url: impl FnOnce() -> Uri) -> Span {
    let builder = span(Keyword::from_static("HTTP")).span_type("external").subtype("http").exit();
    if builder.is_inert() {
        return builder.start();
    }
    let url = url();
    let endpoint = Endpoint::of(&url, Some(headers));
    let described = builder.is_recording().then(|| {
        let name = options.name.clone().unwrap_or_else(|| name(method, endpoint.as_ref()));
        (name, describe(method, &url, endpoint.as_ref()))
    });
    let span = builder.start();
    // Another thread may have taken the last place meanwhile.
    match described.filter(|_| span.is_recording()) {
        Some((name, context)) => {
            span.set_name(name);
            span.update_context(|empty| *empty = context);
            if let Some(attempt) = options.attempt {
                span.label("attempt", attempt);
            }
        }
        // Over the limit, only the service that is called counts.
        None => {
            if let Some(endpoint) = &endpoint {
                span.set_service_target("http", endpoint.resource());
            }
        }
    }
    // What holds until an answer says otherwise.
    span.set_protocol_outcome(Outcome::Failure);
    span
}

/// `GET api.example.com`, with the port only where it is not the scheme's own.
fn name(method: &Method, endpoint: Option<&Endpoint>) -> Keyword {
    match endpoint {
        Some(endpoint) => Keyword::joined([method.as_str(), " ", endpoint.short()]),
        None => Keyword::copied(method.as_str()),
    }
}

/// URL, method, destination and the service behind it.
fn describe(method: &Method, url: &Uri, endpoint: Option<&Endpoint>) -> SpanContext {
    SpanContext {
        http: Some(SpanHttp {
            url: Some(without_credentials(url, endpoint)),
            method: Some(Keyword::copied(method.as_str())),
            ..SpanHttp::default()
        }),
        destination: endpoint.map(|endpoint| Destination {
            address: Some(Keyword::copied(endpoint.address())),
            port: Some(endpoint.port()),
            service: None,
        }),
        // It would follow from the URL too, which was taken apart just now.
        service: endpoint.map(|endpoint| {
            let (kind, name) = (Some(Keyword::from_static("http")), Some(endpoint.resource()));
            Box::new(Service::with_target(ServiceTarget { kind, name }))
        }),
        ..SpanContext::default()
    }
}

fn without_credentials<const LIMIT: usize>(url: &Uri, endpoint: Option<&Endpoint>) -> Text<LIMIT> {
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    match endpoint {
        // An asterisk asks about the server itself.
        Some(endpoint) if path == "*" => Text::joined([endpoint.scheme(), "://", endpoint.server()]),
        Some(endpoint) => Text::joined([endpoint.scheme(), "://", endpoint.server(), path]),
        None => Text::copied(path),
    }
}
