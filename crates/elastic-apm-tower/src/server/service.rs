//! The service: starts the transaction, or recognises that an outer layer has.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::{Context, Poll};

use elastic_apm_core::{
    CapturedBody, CapturedHeaders, CapturedRequest, CapturedUrl, Inbound, InboundTransaction, TransactionRef,
    is_grpc_call, may_record,
};
use http::{Extensions, Request, Response, Uri, header};
use http_body::Body;
use tower_service::Service;

use super::current_transaction::CurrentTransaction;
use super::exchange::{Exchange, Naming, Reported};
use super::forwarded::Forwarded;
use super::future::ResponseFuture;
use super::grpc::Call;
use super::hooks::ask_about;
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

    /// Calls the service with the request's body made into what it takes. `capture` is shown requests that may have the place for their
    /// body, a [`CapturedBody`], among their extensions.
    /// For authors of integrations that capture bodies by themselves; elsewhere [`CaptureBodyLayer`](super::CaptureBodyLayer) does.
    // A call of its own, which makes the future where its caller wants it. Both ways inlined there would meet on the stack first.
    #[inline(never)]
    pub fn call_capturing<A, B>(
        &mut self,
        request: Request<A>,
        body: impl FnOnce(A) -> B,
        capture: impl FnOnce(&mut Request<B>),
    ) -> ResponseFuture<S::Future>
    where
        S: Service<Request<B>>,
    {
        // Where no agent is, a request is passed on without a look at it.
        if may_record() {
            self.call_traced(request.map(body), capture)
        } else {
            ResponseFuture::new(self.inner.call(request.map(body)), None)
        }
    }

    // A call of its own: what is passed on shares no place on the stack with what is looked at.
    #[inline(never)]
    fn call_traced<B>(
        &mut self,
        mut request: Request<B>,
        capture: impl FnOnce(&mut Request<B>),
    ) -> ResponseFuture<S::Future>
    where
        S: Service<Request<B>>,
    {
        let Some(mut exchange) = exchange(&self.layer, &mut request, capture) else {
            return ResponseFuture::new(self.inner.call(request), None);
        };
        let called = {
            let _entered = exchange.enter();
            catch_unwind(AssertUnwindSafe(|| self.inner.call(request)))
        };
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
        self.call_capturing(request, |body| body, |_| {})
    }
}

/// The exchange that a request opens. `None` where there is no transaction to start: no agent, already traced, or ignored.
fn exchange<B>(
    layer: &ApmLayer,
    request: &mut Request<B>,
    capture: impl FnOnce(&mut Request<B>),
) -> Option<Exchange> {
    let facts = layer.request_facts();
    let extensions = request.extensions();
    if let Some(outer) = extensions.get::<CurrentTransaction>() {
        // A call by gRPC is named by its method, which all layers know.
        if let Some(route) =
            (facts.route)(extensions).filter(|_| !is_grpc_call(request.method(), request.headers()))
        {
            outer.set_route(request.method(), route);
        }
        capture(request);
        return None;
    }
    let path = || whole_uri(facts, extensions, request.uri()).path();
    match layer.inbound(path, request.headers()) {
        Inbound::Recorded(transaction) if ask_about(layer.hooks().ignore.as_ref(), request) != Some(true) => {
            Some(begin(layer, transaction, request, capture))
        }
        Inbound::Recorded(_) | Inbound::Ignored => {
            request.extensions_mut().insert(CurrentTransaction::ignored());
            None
        }
        Inbound::NotRecorded => None,
    }
}

/// Starts the transaction.
fn begin<B>(
    layer: &ApmLayer,
    transaction: InboundTransaction,
    request: &mut Request<B>,
    capture: impl FnOnce(&mut Request<B>),
) -> Exchange {
    let (hooks, facts) = (layer.hooks(), layer.request_facts());
    if let Some((name, version)) = facts.framework {
        transaction.tracer().set_framework(name, version);
    }
    let uri = || whole_uri(facts, request.extensions(), request.uri());
    let is_call = is_grpc_call(request.method(), request.headers());
    let route = (facts.route)(request.extensions()).filter(|_| !is_call);
    let name = route.map(|route| semantics::name(request.method(), route));
    let is_routeless = name.is_none();
    let mut body = None;
    let transaction = transaction.start(request.headers(), name, |rules| {
        body = rules.body(request.headers());
        captured(layer, request, uri(), rules.headers(), body.clone())
    });
    let reported = transaction.is_reported().then(|| {
        let naming = is_routeless.then(|| Naming {
            routeless: if transaction.is_named_by_path() && !is_call {
                semantics::name(request.method(), uri().path())
            } else {
                semantics::unknown_route(request.method())
            },
            call: is_call.then(|| Call::new(uri().path())),
        });
        Reported::new(request.method(), naming, hooks.end_at_headers.clone())
    });
    if transaction.is_sampled() {
        if let Some(user) = ask_about(hooks.user.as_ref(), request).flatten() {
            transaction.set_user_context(user);
        }
    }
    request.extensions_mut().insert(CurrentTransaction::new(TransactionRef::clone(&transaction)));
    if let Some(body) = body {
        request.extensions_mut().insert(body);
        capture(request);
    }
    Exchange::new(transaction, reported)
}

/// The URI as it was before routers stripped prefixes from it.
fn whole_uri<'a>(facts: &RequestFacts, extensions: &'a Extensions, uri: &'a Uri) -> &'a Uri {
    (facts.original_uri)(extensions).unwrap_or(uri)
}

// Inlined, so that it is filled where it stays.
#[inline(always)]
fn captured<B>(
    layer: &ApmLayer,
    request: &Request<B>,
    uri: &Uri,
    with_headers: bool,
    body: Option<CapturedBody>,
) -> CapturedRequest {
    let headers = request.headers();
    // Among captured headers it is found later.
    let host = if with_headers { None } else { headers.get(header::HOST) };
    let forwarded = layer.trusts_forwarded().then(|| Forwarded::read(headers));
    let (url, client) = match &forwarded {
        Some(forwarded) => (CapturedUrl::copy(&forwarded.url(uri, headers), host), forwarded.client),
        None => (CapturedUrl::copy(uri, host), None),
    };
    let mut captured = CapturedRequest::new(request.method(), url, request.version());
    if with_headers {
        captured.headers = CapturedHeaders::copy(headers);
    }
    captured.remote = client.or_else(|| (layer.request_facts().remote)(request.extensions()));
    captured.body = body;
    captured
}
