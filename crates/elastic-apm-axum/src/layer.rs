//! The Tower layer that knows axum's routes.

use elastic_apm_core::Tracer;
use elastic_apm_tower::server::ApmService;
use tower_layer::Layer;

use crate::facts::facts;

/// Traces every request of the axum router it is put on.
///
/// Its place among other layers is free; two of it start one transaction. Put on with `Router::layer` it knows the route; outside
/// the router (a `ServiceBuilder` around it) it does not, unless a second one sits inside. Outside it changes the response's body
/// type, which hyper serves as it is and `axum::serve` does not take.
///
/// The peer's address is recorded where the server was made with `into_make_service_with_connect_info::<SocketAddr>()`.
///
/// ```
/// use axum::{Router, routing::get};
/// use elastic_apm_axum::ApmLayer;
/// use elastic_apm_core::testing::RecordingAgent;
/// use tower::ServiceExt;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// let agent = RecordingAgent::new();
/// let app: Router = Router::new()
///     .route("/users/{id}", get(|| async { "hello" }))
///     .layer(ApmLayer::new().tracer(agent.tracer()));
/// let request = http::Request::get("/users/7").body(axum::body::Body::empty()).unwrap();
/// runtime.block_on(app.oneshot(request)).unwrap();
///
/// assert_eq!(agent.events().transactions[0].name.as_deref(), Some("GET /users/{id}"));
/// ```
#[derive(Clone, Debug)]
pub struct ApmLayer {
    inner: elastic_apm_tower::ApmLayer,
}

impl ApmLayer {
    /// A layer that uses the process's default agent, looked up at each request: it may be built before the agent is installed.
    pub fn new() -> Self {
        ApmLayer { inner: elastic_apm_tower::ApmLayer::new().facts(facts()) }
    }

    /// Uses this tracer instead of the default agent's.
    #[must_use]
    pub fn tracer(self, tracer: Tracer) -> Self {
        ApmLayer { inner: self.inner.tracer(tracer) }
    }
}

impl Default for ApmLayer {
    fn default() -> Self {
        ApmLayer::new()
    }
}

impl<S> Layer<S> for ApmLayer {
    type Service = ApmService<S>;

    fn layer(&self, inner: S) -> ApmService<S> {
        self.inner.layer(inner)
    }
}
