//! The layer: what the application wants of all its calls.

use tower_layer::Layer;

use super::service::ApmClient;

/// Traces the requests of any client that is a `Service<http::Request<_>>`, such as hyper-util's.
///
/// A request made inside a transaction becomes an exit span (`external`/`http`, `GET api.example.com`) with URL, method, status and
/// destination, and carries `traceparent` and `tracestate` in place of any that are there. Its outcome is a failure for a
/// status of 400 and above, an error, and a future that is dropped early. Outside a transaction it passes unchanged. A request takes
/// [`CallOptions`](elastic_apm_core::CallOptions) in its extensions.
///
/// A call by gRPC is one of `external`/`grpc` instead, named by its method, and a failure unless its status is `OK`.
///
/// A request whose URI is only a path is named by its `Host` header and taken for `http`.
///
/// ```
/// use elastic_apm_core::testing::RecordingAgent;
/// use elastic_apm_tower::ApmClientLayer;
/// use http::{Request, Response};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// async fn answer(_: Request<String>) -> Result<Response<String>, std::convert::Infallible> {
///     Ok(Response::new("hello".to_owned()))
/// }
/// let client = ServiceBuilder::new().layer(ApmClientLayer::new()).service(service_fn(answer));
///
/// let agent = RecordingAgent::new();
/// let request = Request::get("https://api.example.com/users").body(String::new()).unwrap();
/// runtime.block_on(agent.tracer().transaction("job", "script").run(client.oneshot(request))).unwrap();
///
/// assert_eq!(agent.events().spans[0].name, "GET api.example.com");
/// ```
#[derive(Clone, Debug, Default)]
pub struct ApmClientLayer {
    until_body_end: bool,
}

impl ApmClientLayer {
    /// The layer; it needs nothing.
    pub fn new() -> Self {
        ApmClientLayer::default()
    }

    /// Lets each span last until the response's body has been read or dropped. Default: until the headers.
    #[must_use]
    pub fn until_body_end(mut self, until: bool) -> Self {
        self.until_body_end = until;
        self
    }
}

impl<S> Layer<S> for ApmClientLayer {
    type Service = ApmClient<S>;

    fn layer(&self, inner: S) -> ApmClient<S> {
        ApmClient::new(inner, self.until_body_end)
    }
}
