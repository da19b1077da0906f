//! The service: starts the transaction, or recognises that an outer layer has.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::{Context, Poll};

use elastic_apm_core::{CapturedRequest, Keyword, TraceContext, Transaction, TransactionRef};
use http::{HeaderMap, Method, Request, Response, header};
use http_body::Body;
use tower_service::Service;

use super::exchange::Exchange;
use super::future::ResponseFuture;
use super::layer::ApmLayer;

/// The service made by [`ApmLayer`].
#[derive(Clone, Debug)]
pub struct ApmService<S> {
    inner: S,
    layer: ApmLayer,
}

impl<S> ApmService<S> {
    pub(super) fn new(inner: S, layer: ApmLayer) -> Self {
        ApmService { inner, layer }
    }
}

/// Left in the request's extensions for inner layers and extractors: the transaction of this request.
#[derive(Clone, Debug)]
struct Traced(TransactionRef);

impl<S, B, R> Service<Request<B>> for ApmService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body,
{
    type Response = Response<super::ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.begin(&mut request) {
            Some(mut exchange) => {
                let called = exchange.within(|| catch_unwind(AssertUnwindSafe(|| self.inner.call(request))));
                match called {
                    Ok(future) => ResponseFuture::new(future, Some(exchange)),
                    Err(panic) => {
                        exchange.on_panic(panic.as_ref());
                        drop(exchange);
                        resume_unwind(panic)
                    }
                }
            }
            None => ResponseFuture::new(self.inner.call(request), None),
        }
    }
}

impl<S> ApmService<S> {
    /// Starts this request's transaction. `None` where there is none to start: ignored, already traced, or no agent.
    fn begin<B>(&self, request: &mut Request<B>) -> Option<Exchange> {
        let facts = self.layer.request_facts();
        if let Some(Traced(outer)) = request.extensions().get() {
            if let Some(route) = (facts.route)(request.extensions()) {
                outer.set_name_if_unset_with(|| name(request.method(), route));
            }
            return None;
        }
        let tracer = self.layer.current_tracer();
        if !tracer.is_recording() {
            return None;
        }
        let uri = (facts.original_uri)(request.extensions()).unwrap_or(request.uri());
        if tracer.ignores_url(uri.path()) {
            return None;
        }
        let transaction = tracer
            .unnamed_transaction("request")
            .child_of(TraceContext::from_headers(request.headers()))
            .start();
        if transaction.is_sampled() {
            let uri = uri.clone();
            let remote = (facts.remote)(request.extensions());
            capture(&transaction, request, uri, remote);
        }
        let method = request.method().clone();
        if let Some(route) = (facts.route)(request.extensions()) {
            transaction.set_name_if_unset(name(&method, route));
        }
        request.extensions_mut().insert(Traced(TransactionRef::clone(&transaction)));
        Some(Exchange::new(transaction, method))
    }
}

fn capture<B>(
    transaction: &Transaction,
    request: &Request<B>,
    uri: http::Uri,
    remote: Option<std::net::IpAddr>,
) {
    let captures_headers = transaction.captures_headers();
    transaction.capture_request(CapturedRequest {
        method: request.method().clone(),
        uri,
        version: request.version(),
        headers: if captures_headers { request.headers().clone() } else { HeaderMap::new() },
        host: request.headers().get(header::HOST).cloned(),
        remote,
    });
}

fn name(method: &Method, route: &str) -> Keyword {
    Keyword::formatted(format_args!("{method} {route}"))
}
