//! HTTP clients against real servers: spans, headers, and what the caller gets.
//!
//! | module | rules about |
//! |---|---|
//! | `every_client`, `failures`, `uploads` | what holds of every way to send a request; `clients` knows the ways |
//! | `reqwest_client`, `tower_client` | what only one of them does |
//! | `bodies` | spans that last until the body has been read |
//! | `headers` | the headers that continue the trace |
//! | `nesting` | calls below spans and below each other |
//! | `retries` | beside reqwest-retry, and error events |

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as the test does")]

/// Runs each rule with each client.
macro_rules! with_every_client {
    ($($rule:ident)*) => {$(
        mod $rule {
            use crate::clients::Client;

            #[tokio::test]
            async fn with_reqwest_0_13() {
                super::$rule(Client::Reqwest013).await;
            }

            #[tokio::test]
            async fn with_reqwest_0_12() {
                super::$rule(Client::Reqwest012).await;
            }

            #[tokio::test]
            async fn with_send_traced_of_reqwest_0_13() {
                super::$rule(Client::SendTraced013).await;
            }

            #[tokio::test]
            async fn with_send_traced_of_reqwest_0_12() {
                super::$rule(Client::SendTraced012).await;
            }

            #[tokio::test]
            async fn with_hyper_util() {
                super::$rule(Client::HyperUtil).await;
            }
        }
    )*};
}

mod bodies;
mod clients;
mod every_client;
mod failures;
mod headers;
mod nesting;
mod reqwest_client;
mod retries;
mod tower_client;
mod uploads;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use elastic_apm::intake::{SpanContext, SpanEvent};
use elastic_apm::reqwest::ApmMiddleware;
use elastic_apm::testing::Events;
use elastic_apm_integration_tests::CheckedAgent;
use http::{HeaderMap, StatusCode};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tokio::net::TcpListener;
use tokio::sync::Notify;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

fn client() -> ClientWithMiddleware {
    ClientBuilder::new(reqwest::Client::new()).with(ApmMiddleware::new()).build()
}

/// A server that notes the headers of every request.
struct Server {
    /// `127.0.0.1:port`.
    host: String,
    seen: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Server {
    async fn with(router: Router) -> Self {
        let seen: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
        let noting = Arc::clone(&seen);
        let router =
            router.layer(axum::middleware::from_fn(move |request: Request, next: axum::middleware::Next| {
                noting.lock().unwrap().push(request.headers().clone());
                next.run(request)
            }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Server { host, seen }
    }

    /// Answers with the status that is the path.
    async fn of_statuses() -> Self {
        async fn answer(request: Request) -> (StatusCode, &'static str) {
            let status = request.uri().path().trim_matches('/').parse().unwrap_or(200);
            (StatusCode::from_u16(status).unwrap(), "the body")
        }
        Server::with(Router::new().fallback(any(answer))).await
    }

    /// Never answers; says when somebody asks.
    async fn of_silence() -> (Self, Arc<Notify>) {
        let asked = Arc::new(Notify::new());
        let notify = Arc::clone(&asked);
        let answer = move || {
            notify.notify_one();
            std::future::pending::<()>()
        };
        (Server::with(Router::new().fallback(any(answer))).await, asked)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }

    /// The values of a header in the requests so far.
    fn seen(&self, name: &str) -> Vec<Vec<String>> {
        let values = |headers: &HeaderMap| {
            headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
        };
        self.seen.lock().unwrap().iter().map(values).collect()
    }
}

/// Runs `work` in a transaction named `job`.
async fn in_job<T>(agent: &CheckedAgent, work: impl Future<Output = T>) -> T {
    agent.tracer().transaction("job", "script").run(work).await
}

fn context(span: &SpanEvent) -> &SpanContext {
    span.context.as_ref().unwrap()
}

fn status(span: &SpanEvent) -> Option<u16> {
    context(span).http.as_ref().unwrap().status_code
}

fn only(events: &Events) -> &SpanEvent {
    assert_eq!(events.spans.len(), 1, "{}", events.tree());
    &events.spans[0]
}

/// The `traceparent` of a call whose span, or nearest reported ancestor, is `id`.
fn traceparent(events: &Events, id: elastic_apm::SpanId, flags: &str) -> Vec<String> {
    vec![format!("00-{}-{id}-{flags}", events.transactions[0].trace_id)]
}
