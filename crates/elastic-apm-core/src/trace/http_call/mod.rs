//! An outgoing HTTP request: its exit span, and the headers that continue the trace.
//!
//! What every HTTP client's integration does, once. It knows the `http` crate's vocabulary and no client.

mod body;
mod endpoint;
mod options;
mod url;

use std::error::Error;

use elastic_apm_intake::{Destination, Keyword, Outcome, Service, ServiceTarget, SpanHttp, Text};
use http::{HeaderMap, Method, StatusCode};

pub use body::CallBody;
pub(crate) use endpoint::Endpoint;
pub use options::CallOptions;
pub use url::CallUrl;

use super::ambient::current_trace_context;
use super::current::{self, TaskContext};
use super::span::Span;
use super::span_builder::SpanBuilder;
use super::span_node::SpanNode;

/// An outgoing HTTP request that is being recorded. For authors of integrations.
///
/// The exit span runs until this is dropped, and is a failure unless there was an answer below status 400: an error and a
/// future that is dropped early need no word.
///
/// ```
/// use elastic_apm_core::testing::RecordingAgent;
/// use elastic_apm_core::{CallOptions, CallUrl, HttpCall};
/// use http::{HeaderMap, Method, StatusCode, Uri};
///
/// let agent = RecordingAgent::new();
/// let mut headers = HeaderMap::new();
/// {
///     let _transaction = agent.tracer().begin_transaction("script");
///     let url = Uri::from_static("https://api.example.com/users?page=2");
///     let call = HttpCall::start(&Method::GET, &headers, &CallOptions::new(), || CallUrl::from(&url));
///     let call = call.inject(&mut headers);
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
    /// Starts the span below what is current. What comes back puts the headers of the trace into the request, and is the call then.
    ///
    /// `url` is asked only where the call is recorded; of the headers only `Host` is read, where the URL is a path. There is no span outside
    /// of a transaction and where `instrument` is off, in an unsampled transaction, below another exit span, and where the options say so.
    pub fn start<'a>(
        method: &Method,
        headers: &'a HeaderMap,
        options: &CallOptions,
        url: impl FnOnce() -> CallUrl<'a>,
    ) -> StartedCall {
        let is_instrumenting = current::with(|current| current.transaction().tracer.is_instrumenting());
        if is_instrumenting != Some(true) {
            return StartedCall { span: None };
        }
        let span = if options.without_span { Span::noop() } else { open(method, headers, options, url) };
        StartedCall { span: Some(span) }
    }

    /// The context in which to send the request.
    pub fn context(&self) -> TaskContext {
        self.span.context()
    }

    /// Notes the answer's status: a failure from 400.
    pub fn on_answer(&self, status: StatusCode) {
        let failed = status.is_client_error() || status.is_server_error();
        let Some(node) = &self.span.node else { return };
        node.judge("on_answer", |body| {
            let context = body.event().and_then(|event| event.context.as_mut());
            if let Some(http) = context.and_then(|context| context.http.as_mut()) {
                http.status_code = Some(status.as_u16());
            }
            body.verdict.by_protocol(if failed { Outcome::Failure } else { Outcome::Success });
        });
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

/// A call whose request does not carry the headers of the trace yet. For authors of integrations.
///
/// Dropped as it is, it ends as a call that failed.
///
/// ```
/// use elastic_apm_core::testing::RecordingAgent;
/// use elastic_apm_core::{CallOptions, CallUrl, HttpCall, Outcome};
/// use http::{HeaderMap, Method};
///
/// let agent = RecordingAgent::new();
/// let _transaction = agent.tracer().begin_transaction("script");
/// let url = CallUrl::parse("https://api.example.com/users");
/// drop(HttpCall::start(&Method::GET, &HeaderMap::new(), &CallOptions::new(), || url));
///
/// assert_eq!(agent.events().spans[0].outcome, Some(Outcome::Failure));
/// ```
#[must_use = "the request has yet to be given the headers of the trace"]
#[derive(Debug)]
pub struct StartedCall {
    /// `None` where no headers are to be touched.
    span: Option<Span>,
}

impl StartedCall {
    /// Puts `traceparent` and `tracestate` in place of any that are there.
    ///
    /// `None` where there is no span: then the headers carry what is current or, outside of a transaction and where `instrument` is off, are
    /// left alone.
    pub fn inject(self, headers: &mut HeaderMap) -> Option<HttpCall> {
        let span = self.span?;
        if let Some(context) = span.trace_context().or_else(current_trace_context) {
            context.inject(headers);
        }
        span.id().is_some().then_some(HttpCall { span })
    }
}

/// The running span; where nothing records, one that is not.
fn open<'a>(
    method: &Method,
    headers: &'a HeaderMap,
    options: &CallOptions,
    url: impl FnOnce() -> CallUrl<'a>,
) -> Span {
    let mut builder = SpanBuilder::below_current(Keyword::from_static("HTTP")).exit();
    if let Some(draft) = builder.draft() {
        describe(draft, method, headers, options, &url());
    }
    builder.start()
}

/// Fills in what is known before the request is sent. Over the limit only the service that is called counts.
fn describe(
    draft: &mut SpanNode,
    method: &Method,
    headers: &HeaderMap,
    options: &CallOptions,
    url: &CallUrl<'_>,
) {
    let is_recorded = !draft.over_limit;
    let body = draft.body();
    // What holds until an answer says otherwise.
    body.verdict.by_protocol(Outcome::Failure);
    let Some(event) = body.event() else { return };
    let endpoint = Endpoint::of(url, Some(headers));
    event.kind = Keyword::from_static("external");
    event.subtype = Some(Keyword::from_static("http"));
    let context = event.context.get_or_insert_default();
    // It would follow from the URL too, which was taken apart just now.
    context.service = endpoint.as_ref().map(target);
    if !is_recorded {
        return;
    }
    context.destination = endpoint.as_ref().map(destination);
    context.http = Some(SpanHttp {
        url: Some(without_credentials(url, endpoint.as_ref())),
        method: Some(spelled(method)),
        ..SpanHttp::default()
    });
    event.name = options.name.clone().unwrap_or_else(|| name(method, endpoint.as_ref()));
    if let Some(attempt) = options.attempt {
        event.labels.insert("attempt", attempt);
    }
}

/// `GET api.example.com`, with the port only where it is not the scheme's own.
fn name(method: &Method, endpoint: Option<&Endpoint<'_>>) -> Keyword {
    match endpoint {
        Some(endpoint) => Keyword::joined([method.as_str(), " ", endpoint.short()]),
        None => spelled(method),
    }
}

fn spelled(method: &Method) -> Keyword {
    Keyword::copied(method.as_str())
}

fn destination(endpoint: &Endpoint<'_>) -> Destination {
    Destination {
        address: Some(Keyword::copied(endpoint.address())),
        port: Some(endpoint.port()),
        service: None,
    }
}

fn target(endpoint: &Endpoint<'_>) -> Box<Service> {
    let (kind, name) = (Some(Keyword::from_static("http")), Some(endpoint.resource()));
    Box::new(Service::with_target(ServiceTarget { kind, name }))
}

fn without_credentials<const LIMIT: usize>(
    url: &CallUrl<'_>,
    endpoint: Option<&Endpoint<'_>>,
) -> Text<LIMIT> {
    match endpoint {
        // An asterisk asks about the server itself.
        Some(endpoint) if url.path == "*" => Text::joined([endpoint.scheme(), "://", endpoint.server()]),
        Some(endpoint) => Text::joined([endpoint.scheme(), "://", endpoint.server(), url.path]),
        None => Text::copied(url.path),
    }
}
