//! The five ways to send a request, each with and without us.

use std::error::Error;
use std::time::Duration;

use axum::body::Body;
use elastic_apm::reqwest::RequestBuilderExt as _;
use elastic_apm::reqwest_0_12::RequestBuilderExt as _;
use elastic_apm::tower::ApmClientLayer;
use elastic_apm::{CallOptions, reqwest as apm_0_13, reqwest_0_12 as apm_0_12};
use elastic_apm_integration_tests::PATIENCE;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::aws_lc_rs::default_provider;
use tower::timeout::Timeout;
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

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

/// How a client is set up beside our part of it.
#[derive(Clone, Copy)]
pub(crate) struct Setup {
    /// How long a call may take.
    pub(crate) patience: Duration,
    /// Whether names are resolved; addresses need not be.
    pub(crate) resolves: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Setup { patience: PATIENCE, resolves: true }
    }
}

impl Client {
    /// Sends a request without us.
    pub(crate) async fn plain(self, url: &str) -> Result<Answer, Failure> {
        self.plain_by(Setup::default(), url).await
    }

    /// Sends a request without us, by a client of this setup.
    pub(crate) async fn plain_by(self, setup: Setup, url: &str) -> Result<Answer, Failure> {
        match self {
            Client::Reqwest013 => {
                let client = reqwest_middleware::ClientBuilder::new(reqwest_0_13(setup)).build();
                answer_0_13(client.get(url).send().await.map_err(chain)?).await
            }
            Client::Reqwest012 => {
                let client = reqwest_middleware_0_4::ClientBuilder::new(reqwest_0_12(setup)).build();
                answer_0_12(client.get(url).send().await.map_err(chain)?).await
            }
            Client::SendTraced013 => {
                answer_0_13(reqwest_0_13(setup).get(url).send().await.map_err(chain)?).await
            }
            Client::SendTraced012 => {
                answer_0_12(reqwest_0_12(setup).get(url).send().await.map_err(chain)?).await
            }
            Client::HyperUtil => {
                let answer = hyper(setup).oneshot(request(url, HeaderMap::new())).await;
                answer_http(answer.map_err(boxed_chain)?).await
            }
        }
    }

    /// Sends a traced request.
    pub(crate) async fn get(self, url: &str) -> Result<Answer, Failure> {
        self.get_by(Setup::default(), url).await
    }

    /// Sends a traced request by a client of this setup.
    pub(crate) async fn get_by(self, setup: Setup, url: &str) -> Result<Answer, Failure> {
        self.send_by(setup, url, HeaderMap::new(), CallOptions::new()).await
    }

    /// Sends a traced request with headers of the sender's own.
    pub(crate) async fn send(
        self,
        url: &str,
        headers: HeaderMap,
        options: CallOptions,
    ) -> Result<Answer, Failure> {
        self.send_by(Setup::default(), url, headers, options).await
    }

    async fn send_by(
        self,
        setup: Setup,
        url: &str,
        headers: HeaderMap,
        options: CallOptions,
    ) -> Result<Answer, Failure> {
        match self {
            Client::Reqwest013 => {
                let client = reqwest_middleware::ClientBuilder::new(reqwest_0_13(setup))
                    .with(apm_0_13::ApmMiddleware::new())
                    .build();
                let request = client.get(url).headers(headers).with_extension(options);
                answer_0_13(request.send().await.map_err(chain)?).await
            }
            Client::Reqwest012 => {
                let client = reqwest_middleware_0_4::ClientBuilder::new(reqwest_0_12(setup))
                    .with(apm_0_12::ApmMiddleware::new())
                    .build();
                let request = client.get(url).headers(headers).with_extension(options);
                answer_0_12(request.send().await.map_err(chain)?).await
            }
            Client::SendTraced013 => {
                let request = reqwest_0_13(setup).get(url).headers(headers);
                answer_0_13(request.send_traced_with(options).await.map_err(chain)?).await
            }
            Client::SendTraced012 => {
                let request = reqwest_0_12(setup).get(url).headers(headers);
                answer_0_12(request.send_traced_with(options).await.map_err(chain)?).await
            }
            Client::HyperUtil => {
                let mut request = request(url, headers);
                request.extensions_mut().insert(options);
                let client = ApmClientLayer::new().layer(hyper(setup));
                answer_http(client.oneshot(request).await.map_err(boxed_chain)?).await
            }
        }
    }
}

