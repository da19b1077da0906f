//! The five ways to send a request, each with and without us.

use std::error::Error;

use elastic_apm::reqwest::RequestBuilderExt as _;
use elastic_apm::reqwest_0_12::RequestBuilderExt as _;
use elastic_apm::tower::ApmClientLayer;
use elastic_apm::{CallOptions, reqwest as apm_0_13, reqwest_0_12 as apm_0_12};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::{Layer, ServiceExt};

/// A way to send a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Client {
    Reqwest013,
    Reqwest012,
    SendTraced013,
    SendTraced012,
    HyperUtil,
}

/// What the sender got.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// The texts of an error and its causes.
pub(crate) type Failure = Vec<String>;

impl Client {
    /// Sends a request without us.
    pub(crate) async fn plain(self, url: &str) -> Result<Answer, Failure> {
        match self {
            Client::Reqwest013 => {
                let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).build();
                answer_0_13(client.get(url).send().await.map_err(chain)?).await
            }
            Client::Reqwest012 => {
                let client = reqwest_middleware_0_4::ClientBuilder::new(reqwest_0_12::Client::new()).build();
                answer_0_12(client.get(url).send().await.map_err(chain)?).await
            }
            Client::SendTraced013 => {
                answer_0_13(reqwest::Client::new().get(url).send().await.map_err(chain)?).await
            }
            Client::SendTraced012 => {
                answer_0_12(reqwest_0_12::Client::new().get(url).send().await.map_err(chain)?).await
            }
            Client::HyperUtil => {
                answer_http(hyper_client().request(request(url, HeaderMap::new())).await.map_err(chain)?)
                    .await
            }
        }
    }

    /// Sends a traced request.
    pub(crate) async fn get(self, url: &str) -> Result<Answer, Failure> {
        self.send(url, HeaderMap::new(), CallOptions::new()).await
    }

    /// Sends a traced request with headers of the sender's own.
    pub(crate) async fn send(
        self,
        url: &str,
        headers: HeaderMap,
        options: CallOptions,
    ) -> Result<Answer, Failure> {
        match self {
            Client::Reqwest013 => {
                let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
                    .with(apm_0_13::ApmMiddleware::new())
                    .build();
                let request = client.get(url).headers(headers).with_extension(options);
                answer_0_13(request.send().await.map_err(chain)?).await
            }
            Client::Reqwest012 => {
                let client = reqwest_middleware_0_4::ClientBuilder::new(reqwest_0_12::Client::new())
                    .with(apm_0_12::ApmMiddleware::new())
                    .build();
                let request = client.get(url).headers(headers).with_extension(options);
                answer_0_12(request.send().await.map_err(chain)?).await
            }
            Client::SendTraced013 => {
                let request = reqwest::Client::new().get(url).headers(headers);
                answer_0_13(request.send_traced_with(options).await.map_err(chain)?).await
            }
            Client::SendTraced012 => {
                let request = reqwest_0_12::Client::new().get(url).headers(headers);
                answer_0_12(request.send_traced_with(options).await.map_err(chain)?).await
            }
            Client::HyperUtil => {
                let mut request = request(url, headers);
                request.extensions_mut().insert(options);
                let client = ApmClientLayer::new().layer(hyper_client());
                answer_http(client.oneshot(request).await.map_err(chain)?).await
            }
        }
    }
}

fn hyper_client() -> legacy::Client<HttpConnector, Empty<bytes::Bytes>> {
    legacy::Client::builder(TokioExecutor::new()).build_http()
}

fn request(url: &str, headers: HeaderMap) -> Request<Empty<bytes::Bytes>> {
    let mut request = Request::get(url).body(Empty::new()).unwrap();
    *request.headers_mut() = headers;
    request
}

async fn answer_0_13(answer: reqwest::Response) -> Result<Answer, Failure> {
    let (status, headers) = (answer.status(), without_date(answer.headers()));
    Ok(Answer { status, headers, body: answer.bytes().await.map_err(chain)?.to_vec() })
}

async fn answer_0_12(answer: reqwest_0_12::Response) -> Result<Answer, Failure> {
    let (status, headers) = (answer.status(), without_date(answer.headers()));
    Ok(Answer { status, headers, body: answer.bytes().await.map_err(chain)?.to_vec() })
}

async fn answer_http<B>(answer: http::Response<B>) -> Result<Answer, Failure>
where
    B: http_body::Body<Error: Error>,
{
    let (status, headers) = (answer.status(), without_date(answer.headers()));
    let body = answer.into_body().collect().await.map_err(chain)?.to_bytes();
    Ok(Answer { status, headers, body: body.to_vec() })
}

fn without_date(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove(http::header::DATE);
    headers
}

fn chain(error: impl Error) -> Failure {
    let mut texts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        texts.push(cause.to_string());
        source = cause.source();
    }
    texts
}
