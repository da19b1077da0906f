//! `#[capture_span]` on functions that wait: where the span hangs, when it starts and how it ends.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use elastic_apm::{FutureExt, capture_span, span_id};

mod support;
use support::{block_on, catch, recorded, recorded_async, recorded_before};

#[capture_span(name = "leaf")]
async fn leaf() {
    tokio::task::yield_now().await;
}

#[capture_span(name = "branch")]
async fn branch() {
    leaf().await;
    leaf().await;
}

const TREE: &str =
    "transaction test [success]\n  span branch [success]\n    span leaf [success]\n    span leaf [success]\n";

#[test]
fn spans_nest_as_awaits_do() {
    assert_eq!(recorded_async(async { branch().await }).tree(), TREE);
}

#[capture_span(name = "branch", labels(leaves = leaves, kind = kind))]
async fn labelled_branch(leaves: u32, kind: String) {
    for _ in 0..leaves {
        leaf().await;
    }
    drop(kind);
}

#[test]
fn a_call_before_its_transaction_starts_is_in_a_span_of_that_transaction() {
    #[capture_span(name = "branch")]
    fn unnamed(leaves: u32) -> impl Future<Output = ()> {
        labelled_leaves(leaves)
    }
    #[capture_span(name = "branch")]
    fn boxed_elsewhere(leaves: u32) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let work = labelled_leaves(leaves);
        Box::pin(work)
    }
    async fn labelled_leaves(leaves: u32) {
        for _ in 0..leaves {
            leaf().await;
        }
    }

    assert_eq!(recorded_before(branch).tree(), TREE);
    assert_eq!(recorded_before(|| unnamed(2)).tree(), TREE);
    assert_eq!(recorded_before(|| boxed_elsewhere(2)).tree(), TREE);
}

#[test]
fn a_call_before_its_transaction_starts_keeps_its_labels() {
    let events = recorded_before(|| labelled_branch(2, "oak".to_owned()));

    assert_eq!(events.tree(), TREE);
    let labels = &events.span("branch").labels;
    assert_eq!((labels.get("leaves"), labels.get("kind")), (Some(&2.into()), Some(&"oak".into())));
}

#[test]
fn a_call_that_is_made_and_polled_outside_of_transactions_has_no_span() {
    let agent = elastic_apm::testing::RecordingAgent::new();

    block_on(labelled_branch(1, String::new()));

    assert!(agent.events().spans.is_empty());
}

#[test]
fn the_parent_is_what_is_current_at_the_call() {
    let events = recorded_async(async {
        let work = branch();
        tokio::spawn(work).await.unwrap();
    });

    assert_eq!(events.tree(), TREE);
}

#[test]
fn concurrent_calls_are_siblings() {
    let events = recorded_async(async { tokio::join!(leaf(), leaf()) });

    assert_eq!(events.tree(), "transaction test [success]\n  span leaf [success]\n  span leaf [success]\n");
}

#[test]
fn never_polled_means_no_span() {
    let events = recorded_async(async { drop(leaf()) });

    assert!(events.spans.is_empty());
}

#[test]
fn dropped_midway_the_outcome_is_unknown() {
    #[capture_span(name = "waits")]
    async fn waits() {
        std::future::pending::<()>().await;
    }
    #[capture_span(name = "waits")]
    async fn waits_with_result() -> Result<(), String> {
        std::future::pending().await
    }

    for events in [recorded_async(poll_once(waits)), recorded_async(poll_once(waits_with_result))] {
        assert_eq!(events.tree(), "transaction test [success]\n  span waits [unknown]\n");
    }
}

#[test]
fn dropped_midway_a_call_to_another_service_has_failed() {
    #[capture_span(name = "calls", exit)]
    async fn calls() {
        std::future::pending::<()>().await;
    }
    #[capture_span(name = "calls", exit)]
    async fn calls_with_result() -> Result<(), String> {
        std::future::pending().await
    }

    for events in [recorded_async(poll_once(calls)), recorded_async(poll_once(calls_with_result))] {
        assert_eq!(events.tree(), "transaction test [success]\n  span calls [failure]\n");
    }
}

async fn poll_once<F: Future>(work: impl FnOnce() -> F) {
    let mut work = Box::pin(work());
    std::future::poll_fn(|cx| {
        let _ = work.as_mut().poll(cx);
        std::task::Poll::Ready(())
    })
    .await;
}

#[test]
fn a_panic_makes_the_span_a_failure() {
    #[capture_span(name = "breaks")]
    async fn breaks() {
        panic!("part of the test");
    }
    #[capture_span(name = "breaks", err)]
    async fn breaks_with_result() -> Result<(), String> {
        panic!("part of the test");
    }

    let events = recorded(|| assert!(catch(|| block_on(breaks()))));
    let with_result = recorded(|| assert!(catch(|| block_on(breaks_with_result()))));

    for events in [events, with_result] {
        assert_eq!(events.tree(), "transaction test [success]\n  span breaks [failure]\n");
    }
}

