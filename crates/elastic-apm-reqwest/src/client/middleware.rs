//! The middleware of `reqwest_middleware`.

use elastic_apm_core::CallOptions;
use http::Extensions;

use super::call::{self, Wishes};
use super::reqwest::{Request, Response};
use super::reqwest_middleware::{Middleware, Next, Result};

/// Traces the requests of a `reqwest_middleware` client.
///
/// The span covers the time until the response's headers. Its outcome is a failure for a status of 400 and above, for an
/// error, and for a request that was dropped before its answer; the caller gets exactly what it would have got
/// without us. `traceparent` and `tracestate` replace what was there. A redirect that the client follows belongs to the call.
///
/// *Inside* a retry middleware there is a span per attempt, the second and later ones with a label `attempt`; *outside* of it one
/// for all. Two in one client make one span. It uses the agent of the current transaction. A request takes
/// [`CallOptions`] by `with_extension`.
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
    wishes: Wishes,
}

impl ApmMiddleware {
    /// The middleware; it needs nothing.
    pub fn new() -> Self {
        ApmMiddleware::default()
    }

    /// Reports an error event for each request without an answer, as a child of its span. Default: no, since most errors come
    /// up again where they are handled.
    #[must_use]
    pub fn capture_errors(mut self, capture: bool) -> Self {
        self.wishes.capture_errors = capture;
        self
    }

    /// Lets the span last until the response's body has been read or dropped. Default: until the headers.
    ///
    /// The body is wrapped for this: an error while it is read has the same text and one more cause in its chain.
    #[must_use]
    pub fn until_body_end(mut self, until: bool) -> Self {
        self.wishes.until_body_end = until;
        self
    }
}

/// How often a request has been recorded: a retry middleware outside of ours passes the same extensions each time.
#[derive(Clone, Copy, Default)]
struct Attempts(u32);

#[async_trait::async_trait]
impl Middleware for ApmMiddleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let default = CallOptions::new();
        let options = extensions.get().unwrap_or(&default);
        let Some(call) = call::start(&mut request, options) else {
            return next.run(request, extensions).await;
        };
        let Attempts(attempts) = extensions.get_or_insert_default();
        *attempts += 1;
        if *attempts > 1 {
            call.set_attempt(*attempts);
        }
        call::run(call, self.wishes, next.run(request, extensions)).await
    }
}
