//! The layer: which tracer, how to learn what the framework knows about a request, and what the application has to say.

use std::net::IpAddr;
use std::sync::Arc;

use elastic_apm_core::{Inbound, Tracer, User, default_tracer};
use http::{Extensions, HeaderMap, Uri, request, response};
use tower_layer::Layer;

use super::hooks::Hooks;
use super::service::ApmService;

/// A framework, and what it has put into a request's extensions. For authors of integrations.
///
/// Plain function pointers, so that a layer stays free of type parameters. Each answers `None` where nothing is known.
#[derive(Clone, Copy, Debug)]
pub struct RequestFacts {
    /// The route template, such as `/users/{id}`.
    pub route: fn(&Extensions) -> Option<&str>,
    /// The request's URI before routers stripped prefixes from it.
    pub original_uri: fn(&Extensions) -> Option<&Uri>,
    /// The peer's address.
    pub remote: fn(&Extensions) -> Option<IpAddr>,
    /// The framework's own name and version, such as `axum` and `0.8`.
    pub framework: Option<(&'static str, &'static str)>,
}

impl Default for RequestFacts {
    fn default() -> Self {
        RequestFacts { route: |_| None, original_uri: |_| None, remote: |_| None, framework: None }
    }
}

/// Traces every request of the service it wraps.
///
/// Its place among other layers is free, and a second one in the same stack starts no second transaction: it only adds the route's
/// name if the first could not know it. Answers are the same with and without it, bytes, headers and errors alike.
///
/// The transaction is named `METHOD route`, or `METHOD unknown route` where no route is known; its type is
/// `request`. Requests that `transaction_ignore_urls`, `transaction_ignore_user_agents` or [`ignore`](Self::ignore) name get
/// none. Without an agent the layer passes through.
///
/// It never touches the request's body: where `capture_body` is on, [`CaptureBodyLayer`](super::CaptureBodyLayer) inside of it
/// does.
///
/// ```
/// use elastic_apm_core::testing::RecordingAgent;
/// use elastic_apm_tower::ApmLayer;
///
/// let agent = RecordingAgent::new();
/// let layer = ApmLayer::new().tracer(agent.tracer());
/// # let _ = layer;
/// ```
#[derive(Clone, Debug, Default)]
pub struct ApmLayer {
    // Shared: routers clone a service for each request.
    options: Arc<Options>,
}

#[derive(Clone, Debug, Default)]
struct Options {
    tracer: Option<Tracer>,
    facts: RequestFacts,
    hooks: Hooks,
    trusts_forwarded: bool,
}

impl ApmLayer {
    /// A layer that uses the process's default agent, looked up at each request: it may be built before the agent is installed.
    pub fn new() -> Self {
        ApmLayer::default()
    }

    /// Uses this tracer instead of the default agent's.
    #[must_use]
    pub fn tracer(mut self, tracer: Tracer) -> Self {
        self.change().tracer = Some(tracer);
        self
    }

    /// Starts no transaction for requests of which this says so, beside those that the options of the agent name.
    ///
    /// Such a request has no spans, and what it calls gets no trace headers. A closure that panics has not said so.
    ///
    /// ```
    /// # use elastic_apm_tower::ApmLayer;
    /// let layer = ApmLayer::new().ignore(|request| request.headers.contains_key("x-synthetic"));
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn ignore(mut self, ignores: impl Fn(&request::Parts) -> bool + Send + Sync + 'static) -> Self {
        self.change().hooks.ignore = Some(Arc::new(ignores));
        self
    }

    /// Learns from the request on whose behalf it is made, as a gateway in front says it in a header. Asked for sampled requests only.
    ///
    /// A handler that knows more calls `set_user_context`, and wins in what it says.
    ///
    /// ```
    /// # use elastic_apm_core::User;
    /// # use elastic_apm_tower::ApmLayer;
    /// let layer = ApmLayer::new().user(|request| {
    ///     let id = request.headers.get("x-user-id")?.to_str().ok()?;
    ///     Some(User::new().id(id))
    /// });
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn user(mut self, user: impl Fn(&request::Parts) -> Option<User> + Send + Sync + 'static) -> Self {
        self.change().hooks.user = Some(Arc::new(user));
        self
    }

    /// Chooses the responses whose transaction ends with their headers and not with their last byte: those that last as long as
    /// somebody listens.
    ///
    /// Not called, these are the streams of events (`text/event-stream`); the closure replaces that rule. Upgrades (101, and
    /// answered `CONNECT`) always end with their headers. What such a body does later is still part of the trace.
    ///
    /// ```
    /// # use elastic_apm_tower::ApmLayer;
    /// let to_the_last_byte = ApmLayer::new().end_at_headers(|_| false);
    /// let tails = ApmLayer::new().end_at_headers(|response| response.headers.contains_key("x-tail"));
    /// # let _ = (to_the_last_byte, tails);
    /// ```
    #[must_use]
    pub fn end_at_headers(mut self, ends: impl Fn(&response::Parts) -> bool + Send + Sync + 'static) -> Self {
        self.change().hooks.end_at_headers = Some(Arc::new(ends));
        self
    }

    /// Takes URL and address of the client from `Forwarded` and `X-Forwarded-Proto`, `-Host`, `-Port` and `-For`.
    ///
    /// Off unless said: behind a proxy that sets these headers it gives the URL that the client asked for, elsewhere anybody could
    /// write anything into them.
    #[must_use]
    pub fn trust_forwarded_headers(mut self, trusts: bool) -> Self {
        self.change().trusts_forwarded = trusts;
        self
    }

    /// Learns routes and addresses this way. For authors of integrations.
    #[must_use]
    pub fn facts(mut self, facts: RequestFacts) -> Self {
        self.change().facts = facts;
        self
    }

    fn change(&mut self) -> &mut Options {
        Arc::make_mut(&mut self.options)
    }

    /// Says what is to become of a request.
    pub(super) fn inbound<'a>(&self, path: impl FnOnce() -> &'a str, headers: &HeaderMap) -> Inbound {
        match &self.options.tracer {
            Some(tracer) => tracer.inbound(path, headers),
            None => default_tracer().inbound(path, headers),
        }
    }

    pub(super) fn request_facts(&self) -> &RequestFacts {
        &self.options.facts
    }

    pub(super) fn hooks(&self) -> &Hooks {
        &self.options.hooks
    }

    pub(super) fn trusts_forwarded(&self) -> bool {
        self.options.trusts_forwarded
    }
}

impl<S> Layer<S> for ApmLayer {
    type Service = ApmService<S>;

    fn layer(&self, inner: S) -> ApmService<S> {
        ApmService::new(inner, self.clone())
    }
}
