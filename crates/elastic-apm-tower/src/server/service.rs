//! The service: starts the transaction, or recognises that an outer layer has.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::{Context, Poll};

use elastic_apm_core::{CaptureRules, CapturedRequest, Transaction, TransactionRef};
use http::{HeaderMap, Request, Response, header, request};
use http_body::Body;
use tower_service::Service;

use super::current_transaction::CurrentTransaction;
use super::exchange::Exchange;
use super::forwarded::Forwarded;
use super::future::ResponseFuture;
use super::hooks::ask;
use super::layer::ApmLayer;
use super::semantics;

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

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut head, body) = request.into_parts();
        let exchange = begin(&self.layer, &mut head);
        let request = Request::from_parts(head, body);
        let Some(mut exchange) = exchange else { return ResponseFuture::new(self.inner.call(request), None) };
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
}

/// Starts the transaction of a request. `None` where there is none to start: ignored, already traced, or no agent.
fn begin(layer: &ApmLayer, request: &mut request::Parts) -> Option<Box<Exchange>> {
    let facts = layer.request_facts();
    let route = (facts.route)(&request.extensions);
    if let Some(outer) = request.extensions.get::<CurrentTransaction>() {
        if let Some(route) = route {
            outer.set_route(&request.method, route);
        }
        return None;
    }
    let uri = (facts.original_uri)(&request.extensions).unwrap_or(&request.uri);
    let transaction = layer.transaction(request, uri)?;
    if ask(layer.hooks().ignore.as_ref(), request) == Some(true) {
        // Said to the layers inside too: this one's word is the application's.
        let nothing = TransactionRef::clone(&Transaction::noop());
        request.extensions.insert(CurrentTransaction::new(nothing));
        return None;
    }
    let mut body = None;
    let transaction = transaction
        .child_of_headers(&request.headers)
        .named(route.map(|route| semantics::name(&request.method, route)))
        .start_request(|rules| {
            let captured = capture(layer, request, uri, rules);
            body.clone_from(&captured.body);
            captured
        });
    let has_route = route.is_some();
    let routeless =
        (!has_route).then(|| transaction.routeless_name(semantics::method_name(&request.method), uri.path()));
    if transaction.is_sampled() {
        if let Some(user) = ask(layer.hooks().user.as_ref(), request).flatten() {
            transaction.set_user_context(user);
        }
    }
    if let Some(body) = body {
        request.extensions.insert(body);
    }
    request.extensions.insert(CurrentTransaction::new(TransactionRef::clone(&transaction)));
    let end_at_headers = layer.hooks().end_at_headers.clone();
    Some(Box::new(Exchange::new(transaction, request.method.clone(), routeless, end_at_headers)))
}

fn capture(
    layer: &ApmLayer,
    request: &request::Parts,
    uri: &http::Uri,
    rules: CaptureRules<'_>,
) -> CapturedRequest {
    let headers = &request.headers;
    let forwarded = layer.trusts_forwarded().then(|| Forwarded::read(headers));
    let remote = forwarded.as_ref().and_then(|forwarded| forwarded.client);
    CapturedRequest {
        method: request.method.clone(),
        uri: forwarded.map_or_else(|| uri.clone(), |forwarded| forwarded.url(uri, headers)),
        version: request.version,
        headers: if rules.headers() { headers.clone() } else { HeaderMap::new() },
        host: headers.get(header::HOST).cloned(),
        remote: remote.or_else(|| (layer.request_facts().remote)(&request.extensions)),
        body: rules.body(headers),
    }
}
