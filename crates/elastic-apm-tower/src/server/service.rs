//! The service: starts the transaction, or recognises that an outer layer has.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::{Context, Poll};

use elastic_apm_core::{
    CaptureRules, CapturedHeaders, CapturedRequest, CapturedUrl, Inbound, InboundTransaction, TransactionRef,
};
use http::{Extensions, Request, Response, Uri, header, request};
use http_body::Body;
use tower_service::Service;

use super::current_transaction::CurrentTransaction;
use super::exchange::Exchange;
use super::forwarded::Forwarded;
use super::future::ResponseFuture;
use super::grpc::{self, Call};
use super::hooks::ask;
use super::layer::{ApmLayer, RequestFacts};
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

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Some(transaction) = wanted(&self.layer, &mut request) else {
            return ResponseFuture::new(self.inner.call(request), None);
        };
        let (mut head, body) = request.into_parts();
        let exchange = begin(&self.layer, transaction, &mut head);
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

/// The transaction that a request is to have. `None` where there is none to start: no agent, already traced, or ignored.
fn wanted<B>(layer: &ApmLayer, request: &mut Request<B>) -> Option<InboundTransaction> {
    let facts = layer.request_facts();
    let extensions = request.extensions();
    if let Some(outer) = extensions.get::<CurrentTransaction>() {
        // A call by gRPC is named by its method, which all layers know.
        if let Some(route) =
            (facts.route)(extensions).filter(|_| !grpc::is_call(request.method(), request.headers()))
        {
            outer.set_route(request.method(), route);
        }
        return None;
    }
    match layer.inbound(whole_uri(facts, extensions, request.uri()), request.headers()) {
        Inbound::Recorded(transaction) => Some(transaction),
        Inbound::Ignored => {
            request.extensions_mut().insert(CurrentTransaction::ignored());
            None
        }
        Inbound::NotRecorded => None,
    }
}

/// Starts the transaction, unless the application's closure wants it ignored.
fn begin(
    layer: &ApmLayer,
    transaction: InboundTransaction,
    request: &mut request::Parts,
) -> Option<Box<Exchange>> {
    let (hooks, facts) = (layer.hooks(), layer.request_facts());
    if ask(hooks.ignore.as_ref(), request) == Some(true) {
        request.extensions.insert(CurrentTransaction::ignored());
        return None;
    }
    if let Some((name, version)) = facts.framework {
        transaction.tracer().set_framework(name, version);
    }
    let uri = whole_uri(facts, &request.extensions, &request.uri);
    let is_call = grpc::is_call(&request.method, &request.headers);
    let route = (facts.route)(&request.extensions).filter(|_| !is_call);
    let name = route.map(|route| semantics::name(&request.method, route));
    let is_routeless = name.is_none();
    let mut body = None;
    let transaction = transaction.start(&request.headers, name, |rules| {
        let captured = capture(layer, request, uri, rules);
        body.clone_from(&captured.body);
        captured
    });
    let routeless = (is_routeless && transaction.is_reported()).then(|| {
        if transaction.is_named_by_path() && !is_call {
            semantics::name(&request.method, uri.path())
        } else {
            semantics::unknown_route(&request.method)
        }
    });
    let call = (is_call && transaction.is_reported()).then(|| Call::new(uri.path()));
    if transaction.is_sampled() {
        if let Some(user) = ask(hooks.user.as_ref(), request).flatten() {
            transaction.set_user_context(user);
        }
    }
    if let Some(body) = body {
        request.extensions.insert(body);
    }
    request.extensions.insert(CurrentTransaction::new(TransactionRef::clone(&transaction)));
    let exchange =
        Exchange::new(transaction, request.method.clone(), routeless, call, hooks.end_at_headers.clone());
    Some(Box::new(exchange))
}

/// The URI as it was before routers stripped prefixes from it.
fn whole_uri<'a>(facts: &RequestFacts, extensions: &'a Extensions, uri: &'a Uri) -> &'a Uri {
    (facts.original_uri)(extensions).unwrap_or(uri)
}

fn capture(
    layer: &ApmLayer,
    request: &request::Parts,
    uri: &Uri,
    rules: CaptureRules<'_>,
) -> CapturedRequest {
    let headers = &request.headers;
    let host = headers.get(header::HOST);
    let forwarded = layer.trusts_forwarded().then(|| Forwarded::read(headers));
    let (url, client) = match &forwarded {
        Some(forwarded) => (CapturedUrl::copy(&forwarded.url(uri, headers), host), forwarded.client),
        None => (CapturedUrl::copy(uri, host), None),
    };
    let mut captured = CapturedRequest::new(&request.method, url, request.version);
    if rules.headers() {
        captured.headers = CapturedHeaders::copy(headers);
    }
    captured.remote = client.or_else(|| (layer.request_facts().remote)(&request.extensions));
    captured.body = rules.body(headers);
    captured
}
