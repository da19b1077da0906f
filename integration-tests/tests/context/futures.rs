//! Futures: over awaits, joined, cancelled, never polled, dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;

use elastic_apm::{
    FutureExt, Outcome, SpanBuilder, TaskContext, capture_span, span, span_id, trace_id, transaction_id,
};
use elastic_apm_integration_tests::CheckedAgent;
use tokio::task::yield_now;

use crate::{assert_nothing_current, poll_once};

#[tokio::test]
async fn current_is_the_same_after_each_await() {
    let agent = CheckedAgent::new();
    let step = || async {
        let before = span_id();
        yield_now().await;
        drop(capture_span("inner"));
        yield_now().await;
        (before, span_id())
    };

    let (before, after) =
        agent.tracer().transaction("job", "script").run(async { step().in_span("outer").await }).await;

    assert!(before.is_some());
    assert_eq!(before, after);
    assert_eq!(
        agent.events().tree(),
        "transaction job [success]\n  span outer [success]\n    span inner [success]\n"
    );
    assert_nothing_current();
}

#[test]
fn a_future_keeps_its_context_when_it_moves_between_threads() {
    let agent = CheckedAgent::new();
    let steps = || async {
        drop(capture_span("on the first thread"));
        yield_now().await;
        drop(capture_span("on the second thread"));
    };
    let run = agent.tracer().transaction("job", "script").run(async move { steps().in_span("steps").await });
    let mut run = Box::pin(run);

    assert!(poll_once(run.as_mut()).is_pending());
    assert_nothing_current();
    std::thread::spawn(move || {
        assert!(poll_once(run.as_mut()).is_ready());
        assert_nothing_current();
    })
    .join()
    .unwrap();

    assert_eq!(
        agent.events().tree(),
        "transaction job [success]\n  span steps [success]\n    span on the first thread [success]\n    \
         span on the second thread [success]\n"
    );
}

#[tokio::test]
async fn a_span_put_around_a_future_before_its_transaction_runs_is_a_child_of_that_transaction() {
    let agent = CheckedAgent::new();
    let work = async { async {}.in_span("inner").await }.in_span("outer");

    agent.tracer().transaction("job", "script").run(work).await;

    assert_eq!(
        agent.events().tree(),
        "transaction job [success]\n  span outer [success]\n    span inner [success]\n"
    );
}

#[tokio::test]
async fn a_span_described_by_a_closure_before_its_transaction_runs_keeps_its_description() {
    let agent = CheckedAgent::new();
    let described = async {}.in_span(|| span("described").span_type("app").label("cup", 2));
    let forgotten = described.in_span(span("forgotten"));

    agent.tracer().transaction("job", "script").run(forgotten).await;

    let events = agent.events();
    assert_eq!(events.tree(), "transaction job [success]\n  span described [success]\n");
    let described = events.span("described");
    assert_eq!((described.kind.as_str(), described.labels.len()), ("app", 1));
}

#[tokio::test]
async fn a_handle_given_to_a_future_before_anything_is_current_keeps_its_parent() {
    let agent = CheckedAgent::new();
    let transaction = agent.tracer().transaction("job", "script").start();

    let child = async { span_id() }.in_span(transaction.span("child"));

    assert_eq!(child.await, Some(agent.events().span("child").id));
}

#[tokio::test]
async fn a_future_put_into_the_current_span_before_its_transaction_runs_sees_that_transaction() {
    let agent = CheckedAgent::new();
    let work = async { transaction_id() }.in_current_span();

    let seen = agent.tracer().transaction("job", "script").run(work).await;

    assert_eq!(seen, Some(agent.events().transaction("job").id));
}

#[test]
fn a_description_that_panics_leaves_nothing_current_and_no_span() {
    let agent = CheckedAgent::new();
    let work = async {}.in_span(|| -> SpanBuilder { panic!("boom") });
    let mut run = Box::pin(agent.tracer().transaction("job", "script").run(work));

    let panicked = catch_unwind(AssertUnwindSafe(|| poll_once(run.as_mut()))).is_err();

    assert!(panicked);
    assert_nothing_current();
    drop(run);
    assert_eq!(agent.events().tree(), "transaction job [failure]\n  error boom\n");
}

#[tokio::test]
async fn joined_futures_never_see_each_others_spans() {
    let agent = CheckedAgent::new();
    async fn steps(outer: &'static str, inner: &'static str) {
        for _ in 0..3 {
            yield_now().await;
            async { yield_now().await }.in_span(inner).await;
        }
        assert!(span_id().is_some(), "{outer} is current again");
    }

    let both = async {
        tokio::join!(steps("a", "a's").in_span("a"), steps("b", "b's").in_span("b"));
        assert_eq!(span_id(), None);
    };
    agent.tracer().transaction("job", "script").run(both).await;

    let events = agent.events();
    for (outer, inner) in [("a", "a's"), ("b", "b's")] {
        let parents: Vec<_> = events.spans.iter().filter(|s| s.name == inner).map(|s| s.parent_id).collect();
        assert_eq!(parents, [events.span(outer).id; 3]);
    }
}

