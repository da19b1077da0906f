//! The steps of `outcome.feature`. HTTP calls go through the real layer and the real middleware.

use std::pin::Pin;

use axum::body::Body;
use elastic_apm::reqwest::ApmMiddleware;
use elastic_apm::tower::ApmLayer;
use elastic_apm::{Outcome, Span, Transaction, capture_error};
use elastic_apm_integration_tests::CheckedAgent;
use http::{Request, Response};
use reqwest_middleware::{ClientBuilder, Next};
use tower::{BoxError, Layer, ServiceExt, service_fn};

use crate::gherkin::Scenario;

/// What the steps of one scenario have made so far.
#[derive(Default)]
pub(crate) struct World {
    agent: CheckedAgent,
    transaction: Option<Transaction>,
    span: Option<Span>,
}

impl World {
    pub(crate) async fn run(mut self, scenario: &Scenario) {
        for step in &scenario.steps {
            self.step(&scenario.name, &step.text).await;
        }
    }

    async fn step(&mut self, scenario: &str, text: &str) {
        let quoted = text.split('\'').nth(1);
        let number = text.rsplit(' ').next().and_then(|word| word.parse::<i32>().ok());
        match (text.split('\'').next().unwrap_or_default().trim(), quoted, number) {
            ("an agent", ..) => {}
            ("an active transaction", ..) => {
                self.transaction = Some(self.agent.tracer().transaction("active", "test").start());
            }
            ("an active span", ..) => {
                let transaction = self.agent.tracer().transaction("around the span", "test").start();
                self.span = Some(transaction.span("active").start());
                self.transaction = Some(transaction);
            }
            ("the agent sets the transaction outcome to", Some(said), _) => {
                self.transaction().set_protocol_outcome(outcome(said));
            }
            ("the agent sets the span outcome to", Some(said), _) => {
                self.span().set_protocol_outcome(outcome(said));
            }
            ("a user sets the transaction outcome to", Some(said), _) => {
                self.transaction().set_outcome(outcome(said));
            }
            ("a user sets the span outcome to", Some(said), _) => self.span().set_outcome(outcome(said)),
            ("an error is reported to the transaction", ..) => {
                let mut context = self.transaction().context();
                let _entered = context.enter();
                capture_error(&std::fmt::Error);
            }
            ("an error is reported to the span", ..) => {
                let mut context = self.span().context();
                let _entered = context.enter();
                capture_error(&std::fmt::Error);
            }
            (received, _, Some(status)) if received.starts_with("a HTTP call is received that returns") => {
                // The layer makes the transaction of its own accord.
                self.transaction().discard();
                receive(&self.agent, status).await;
            }
            (made, _, Some(status)) if made.starts_with("a HTTP call is made that returns") => {
                self.span().discard();
                self.transaction().context().run(call(status)).await;
            }
            ("the transaction ends", ..) => self.transaction = None,
            ("the span ends", ..) => self.span = None,
            ("the transaction outcome is", Some(expected), _) => {
                let last = self.agent.events().transactions.last().and_then(|event| event.outcome);
                assert_eq!(last, Some(outcome(expected)), "{scenario}");
            }
            ("the span outcome is", Some(expected), _) => {
                let last = self.agent.events().spans.last().and_then(|event| event.outcome);
                assert_eq!(last, Some(outcome(expected)), "{scenario}");
            }
            _ => panic!("{scenario}: a step that nobody knows: {text}"),
        }
    }

    fn transaction(&self) -> &Transaction {
        self.transaction.as_ref().unwrap()
    }

    fn span(&self) -> &Span {
        self.span.as_ref().unwrap()
    }
}

fn outcome(word: &str) -> Outcome {
    [Outcome::Success, Outcome::Failure, Outcome::Unknown]
        .into_iter()
        .find(|outcome| outcome.as_str() == word)
        .unwrap_or_else(|| panic!("no outcome: {word}"))
}

/// Has the layer see a service answer with this status, or fail where it is negative.
async fn receive(agent: &CheckedAgent, status: i32) {
    let service = service_fn(move |_: Request<Body>| async move {
        let status = u16::try_from(status)?;
        Ok::<_, BoxError>(Response::builder().status(status).body(Body::empty())?)
    });
    let layer = ApmLayer::new().tracer(agent.tracer());
    drop(layer.layer(service).oneshot(Request::new(Body::empty())).await);
}

/// Has the middleware see a server answer with this status, or fail where it is negative.
async fn call(status: i32) {
    fn answers<'a>(request: reqwest::Request, _: &'a mut http::Extensions, _: Next<'a>) -> Answer<'a> {
        Box::pin(async move {
            let status = request.headers()["x-status"].to_str().unwrap();
            let status: u16 = status.parse().map_err(reqwest_middleware::Error::middleware)?;
            Ok(Response::builder().status(status).body("").unwrap().into())
        })
    }
    let client = ClientBuilder::new(reqwest::Client::new()).with(ApmMiddleware::new()).with(answers).build();
    drop(client.get("http://service.test/").header("x-status", status).send().await);
}

/// What a middleware that is a function returns.
type Answer<'a> = Pin<Box<dyn Future<Output = reqwest_middleware::Result<reqwest::Response>> + Send + 'a>>;
