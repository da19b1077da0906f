//! Calls to another service, which is not there: a client's innermost part answers itself.

use std::convert::Infallible;
use std::hint::black_box;

use elastic_apm::reqwest::ApmMiddleware;
use elastic_apm::tower::ApmClientLayer;
use http::{Extensions, Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use tower::{Layer as _, Service as _, service_fn};

use crate::agent::{OpenTransaction, StillAgent};
use crate::paths::Round;
use crate::requests::{next, ready};

/// What is called.
pub(crate) const URL: &str = "http://stock.example.com:8080/items/42?page=2";

/// A call by a Tower client without a layer.
pub(crate) fn bare(times: usize) -> Round {
    let (mut client, mut requests) = (service_fn(answer_at_once), calls(times));
    Box::new(move || drop(black_box(ready(client.call(next(&mut requests))))))
}

/// A call by a Tower client with the layer, inside a transaction.
pub(crate) fn traced(times: usize) -> Round {
    let mut client = ApmClientLayer::new().layer(service_fn(answer_at_once));
    let mut requests = calls(times);
    let open = OpenTransaction::of(StillAgent::sampled());
    open.rounds(move || drop(black_box(ready(client.call(next(&mut requests))))))
}

async fn answer_at_once(_: Request<String>) -> Result<Response<String>, Infallible> {
    Ok(Response::new(String::new()))
}

fn calls(times: usize) -> Vec<Request<String>> {
    let request = || Request::get(URL).body(String::new()).expect("it is well-formed");
    (0..times).map(|_| request()).collect()
}

/// A reqwest client.
pub(crate) fn bare_client() -> ClientWithMiddleware {
    ClientBuilder::new(reqwest::Client::new()).with(Answer).build()
}

/// A reqwest client with the middleware.
pub(crate) fn traced_client() -> ClientWithMiddleware {
    ClientBuilder::new(reqwest::Client::new()).with(ApmMiddleware::new()).with(Answer).build()
}

/// Answers instead of the network.
struct Answer;

#[async_trait::async_trait]
impl Middleware for Answer {
    async fn handle(
        &self,
        _: reqwest::Request,
        _: &mut Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        Ok(Response::new("").into())
    }
}
