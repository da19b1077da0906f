//! The middleware: an exit span around each request, and the headers that continue the trace.

use elastic_apm_core::{Outcome, Span, SpanBuilder, current_trace_context, span};
use http::{Extensions, StatusCode};
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next, Result};

use crate::target;

/// Traces the requests of a `reqwest_middleware` client.
///
/// The span covers the time until the response's headers. Its outcome is a failure for a status of 400 and above, for an
/// error, and for a request that was dropped before its answer; the caller gets exactly what it would have got
/// without us. `traceparent` and `tracestate` replace what was there.
///
/// *Inside* a retry middleware there is a span per attempt, *outside* of it one for all. It uses the agent of the current
/// transaction.
///
/// ```
/// use elastic_apm_core::testing::RecordingAgent;
/// use elastic_apm_reqwest::ApmMiddleware;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// let http = reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).with(ApmMiddleware::new()).build();
/// let agent = RecordingAgent::new();
/// let call = async { http.get("http://127.0.0.1:1/refused").send().await.is_err() };
/// assert!(runtime.block_on(agent.tracer().transaction("job", "script").run(call)));
///
/// assert_eq!(agent.events().spans[0].name, "GET 127.0.0.1:1");
/// ```
#[derive(Clone, Debug, Default)]
pub struct ApmMiddleware {
    _private: (),
}

impl ApmMiddleware {
    /// The middleware; it needs nothing.
    pub fn new() -> Self {
        ApmMiddleware::default()
    }
}

#[async_trait::async_trait]
impl Middleware for ApmMiddleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let span = start_span(&request);
        // Without a span of our own (unsampled, or below another exit span) the trace goes on from what is current.
        if let Some(context) = span.trace_context().or_else(current_trace_context) {
            context.inject(request.headers_mut());
        }
        if span.id().is_none() {
            return next.run(request, extensions).await;
        }
        let result = span.context().run(next.run(request, extensions)).await;
        if let Ok(response) = &result {
            on_answer(&span, response.status());
        }
        result
    }
}

/// The running span; without a current sampled transaction one that records nothing.
fn start_span(request: &Request) -> Span {
    let builder = span_builder(request);
    if !builder.is_recording() {
        return builder.start();
    }
    let context = target::span_context(request.method(), request.url());
    let span = builder.start();
    span.update_context(|empty| *empty = context);
    // What holds until an answer says otherwise: an error and a dropped future end the span as it stands.
    span.set_protocol_outcome(Outcome::Failure);
    span
}

fn span_builder(request: &Request) -> SpanBuilder {
    span(Name(request)).span_type("external").subtype("http").exit()
}

/// Makes the name only where it is recorded.
struct Name<'a>(&'a Request);

impl From<Name<'_>> for elastic_apm_core::Keyword {
    fn from(Name(request): Name<'_>) -> Self {
        target::span_name(request.method(), request.url())
    }
}

fn on_answer(span: &Span, status: StatusCode) {
    span.update_context(|context| {
        if let Some(http) = &mut context.http {
            http.status_code = Some(status.as_u16());
        }
    });
    let failed = status.is_client_error() || status.is_server_error();
    span.set_protocol_outcome(if failed { Outcome::Failure } else { Outcome::Success });
}
