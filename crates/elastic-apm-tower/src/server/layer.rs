//! The layer: which tracer, and how to learn what the framework knows about a request.

use std::net::IpAddr;

use elastic_apm_core::{Tracer, default_tracer};
use http::{Extensions, Uri};
use tower_layer::Layer;

use super::service::ApmService;

/// What a framework has put into a request's extensions. For authors of integrations.
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
}

impl Default for RequestFacts {
    fn default() -> Self {
        RequestFacts { route: |_| None, original_uri: |_| None, remote: |_| None }
    }
}

/// Traces every request of the service it wraps.
///
/// Its place among other layers is free, and a second one in the same stack starts no second transaction: it only adds the route's
/// name if the first could not know it. Answers are the same with and without it, bytes, headers and errors alike.
///
/// The transaction is named `METHOD route`, or `METHOD unknown route` where no route is known; its type is
/// `request`. Requests whose path matches `transaction_ignore_urls` get none. Without an agent the layer passes through.
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
    tracer: Option<Tracer>,
    facts: RequestFacts,
}

impl ApmLayer {
    /// A layer that uses the process's default agent, looked up at each request: it may be built before the agent is installed.
    pub fn new() -> Self {
        ApmLayer::default()
    }

    /// Uses this tracer instead of the default agent's.
    #[must_use]
    pub fn tracer(mut self, tracer: Tracer) -> Self {
        self.tracer = Some(tracer);
        self
    }

    /// Learns routes and addresses this way. For authors of integrations.
    #[must_use]
    pub fn facts(mut self, facts: RequestFacts) -> Self {
        self.facts = facts;
        self
    }

    pub(super) fn current_tracer(&self) -> Tracer {
        self.tracer.clone().unwrap_or_else(default_tracer)
    }

    pub(super) fn request_facts(&self) -> &RequestFacts {
        &self.facts
    }
}

impl<S> Layer<S> for ApmLayer {
    type Service = ApmService<S>;

    fn layer(&self, inner: S) -> ApmService<S> {
        ApmService::new(inner, self.clone())
    }
}