#[tokio::test]
async fn the_branch_that_select_cancels_ends_its_span_as_unknown() {
    let agent = CheckedAgent::new();
    let race = async {
        tokio::select! {
            biased;
            () = std::future::pending().in_span("loser") => unreachable!("it never completes"),
            () = std::future::pending().in_span(span("called").span_type("db.sqlite").exit()) => unreachable!(),
            () = async { yield_now().await }.in_span("winner") => {}
        }
        assert_eq!(span_id(), None);
    };

    agent.tracer().transaction("job", "script").run(race).await;

    let events = agent.events();
    let outcome = |name| events.span(name).outcome.unwrap();
    assert_eq!(
        [outcome("loser"), outcome("called"), outcome("winner")],
        [Outcome::Unknown, Outcome::Failure, Outcome::Success]
    );
}

#[tokio::test]
async fn a_future_that_is_never_polled_leaves_no_span() {
    let agent = CheckedAgent::new();

    agent
        .tracer()
        .transaction("job", "script")
        .run(async { drop(async { unreachable!("never polled") }.in_span("never")) })
        .await;

    assert_eq!(agent.events().tree(), "transaction job [success]\n");
}

#[test]
fn the_parent_is_taken_when_the_future_is_made_and_the_start_at_the_first_poll() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    let outer = capture_span("outer");
    let mut future = pin!(async {}.in_span("made in outer"));
    drop(outer);
    drop(capture_span("before the poll"));

    assert!(poll_once(future.as_mut()).is_ready());
    tx.end_with("job", "done");

    let events = agent.events();
    let (made, before) = (events.span("made in outer"), events.span("before the poll"));
    assert_eq!(made.parent_id, events.span("outer").id);
    assert!(made.timestamp as f64 >= before.timestamp as f64 + before.duration * 1000.0 - 1.0);
}

#[test]
fn what_a_dropped_future_owns_is_dropped_inside_its_span() {
    struct CleansUp;
    impl Drop for CleansUp {
        fn drop(&mut self) {
            drop(capture_span("clean up"));
        }
    }
    let agent = CheckedAgent::new();
    let owner = || async {
        let _owned = CleansUp;
        std::future::pending::<()>().await;
    };

    {
        let tx = agent.tracer().begin_transaction("script");
        let mut spanned = Box::pin(owner().in_span("cancelled"));
        assert!(poll_once(spanned.as_mut()).is_pending());
        drop(spanned);
        tx.end_with("first", "done");
    }
    {
        let mut run = Box::pin(agent.tracer().transaction("second", "script").run(owner()));
        assert!(poll_once(run.as_mut()).is_pending());
    }
    {
        let transaction = agent.tracer().transaction("third", "script").start();
        let mut carried = Box::pin(transaction.context().run(owner()));
        assert!(poll_once(carried.as_mut()).is_pending());
    }

    assert_eq!(
        agent.events().tree(),
        "transaction first [success]\n  span cancelled [unknown]\n    span clean up [success]\n\
         transaction second [unknown]\n  span clean up [success]\n\
         transaction third [success]\n  span clean up [success]\n"
    );
    assert_nothing_current();
}

#[test]
fn a_poll_that_panics_leaves_nothing_current() {
    let agent = CheckedAgent::new();
    let mut run = Box::pin(agent.tracer().transaction("job", "script").run(async {
        async { panic!("boom") }.in_span("inner").await;
    }));

    let panicked = catch_unwind(AssertUnwindSafe(|| poll_once(run.as_mut()))).is_err();

    assert!(panicked);
    assert_nothing_current();
    drop(run);
    assert_eq!(agent.events().tree(), "transaction job [failure]\n  span inner [failure]\n  error boom\n");
}

#[tokio::test]
async fn an_empty_context_hides_what_is_current() {
    let agent = CheckedAgent::new();
    let hidden = async {
        let inside =
            TaskContext::empty().run(async { (trace_id(), capture_span("hidden").is_recording()) }).await;
        (inside, transaction_id().is_some())
    };

    let (inside, visible_again) = agent.tracer().transaction("job", "script").run(hidden).await;

    assert_eq!((inside, visible_again), ((None, false), true));
    assert_eq!(agent.events().spans.len(), 0);
}
