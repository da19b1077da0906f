//! An outgoing HTTP request: its exit span, and the headers that continue the trace.
//!
//! What every HTTP client's integration does, once, for calls by gRPC too, which HTTP carries. It knows the `http` crate's vocabulary and
//! no client.

mod body;
mod describe;
mod endpoint;
mod options;
mod url;

use std::error::Error;

use elastic_apm_intake::{Keyword, Outcome};
use http::{HeaderMap, Method, StatusCode};

pub use body::CallBody;
pub(crate) use endpoint::Endpoint;
pub use options::CallOptions;
pub use url::CallUrl;

use self::describe::{Protocol, describe};
use super::ambient::current_trace_context;
use super::current::{self, TaskContext};
use super::span::Span;
use super::span_builder::SpanBuilder;
use crate::grpc::{GrpcStatus, is_grpc_call};

/// An outgoing HTTP request that is being recorded. For authors of integrations.
///
/// The exit span runs until this is dropped, and is a failure unless there was an answer below status 400: an error and a
/// future that is dropped early need no word. A call [by gRPC](crate::is_grpc_call) is a failure unless its status is `OK`, which stands
/// in the answer's trailers as a rule.
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
///     let mut call = call.inject(&mut headers).unwrap();
///     // send the request with these headers, then:
///     call.on_answer(StatusCode::OK, &HeaderMap::new());
/// }
///
/// assert!(headers.contains_key("traceparent"));
/// assert_eq!(agent.events().spans[0].name, "GET api.example.com");
/// ```
#[must_use = "the span ends as soon as the call is dropped"]
#[derive(Debug)]
pub struct HttpCall {
    span: Span,
    /// By gRPC, and it is not known yet what it came to.
    awaits_status: bool,
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
            return StartedCall { span: None, protocol: Protocol::Http };
        }
        let protocol = if is_grpc_call(method, headers) { Protocol::Grpc } else { Protocol::Http };
        let span =
            if options.without_span { Span::noop() } else { open(protocol, method, headers, options, url) };
        StartedCall { span: Some(span), protocol }
    }

    /// The context in which to send the request.
    pub fn context(&self) -> TaskContext {
        self.span.context()
    }

    /// Notes the answer's head. A status from 400 is a failure; that of gRPC may stand among the headers of an answer that has no body.
    pub fn on_answer(&mut self, status: StatusCode, headers: &HeaderMap) {
        let failed = status.is_client_error() || status.is_server_error();
        if self.awaits_status {
            // Where it failed, it is somebody else who answered.
            self.awaits_status = !failed;
            return self.on_trailers(headers);
        }
        let Some(node) = &self.span.node else { return };
        node.judge("on_answer", |body| {
            let context = body.event().and_then(|event| event.context.as_mut());
            if let Some(http) = context.and_then(|context| context.http.as_mut()) {
                http.status_code = Some(status.as_u16());
            }
            body.verdict.by_protocol(if failed { Outcome::Failure } else { Outcome::Success });
        });
    }

    /// Notes the trailers behind an answer's body: of a call by gRPC its status, of others nothing.
    pub fn on_trailers(&mut self, trailers: &HeaderMap) {
        if !self.awaits_status {
            return;
        }
        if let Some(status) = GrpcStatus::read(trailers) {
            self.awaits_status = false;
            self.span.set_protocol_outcome(status.client_outcome());
        }
    }

    /// Whether what it came to is still to be read from trailers: then it has to be kept until the end of the answer's body.
    pub fn awaits_trailers(&self) -> bool {
        self.awaits_status
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
    protocol: Protocol,
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
        let awaits_status = self.protocol == Protocol::Grpc;
        span.id().is_some().then_some(HttpCall { span, awaits_status })
    }
}

/// The running span; where nothing records, one that is not.
fn open<'a>(
    protocol: Protocol,
    method: &Method,
    headers: &'a HeaderMap,
    options: &CallOptions,
    url: impl FnOnce() -> CallUrl<'a>,
) -> Span {
    let mut builder = SpanBuilder::below_current(Keyword::from_static("HTTP")).exit();
    if let Some(draft) = builder.draft() {
        describe(draft, protocol, method, headers, options, &url());
    }
    builder.start()
}
