//! Tracing for code that keeps a plain `reqwest::Client`.

use elastic_apm_core::CallOptions;

use super::call::{self, Wishes};
use super::reqwest::{RequestBuilder, Response, Result};

/// Sends a request of a plain `reqwest::Client` with an exit span and the headers that continue the trace.
///
/// The span and the headers are those of [`ApmMiddleware`](super::ApmMiddleware); without a transaction it is `send`.
///
/// ```
/// # use elastic_apm_reqwest as _;
/// use elastic_apm_core::testing::RecordingAgent;
/// use elastic_apm_reqwest::RequestBuilderExt;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// let agent = RecordingAgent::new();
/// let client = reqwest::Client::new();
/// let call = async { client.get("http://127.0.0.1:1/refused").send_traced().await.is_err() };
/// assert!(runtime.block_on(agent.tracer().transaction("job", "script").run(call)));
///
/// assert_eq!(agent.events().spans[0].name, "GET 127.0.0.1:1");
/// ```
pub trait RequestBuilderExt: Sized {
    /// Sends the request within a span. Errors are those of `send`.
    fn send_traced(self) -> impl Future<Output = Result<Response>> + Send {
        self.send_traced_with(CallOptions::new())
    }

    /// Sends the request within a span as the options want it. Errors are those of `send`.
    fn send_traced_with(self, options: CallOptions) -> impl Future<Output = Result<Response>> + Send;
}

impl RequestBuilderExt for RequestBuilder {
    async fn send_traced_with(self, options: CallOptions) -> Result<Response> {
        let (client, request) = self.build_split();
        let mut request = request?;
        match call::start(&mut request, &options) {
            Some(call) => call::run(call, Wishes::default(), client.execute(request)).await,
            None => client.execute(request).await,
        }
    }
}
