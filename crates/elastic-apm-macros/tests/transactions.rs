//! `#[transaction]`: the function is a transaction of the default agent.
//!
//! There is one default agent in a process, so the tests of this file share one and look for transactions of their own name.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::cell::Cell;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use elastic_apm::intake::{ErrorEvent, Event, SpanEvent, TransactionEvent};
use elastic_apm::{
    Agent, LabelValue, LogLevel, Outcome, Transport, TransportFuture, capture_span, trace_id, transaction,
};
use http::{Request, Response};

mod support;
use support::{block_on, catch};

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Bytes>>>);

impl Transport for Recorder {
    fn send(&self, request: Request<Bytes>) -> TransportFuture<'_> {
        self.0.lock().unwrap().push(request.into_body());
        Box::pin(async { Ok(Response::builder().status(202).body(Bytes::new()).unwrap()) })
    }

    fn wants_compression(&self) -> bool {
        false
    }
}

/// What became of the one transaction of this name.
struct Recorded {
    transaction: TransactionEvent,
    spans: Vec<SpanEvent>,
    errors: Vec<ErrorEvent>,
}

impl Recorded {
    fn verdict(&self) -> (&str, Outcome) {
        (self.transaction.result.as_deref().unwrap_or_default(), self.transaction.outcome.unwrap())
    }
}

fn install() -> &'static (Agent, Recorder) {
    static DEFAULT: OnceLock<(Agent, Recorder)> = OnceLock::new();
    DEFAULT.get_or_init(|| {
        let recorder = Recorder::default();
        let agent = Agent::builder()
            .service_name("test")
            .without_env()
            .log_level(LogLevel::Off)
            .transport(recorder.clone())
            .install();
        (agent, recorder)
    })
}

#[track_caller]
fn recorded(name: &str) -> Recorded {
    let (agent, recorder) = install();
    assert!(agent.flush(Duration::from_secs(30)));
    let bodies = recorder.0.lock().unwrap().concat();
    let (mut transactions, mut spans, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for line in bodies.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match Event::from_line(line).unwrap() {
            Event::Transaction(event) if event.name.as_deref() == Some(name) => transactions.push(*event),
            Event::Span(event) => spans.push(*event),
            Event::Error(event) => errors.push(*event),
            _ => {}
        }
    }
    assert_eq!(transactions.len(), 1, "{name}");
    let transaction = transactions.remove(0);
    spans.retain(|span| span.trace_id == transaction.trace_id);
    errors.retain(|error| error.parent.is_some_and(|parent| parent.trace_id == transaction.trace_id));
    Recorded { transaction, spans, errors }
}

#[capture_span(name = "step")]
fn step() {}

#[test]
fn a_function_is_a_transaction_of_its_path_and_of_type_custom() {
    #[transaction]
    fn nightly() {
        step();
    }
    install();

    nightly();

    let recorded =
        recorded("transactions::a_function_is_a_transaction_of_its_path_and_of_type_custom::nightly");
    assert_eq!(
        (recorded.transaction.kind.as_str(), recorded.verdict()),
        ("custom", ("success", Outcome::Success))
    );
    assert_eq!(recorded.spans[0].parent_id, recorded.transaction.id);
}

#[test]
fn name_type_and_labels_reach_the_transaction() {
    #[transaction(name = "described", type = "scheduled", labels(day = day, "with.dot" = true))]
    fn nightly(day: &str) {}
    install();

    nightly("monday");

    let transaction = recorded("described").transaction;
    assert_eq!(transaction.kind, "scheduled");
    assert_eq!(transaction.labels.get("day"), Some(&LabelValue::from("monday")));
    assert_eq!(transaction.labels.get("with_dot"), Some(&LabelValue::Bool(true)));
}

#[test]
fn an_async_function_is_a_transaction() {
    #[transaction(name = "async")]
    async fn nightly(text: String) -> usize {
        tokio::task::yield_now().await;
        step();
        text.len()
    }
    install();

    assert_eq!(block_on(nightly("four".to_owned())), 4);

    let recorded = recorded("async");
    assert_eq!((recorded.verdict(), recorded.spans.len()), (("success", Outcome::Success), 1));
}

#[test]
fn an_err_makes_it_a_failure() {
    #[transaction(name = "fails")]
    fn fails() -> Result<(), String> {
        Err("no".to_owned())
    }
    #[transaction(name = "fails async")]
    async fn fails_async() -> Result<(), String> {
        Err("no".to_owned())
    }
    #[transaction(name = "fails boxed")]
    fn fails_boxed() -> Pin<Box<dyn Future<Output = Result<(), String>>>> {
        Box::pin(std::future::ready(Err("no".to_owned())))
    }
    install();

    assert!(fails().is_err());
    assert!(block_on(fails_async()).is_err());
    assert!(block_on(fails_boxed()).is_err());

    for name in ["fails", "fails async", "fails boxed"] {
        let recorded = recorded(name);
        assert_eq!((recorded.verdict(), recorded.errors.len()), (("failure", Outcome::Failure), 0), "{name}");
    }
}

