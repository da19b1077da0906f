//! sentry, with spans passed by hand, which is the cheapest way to use it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use ::sentry::integrations::tower::{NewSentryLayer, SentryHttpLayer};
use ::sentry::protocol::EnvelopeItem;
use ::sentry::{
    ClientInitGuard, ClientOptions, Envelope, Hub, SentryFutureExt, Span, Transaction, TransactionContext,
    Transport, configure_scope, start_transaction,
};
use axum::Router;
use axum::extract::Request;

use super::{Agent, METHOD, PATH, Task, discard};
use crate::workload::CHILDREN;

pub(super) struct Sentry(ClientInitGuard);

impl Sentry {
    pub(super) fn install(is_sampled: bool) -> Self {
        let (work, received) = channel();
        std::thread::spawn(move || encode(&received));
        let transport = Arc::new(Thread(work));
        let options = ClientOptions::new()
            .dsn("http://key@127.0.0.1:9/1")
            .traces_sample_rate(if is_sampled { 1.0 } else { 0.0 })
            .transport(move |_: &ClientOptions| Arc::clone(&transport) as Arc<dyn Transport>);
        Sentry(::sentry::init(options))
    }
}

fn root(value: &str) -> Transaction {
    let root = start_transaction(TransactionContext::new("root", "bench"));
    root.set_data(METHOD.0, METHOD.1.into());
    root.set_data(PATH, value.into());
    root
}

fn described(span: Span, value: &str) -> Span {
    span.set_data(METHOD.0, METHOD.1.into());
    span.set_data(PATH, value.into());
    span
}

fn chain(length: usize, parent: &Span, value: &str) {
    if length > 0 {
        let span = described(parent.start_child("bench", "child"), value);
        chain(length - 1, &span, value);
        span.finish();
    }
}

impl Agent for Sentry {
    fn sequence(&self, value: &str) {
        let root = root(value);
        for _ in 0..CHILDREN {
            described(root.start_child("bench", "child"), value).finish();
        }
        root.finish();
    }

    fn nested(&self, value: &str) {
        let root = root(value);
        let first = described(root.start_child("bench", "child"), value);
        chain(CHILDREN - 1, &first, value);
        first.finish();
        root.finish();
    }

    fn alone(&self, value: &str) {
        if let Some(parent) = configure_scope(|scope| scope.get_span()) {
            let span = parent.start_child("bench", "child");
            span.set_data(PATH, value.into());
            span.finish();
        }
    }

    fn within(&self, future: Task) -> Task {
        let hub = Arc::new(Hub::new_from_top(Hub::current()));
        let root = start_transaction(TransactionContext::new("root", "bench"));
        hub.configure_scope(|scope| scope.set_span(Some(root.into())));
        Box::pin(future.bind_hub(hub))
    }

    fn layer(&self, router: Router) -> Router {
        let requests = SentryHttpLayer::new().enable_transaction();
        router.layer(requests).layer(NewSentryLayer::<Request>::new_from_top())
    }

    fn flush(&self) {
        self.0.flush(Some(Duration::from_secs(60)));
    }
}

#[expect(
    clippy::large_enum_variant,
    reason = "nearly all of them are envelopes, and a box would be none of theirs"
)]
enum Work {
    Encode(Envelope),
    Answer(Sender<()>),
}

/// As its own transport is, a thread; but with a queue that drops nothing.
struct Thread(Sender<Work>);

impl Transport for Thread {
    fn send_envelope(&self, envelope: Envelope) {
        let _ = self.0.send(Work::Encode(envelope));
    }

    fn flush(&self, _: Duration) -> bool {
        let (answer, answered) = channel();
        self.0.send(Work::Answer(answer)).is_ok() && answered.recv().is_ok()
    }
}

fn encode(received: &Receiver<Work>) {
    for work in received {
        match work {
            Work::Answer(answer) => drop(answer.send(())),
            Work::Encode(envelope) => {
                let mut bytes = Vec::new();
                envelope.to_writer(&mut bytes).expect("memory takes everything");
                discard(envelope.items().map(spans).sum(), &bytes);
            }
        }
    }
}

fn spans(item: &EnvelopeItem) -> usize {
    match item {
        EnvelopeItem::Transaction(transaction) => 1 + transaction.spans.len(),
        _ => 0,
    }
}
