//! Spans, transactions and polls of futures in custom code.

use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use elastic_apm::{FutureExt as _, SpanBuilder, span};

use crate::agent::{OpenTransaction, SendingAgent, StillAgent};
use crate::paths::Round;

/// The value of the label that is no literal.
fn tenant() -> String {
    black_box(String::from("/users/0123456789"))
}

/// A span with a label that is a literal, and one whose value has to be copied.
fn labelled(tenant: &str) -> SpanBuilder {
    span("load").label("http.method", "GET").label("url.path", tenant)
}

fn in_transaction(agent: StillAgent, mut round: impl FnMut(&str) + 'static) -> Round {
    let tenant = tenant();
    OpenTransaction::of(agent).rounds(move || round(&tenant))
}

/// A span where no transaction is.
pub(crate) fn without_transaction() -> Round {
    let tenant = tenant();
    Box::new(move || drop(labelled(&tenant).enter()))
}

/// A span below an unsampled transaction.
pub(crate) fn unsampled() -> Round {
    in_transaction(StillAgent::unsampled(), |tenant| drop(labelled(tenant).enter()))
}

/// A span that is recorded.
pub(crate) fn recorded() -> Round {
    in_transaction(StillAgent::sampled(), |tenant| drop(labelled(tenant).enter()))
}

/// A span around a future that is ready at once.
pub(crate) fn future() -> Round {
    in_transaction(StillAgent::sampled(), |tenant| {
        let future = pin!(std::future::ready(()).in_span(labelled(tenant)));
        assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    })
}

/// Spans that are recorded and sent.
pub(crate) fn sent(times: usize) {
    let (agent, tenant) = (SendingAgent::new(), tenant());
    let transaction = agent.tracer().begin_transaction("bench");
    agent.repeat(times, || drop(labelled(&tenant).enter()));
    drop(transaction);
}

/// A transaction of custom code with no spans.
pub(crate) fn transaction() -> Round {
    let agent = StillAgent::sampled();
    Box::new(move || agent.tracer().begin_transaction("bench").end_with("job", "success"))
}

/// A label on the current transaction, each time the same.
pub(crate) fn label() -> Round {
    in_transaction(StillAgent::sampled(), |tenant| elastic_apm::label("url.path", tenant))
}

/// A future that is never ready.
struct Never;

impl Future for Never {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

fn poll(future: impl Future<Output = ()> + 'static) -> impl FnMut() + 'static {
    let mut future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(future);
    move || {
        assert!(black_box(&mut future).as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
}

/// The poll of the future alone.
pub(crate) fn bare_poll() -> Round {
    Box::new(poll(Never))
}

/// The poll of a future that has a span around it.
pub(crate) fn poll_in_span() -> Round {
    let open = OpenTransaction::of(StillAgent::sampled());
    open.rounds(poll(Never.in_span("wait")))
}

/// The poll of a future that takes the current context along.
pub(crate) fn poll_in_context() -> Round {
    let open = OpenTransaction::of(StillAgent::sampled());
    open.rounds(poll(Never.in_current_span()))
}
