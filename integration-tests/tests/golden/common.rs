//! Differences that every case has, and what the programs call.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::HeaderMap;
use elastic_apm::AgentBuilder;
use elastic_apm::reqwest::ApmMiddleware;
use elastic_apm_integration_tests::{CheckedAgent, spec};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tokio::net::TcpListener;

use crate::comparison::{ANYTHING, Difference, NOTHING, SOMETHING, assert_equal_but_for, differs};
use crate::normal;

/// What the agents say of themselves.
pub(crate) const METADATA: &[Difference] = &[
    differs("metadata.service.agent.name", "\"python\"", "\"rust\"", "each agent's own name"),
    differs("metadata.service.agent.version", SOMETHING, SOMETHING, "each agent's own version"),
    differs(
        "metadata.service.agent.activation_method",
        "\"unknown\"",
        "\"programmatic-self-attach\"",
        "a Rust program starts its agent itself; Elastic's word for that",
    ),
    differs("metadata.service.language.name", "\"python\"", "\"rust\"", "the language"),
    differs("metadata.service.language.version", SOMETHING, ANYTHING, "the compiler's, where it is known"),
    differs(
        "metadata.service.runtime.*",
        SOMETHING,
        ANYTHING,
        "Rust has no runtime; its compiler stands for one, where the version is known",
    ),
    differs("metadata.process.title", NOTHING, SOMETHING, "the executable's name, which Python leaves out"),
];

/// What Python leaves out of transactions that the user began.
pub(crate) const JOBS: &[Difference] = &[differs(
    "transaction.outcome",
    NOTHING,
    "\"success\"",
    "the specification asks for an outcome on every transaction; Python sends none where the user sets none",
)];

/// What a span of custom code is.
pub(crate) const CUSTOM_SPANS: &[Difference] = &[
    differs(
        "span.type",
        "\"code\"",
        "\"custom\"",
        "the specification's default; `code` is none of its types",
    ),
    differs("span.subtype", "\"custom\"", NOTHING, "the specification's default has no subtype"),
];

/// Where slow spans were: Python's is set to look at those of 5 ms and more, which its were by chance.
pub(crate) const WHERE_SPANS_STARTED: &[Difference] = &[differs(
    "span.stacktrace",
    SOMETHING,
    NOTHING,
    "off unless `span_stack_trace_min_duration` is set: a span's stack is walked on the application's thread, and its name and its \
     parents say where it is",
)];

/// What an error says of itself.
pub(crate) const ERRORS: &[Difference] = &[
    differs("error.exception.module", "\"builtins\"", SOMETHING, "the errors are types of this program here"),
    differs("error.culprit", SOMETHING, SOMETHING, "each program's own function, by its full path here"),
];

/// What a call says beyond what Python's says.
pub(crate) const CALLS: &[Difference] = &[
    differs("span.context.http.method", NOTHING, "\"GET\"", "the specification asks for it, Python omits it"),
    differs(
        "span.context.destination.address",
        NOTHING,
        SOMETHING,
        "the specification asks for it, Python omits it",
    ),
    differs(
        "span.context.destination.port",
        NOTHING,
        "\"PORT\"",
        "the specification asks for it, Python omits it",
    ),
];

/// An agent named as the recorded ones were.
pub(crate) fn agent() -> CheckedAgent {
    agent_with(|options| options)
}

/// [`agent`] with more options.
pub(crate) fn agent_with(configure: impl FnOnce(AgentBuilder) -> AgentBuilder) -> CheckedAgent {
    CheckedAgent::with(|options| configure(options.service_name("foo")))
}

/// Holds what `agent` recorded against the recording of this name, or says that it skips.
#[track_caller]
pub(crate) fn compare(name: &str, agent: &CheckedAgent, ports: &[u16], lists: &[&[Difference]]) {
    let Some(data) = spec::data(&format!("golden stream {name}")) else { return };
    let recording = std::fs::read_to_string(data.join("golden").join(format!("{name}.norm"))).unwrap();

    let (python, rust) = (normal::recorded(&recording), normal::sent(&agent.events().lines, ports));

    assert_equal_but_for(&python, &rust, lists);
}

/// A service that answers every request with 200 and keeps the headers that came.
pub(crate) struct Called {
    pub(crate) port: u16,
    pub(crate) headers: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Called {
    pub(crate) async fn start() -> Self {
        let headers: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
        let seen = Arc::clone(&headers);
        let router = Router::new().fallback(move |headers: HeaderMap| async move {
            seen.lock().unwrap().push(headers);
            "down"
        });
        Called { port: serve(router).await, headers }
    }

    /// `traceparent` and `tracestate` of each request, in order.
    pub(crate) fn trace_headers(&self) -> Vec<(Option<String>, Option<String>)> {
        let headers = self.headers.lock().unwrap();
        let text = |headers: &HeaderMap, name| Some(headers.get(name)?.to_str().unwrap().to_owned());
        headers.iter().map(|all| (text(all, "traceparent"), text(all, "tracestate"))).collect()
    }
}

/// Serves `router` on a free port of this machine.
pub(crate) async fn serve(router: Router) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

/// A client that records its calls.
pub(crate) fn client() -> ClientWithMiddleware {
    let plain = reqwest::Client::builder().no_proxy().build().unwrap();
    ClientBuilder::new(plain).with(ApmMiddleware::new()).build()
}

/// Calls `url` and reads the answer.
pub(crate) async fn get(url: String) {
    client().get(url).send().await.unwrap().bytes().await.unwrap();
}
