//! The Tower layer that knows axum's routes.

use axum::Router;
use elastic_apm_core::{Tracer, User};
use http::{request, response};
use tower_layer::Layer;

use crate::facts::facts;
use crate::service::ApmService;

/// Traces every request of the axum router it is put on.
///
/// Its place among other layers is free; two of it start one transaction. Put on with `Router::layer` it knows the route, and so it
/// does by [`around`](Self::around), which is the same where it covers everything. Outside of the router (a `ServiceBuilder` around it)
/// it does not, unless a second one sits inside or the handler takes [`CurrentTransaction`](crate::CurrentTransaction).
///
/// Requests that `transaction_ignore_urls`, `transaction_ignore_user_agents` or [`ignore`](Self::ignore) name get no transaction.
/// Where `capture_body` is on, bodies are recorded as the handler reads them. The peer's address is recorded where the server was made
/// with `into_make_service_with_connect_info::<SocketAddr>()`.
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

    /// Puts the layer around all that the router has by now: routes that were added after an earlier `.layer`, nested routers,
    /// fallbacks. Called last, it covers everything.
    ///
    /// ```
    /// # use axum::{Router, routing::get};
    /// # use elastic_apm_axum::ApmLayer;
    /// let app = Router::new().route("/users/{id}", get(|| async { "hello" })).fallback(|| async { "nothing here" });
    /// let app: Router = ApmLayer::new().around(app);
    /// # drop(app);
    /// ```
    pub fn around<S>(self, router: Router<S>) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        router.layer(self)
    }

    /// Starts no transaction for requests of which this says so, beside those that the options of the agent name.
    ///
    /// Such a request has no spans, and what it calls gets no trace headers. A closure that panics has not said so.
    #[must_use]
    pub fn ignore(self, ignores: impl Fn(&request::Parts) -> bool + Send + Sync + 'static) -> Self {
        ApmLayer { inner: self.inner.ignore(ignores) }
    }

    /// Learns from the request on whose behalf it is made, as a gateway in front says it in a header. Asked for sampled requests only.
    ///
    /// A handler that knows more calls `set_user_context`, which wins.
    #[must_use]
    pub fn user(self, user: impl Fn(&request::Parts) -> Option<User> + Send + Sync + 'static) -> Self {
        ApmLayer { inner: self.inner.user(user) }
    }

    /// Chooses the responses whose transaction ends with their headers and not with their last byte: those that last as long as
    /// somebody listens.
    ///
    /// Not called, these are the streams of events (`text/event-stream`); the closure replaces that rule. Upgrades (101, and
    /// answered `CONNECT`) always end with their headers. What such a body does later is still part of the trace.
    #[must_use]
    pub fn end_at_headers(self, ends: impl Fn(&response::Parts) -> bool + Send + Sync + 'static) -> Self {
        ApmLayer { inner: self.inner.end_at_headers(ends) }
    }

    /// Takes URL and address of the client from `Forwarded` and `X-Forwarded-Proto`, `-Host`, `-Port` and `-For`.
    ///
    /// Off unless said: behind a proxy that sets these headers it gives the URL that the client asked for, elsewhere anybody could
    /// write anything into them.
    #[must_use]
    pub fn trust_forwarded_headers(self, trusts: bool) -> Self {
        ApmLayer { inner: self.inner.trust_forwarded_headers(trusts) }
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
        ApmService::new(&self.inner, inner)
    }
}