/// Says when it is dropped, and in which span.
struct Watcher(&'static str, Arc<Mutex<Vec<(&'static str, bool)>>>);

impl Drop for Watcher {
    fn drop(&mut self) {
        self.1.lock().unwrap().push((self.0, span_id().is_some()));
    }
}

#[test]
fn unused_arguments_live_inside_the_span_and_are_dropped_as_an_async_fn_does() {
    async fn bare(_: Watcher, _first: Watcher, second: Watcher, log: Arc<Mutex<Vec<(&'static str, bool)>>>) {
        tokio::task::yield_now().await;
        log.lock().unwrap().push(("body", true));
        let _ = &second;
    }
    #[capture_span]
    async fn captured(
        _: Watcher,
        _first: Watcher,
        second: Watcher,
        log: Arc<Mutex<Vec<(&'static str, bool)>>>,
    ) {
        tokio::task::yield_now().await;
        log.lock().unwrap().push(("body", true));
        let _ = &second;
    }
    fn watchers(log: &Arc<Mutex<Vec<(&'static str, bool)>>>) -> [Watcher; 3] {
        ["ignored", "first", "second"].map(|name| Watcher(name, Arc::clone(log)))
    }

    let (expected, log) = (Arc::default(), Arc::default());
    recorded_async(async {
        let [a, b, c] = watchers(&expected);
        bare(a, b, c, Arc::clone(&expected)).in_span("bare").await;
        let [a, b, c] = watchers(&log);
        captured(a, b, c, Arc::clone(&log)).await;
    });

    assert_eq!(*log.lock().unwrap(), *expected.lock().unwrap());
}

#[test]
fn a_function_that_must_be_async_takes_its_parent_at_the_first_poll() {
    #[capture_span(name = "counts")]
    #[must_use]
    async fn counts() -> u32 {
        3
    }

    let events = recorded_async(async {
        let work = counts();
        async { assert_eq!(work.await, 3) }.in_span("outer").await;
    });

    assert_eq!(
        events.tree(),
        "transaction test [success]\n  span outer [success]\n    span counts [success]\n"
    );
}

#[test]
fn a_returned_future_is_inside_the_span() {
    #[capture_span(name = "branch")]
    fn unnamed() -> impl Future<Output = ()> {
        async {
            leaf().await;
            leaf().await;
        }
    }
    #[capture_span(name = "branch")]
    fn boxed_block() -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async {
            leaf().await;
            leaf().await;
        })
    }
    #[capture_span(name = "branch")]
    fn boxed_elsewhere() -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let work = async {
            leaf().await;
            leaf().await;
        };
        Box::pin(work)
    }

    assert_eq!(recorded_async(async { unnamed().await }).tree(), TREE);
    assert_eq!(recorded_async(async { boxed_block().await }).tree(), TREE);
    assert_eq!(recorded_async(async { boxed_elsewhere().await }).tree(), TREE);
}

mod with_async_trait {
    use async_trait::async_trait;

    use super::*;

    #[async_trait]
    trait Machine {
        async fn pour(&self, cups: u32) -> Result<u32, String>;

        #[capture_span(name = "rinse")]
        async fn rinse(&self) {
            leaf().await;
        }
    }

    struct Espresso;

    #[async_trait]
    impl Machine for Espresso {
        #[capture_span(name = "pour", err, labels(cups = cups))]
        async fn pour(&self, cups: u32) -> Result<u32, String> {
            self.rinse().await;
            if cups == 0 {
                return Err("no cups".to_owned());
            }
            Ok(cups)
        }
    }

    #[test]
    fn a_method_called_before_its_transaction_starts_has_its_span_and_labels() {
        let events = recorded_before(|| async { Box::pin(Espresso.pour(1)).await });
        assert_eq!(events.span("pour").labels.get("cups"), Some(&1.into()));

        let machine: &'static Espresso = &Espresso;
        let events = recorded_before(|| machine.pour(2));
        assert_eq!(events.span("pour").labels.get("cups"), Some(&2.into()));
    }

    #[test]
    fn methods_of_async_traits_are_captured() {
        let machine: Arc<dyn Machine + Send + Sync> = Arc::new(Espresso);

        let events = recorded_async(async move {
            let pouring = machine.pour(0);
            tokio::task::yield_now().await;
            assert!(pouring.await.is_err());
        });

        assert_eq!(
            events.tree(),
            "transaction test [failure]\n  span pour [failure]\n    span rinse [success]\n      \
             span leaf [success]\n    error no cups\n"
        );
        assert_eq!(events.span("pour").labels.get("cups"), Some(&0.into()));
    }
}