#[test]
fn with_err_the_error_is_reported() {
    #[transaction(name = "reports", err)]
    fn reports() -> Result<(), std::fmt::Error> {
        Err(std::fmt::Error)
    }
    #[transaction(name = "reports async", err)]
    async fn reports_async() -> Result<(), std::fmt::Error> {
        Err(std::fmt::Error)
    }
    install();

    assert!(reports().is_err());
    assert!(block_on(reports_async()).is_err());

    for name in ["reports", "reports async"] {
        let recorded = recorded(name);
        let parent = recorded.errors[0].parent.unwrap().parent_id;
        assert_eq!((recorded.verdict().1, parent), (Outcome::Failure, recorded.transaction.id), "{name}");
    }
}

#[test]
fn a_result_set_inside_stands() {
    #[transaction(name = "decides itself")]
    fn decides() -> Result<(), String> {
        elastic_apm::set_transaction_result("nothing to do");
        elastic_apm::set_transaction_outcome(Outcome::Success);
        Err("no work".to_owned())
    }
    install();

    assert!(decides().is_err());

    assert_eq!(recorded("decides itself").verdict(), ("nothing to do", Outcome::Success));
}

#[test]
fn a_panic_makes_it_a_failure() {
    #[transaction(name = "breaks")]
    fn breaks() {
        panic!("part of the test");
    }
    #[transaction(name = "breaks async")]
    async fn breaks_async() -> Result<(), String> {
        panic!("part of the test");
    }
    install();

    assert!(catch(breaks));
    assert!(catch(|| block_on(breaks_async())));

    assert_eq!(recorded("breaks").verdict(), ("failure", Outcome::Failure));
    assert_eq!(recorded("breaks async").verdict(), ("failure", Outcome::Failure));
}

#[test]
fn dropped_midway_it_is_cancelled() {
    #[transaction(name = "waits")]
    async fn waits() -> Result<(), String> {
        std::future::pending().await
    }
    install();

    block_on(async {
        tokio::select! {
            biased;
            _ = waits() => {}
            () = tokio::task::yield_now() => {}
        }
    });

    assert_eq!(recorded("waits").verdict(), ("cancelled", Outcome::Unknown));
}

#[test]
fn a_transaction_inside_another_is_its_own_trace() {
    #[transaction(name = "outer")]
    fn outer() {
        inner();
        step();
    }
    #[transaction(name = "inner")]
    fn inner() {}
    install();

    outer();

    let (outer, inner) = (recorded("outer"), recorded("inner"));
    assert_ne!(outer.transaction.trace_id, inner.transaction.trace_id);
    assert_eq!(outer.spans.len(), 1);
}

#[test]
fn above_tokio_main_it_goes_with_the_future_and_below_it_lies_around_the_runtime() {
    #[transaction(name = "above tokio")]
    #[tokio::main(flavor = "current_thread")]
    async fn above() -> bool {
        step();
        tokio::spawn(async { trace_id().is_none() }).await.unwrap()
    }
    #[tokio::main(flavor = "current_thread")]
    #[transaction(name = "below tokio")]
    async fn below() -> bool {
        step();
        tokio::spawn(async { trace_id().is_none() }).await.unwrap()
    }
    install();

    let unrelated_tasks_are_outside = [above(), below()];

    assert_eq!(unrelated_tasks_are_outside, [true, false]);
    for name in ["above tokio", "below tokio"] {
        let recorded = recorded(name);
        assert_eq!(recorded.verdict(), ("success", Outcome::Success), "{name}");
        assert_eq!(recorded.spans[0].parent_id, recorded.transaction.id, "{name}");
    }
}

#[test]
fn a_method_of_an_async_trait_is_a_transaction() {
    #[async_trait::async_trait]
    trait Job {
        async fn work(&self, cups: u32) -> Result<u32, String>;
    }
    struct Nightly;
    #[async_trait::async_trait]
    impl Job for Nightly {
        #[transaction(name = "async trait", err, labels(cups = cups))]
        async fn work(&self, cups: u32) -> Result<u32, String> {
            tokio::task::yield_now().await;
            step();
            Err(format!("{cups} are too many"))
        }
    }
    install();

    let job: Box<dyn Job> = Box::new(Nightly);
    assert!(block_on(job.work(7)).is_err());

    let recorded = recorded("async trait");
    assert_eq!(recorded.verdict(), ("failure", Outcome::Failure));
    assert_eq!((recorded.errors.len(), recorded.spans[0].parent_id), (1, recorded.transaction.id));
    assert_eq!(recorded.transaction.labels.get("cups"), Some(&7.into()));
}

#[test]
fn labels_are_worked_out_once() {
    #[transaction(name = "counts", labels(asked = count(asked)))]
    fn counts(asked: &Cell<u32>) {}
    fn count(asked: &Cell<u32>) -> u32 {
        asked.set(asked.get() + 1);
        asked.get()
    }
    install();
    let asked = Cell::new(0);

    counts(&asked);

    assert_eq!(asked.get(), 1);
}