pub(crate) fn reqwest_0_13(setup: Setup) -> reqwest::Client {
    struct Nothing;
    impl reqwest::dns::Resolve for Nothing {
        fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
            Box::pin(async { Err("no such name".into()) })
        }
    }
    let client =
        reqwest::Client::builder().timeout(setup.patience).tls_backend_preconfigured(trusts_nobody());
    let client = if setup.resolves { client } else { client.dns_resolver(Nothing) };
    client.build().unwrap()
}

/// The plain client; without a TLS provider of its own it must be told one.
pub(crate) fn reqwest_0_12(setup: Setup) -> reqwest_0_12::Client {
    struct Nothing;
    impl reqwest_0_12::dns::Resolve for Nothing {
        fn resolve(&self, _: reqwest_0_12::dns::Name) -> reqwest_0_12::dns::Resolving {
            Box::pin(async { Err("no such name".into()) })
        }
    }
    let client =
        reqwest_0_12::Client::builder().timeout(setup.patience).use_preconfigured_tls(trusts_nobody());
    let client = if setup.resolves { client } else { client.dns_resolver(std::sync::Arc::new(Nothing)) };
    client.build().unwrap()
}

/// hyper-util's client as an application sets it up, its errors boxed by the time limit.
pub(crate) fn hyper(
    setup: Setup,
) -> impl Service<HyperRequest, Response = Response<Incoming>, Error = BoxError> {
    let resolver = service_fn(move |name: Name| async move {
        if !setup.resolves {
            return Err(std::io::Error::other("no such name"));
        }
        let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
        Ok(found.collect::<Vec<_>>().into_iter())
    });
    let mut http = HttpConnector::new_with_resolver(resolver);
    http.enforce_http(false);
    let connector = HttpsConnectorBuilder::new().with_tls_config(trusts_nobody()).https_or_http();
    let client =
        legacy::Client::builder(TokioExecutor::new()).build(connector.enable_http1().wrap_connector(http));
    Timeout::new(client, setup.patience)
}

/// TLS that takes no certificate for good. A provider by name, as none is the process's default.
fn trusts_nobody() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

type HyperRequest = Request<Body>;

fn request(url: &str, headers: HeaderMap) -> HyperRequest {
    let mut request = Request::get(url).body(Body::empty()).unwrap();
    *request.headers_mut() = headers;
    request
}

pub(crate) async fn answer_0_13(answer: reqwest::Response) -> Result<Answer, Failure> {
    let (status, headers) = (answer.status(), without_date(answer.headers()));
    Ok(Answer { status, headers, body: answer.bytes().await.map_err(chain)?.to_vec() })
}

pub(crate) async fn answer_0_12(answer: reqwest_0_12::Response) -> Result<Answer, Failure> {
    let (status, headers) = (answer.status(), without_date(answer.headers()));
    Ok(Answer { status, headers, body: answer.bytes().await.map_err(chain)?.to_vec() })
}

pub(crate) async fn answer_http<B>(answer: http::Response<B>) -> Result<Answer, Failure>
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

pub(crate) fn chain(error: impl Error) -> Failure {
    texts_of(&error)
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
pub(crate) fn boxed_chain(error: BoxError) -> Failure {
    texts_of(&*error)
}

fn texts_of(error: &dyn Error) -> Failure {
    let mut texts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        texts.push(cause.to_string());
        source = cause.source();
    }
    texts
}
