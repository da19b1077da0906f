//! Guards: held over awaits, and dropped in any order.

use elastic_apm::{FutureExt, SpanScope, capture_span, span_id, trace_id, transaction_id};
use elastic_apm_integration_tests::CheckedAgent;
use tokio::runtime::Builder;
use tokio::task::{LocalSet, yield_now};

use crate::{assert_nothing_current, poll_once};

#[tokio::test]
async fn a_guard_held_over_an_await_inside_run_is_found_again_and_seen_by_no_other_task() {
    let agent = CheckedAgent::new();
    let tracer = agent.tracer();
    let local = LocalSet::new();
    let (held, step) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());

    let holder = tracer.transaction("holder", "script").run(async {
        let _guard = capture_span("guard");
        let own = span_id();
        held.notify_one();
        step.notified().await;
        assert_eq!(span_id(), own);
        drop(capture_span("below the guard"));
    });
    let other = async {
        held.notified().await;
        let seen = trace_id();
        step.notify_one();
        seen
    };
    let ((), seen) = local.run_until(async { tokio::join!(holder, other) }).await;

    assert_eq!(seen, None);
    assert_eq!(
        agent.events().tree(),
        "transaction holder [success]\n  span guard [success]\n    span below the guard [success]\n"
    );
}

#[test]
fn a_guard_over_an_await_outside_any_wrapper_is_seen_by_other_tasks_until_it_is_dropped() {
    let agent = CheckedAgent::new();
    let runtime = Builder::new_current_thread().build().unwrap();

    // Why the documentation asks for `.run` and `.in_span` in async code.
    let (seen, own) = LocalSet::new().block_on(&runtime, async {
        let scope = agent.tracer().begin_transaction("script");
        let seen = tokio::task::spawn_local(async { transaction_id() }).await.unwrap();
        (seen, scope.id())
    });

    assert_eq!(seen, own);
    assert_nothing_current();
}

#[test]
fn a_guard_in_a_cancelled_future_restores_what_was_current_outside() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    let mut cancelled = Box::pin(
        async {
            let _guard = capture_span("guard");
            std::future::pending::<()>().await;
        }
        .in_span("cancelled"),
    );

    assert!(poll_once(cancelled.as_mut()).is_pending());
    assert_eq!((transaction_id(), span_id()), (tx.id(), None));
    drop(cancelled);

    assert_eq!((transaction_id(), span_id()), (tx.id(), None));
    tx.end_with("job", "done");
    let events = agent.events();
    assert_eq!(events.span("guard").parent_id, events.span("cancelled").id);
}

#[test]
fn guards_dropped_outside_in_leave_the_inner_one_current_and_then_nothing_stale() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    let outer = capture_span("outer");
    let inner = capture_span("inner");
    let inner_id = span_id();

    drop(outer);
    assert_eq!(span_id(), inner_id);
    drop(inner);

    assert_eq!((transaction_id(), span_id()), (tx.id(), None));
    tx.end_with("job", "done");
    assert_eq!(
        agent.events().tree(),
        "transaction job [success]\n  span outer [success]\n    span inner [success]\n"
    );
    assert_nothing_current();
}

#[test]
fn guards_dropped_in_every_order_leave_the_nearest_running_one_current() {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

    for order in orders {
        let agent = CheckedAgent::new();
        let tx = agent.tracer().begin_transaction("script");
        let names = ["a", "b", "c"];
        let mut guards: Vec<Option<SpanScope>> = names.map(|name| Some(capture_span(name))).into();
        let ids: Vec<_> = guards.iter().map(|guard| guard.as_ref().and_then(|guard| guard.id())).collect();
        for dropped in order {
            guards[dropped] = None;
            let running = guards.iter().rposition(Option::is_some).and_then(|at| ids[at]);
            assert_eq!(span_id(), running, "{order:?}, after {dropped}");
        }
        assert_eq!(transaction_id(), tx.id());
        tx.end_with("job", "done");
        assert_nothing_current();
        assert_eq!(
            agent.events().tree(),
            "transaction job [success]\n  span a [success]\n    span b [success]\n      span c [success]\n"
        );
    }
}

#[test]
fn a_guard_dropped_after_the_transaction_ended_leaves_nothing_current() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    let late = capture_span("late");

    tx.end_with("job", "done");
    assert_eq!(span_id(), late.id());
    drop(late);

    assert_nothing_current();
    let events = agent.events();
    let job = events.transaction("job");
    assert_eq!(events.span("late").parent_id, job.id);
    assert_eq!((job.span_count.started, job.span_count.dropped), (0, 0));
}

#[test]
fn nested_transactions_restore_the_outer_one_and_are_no_children_of_it() {
    let agent = CheckedAgent::new();
    let outer = agent.tracer().begin_transaction("script");
    let step = capture_span("outer's step");
    let inner = agent.tracer().begin_transaction("script");
    assert_eq!((transaction_id(), span_id()), (inner.id(), None));
    drop(capture_span("inner's step"));

    inner.end_with("inner", "done");

    assert_eq!((transaction_id(), span_id()), (outer.id(), step.id()));
    drop(step);
    outer.end_with("outer", "done");
    let events = agent.events();
    assert_ne!(events.transaction("inner").trace_id, events.transaction("outer").trace_id);
    assert_eq!(events.transaction("inner").parent_id, None);
    assert_nothing_current();
}

#[tokio::test]
async fn a_nested_run_restores_the_outer_transaction() {
    let agent = CheckedAgent::new();
    let tracer = agent.tracer();
    let nested = async {
        let before = transaction_id();
        let inner = tracer.transaction("inner", "script").run(async {
            yield_now().await;
            transaction_id()
        });
        let inside = inner.await;
        (before, inside, transaction_id())
    };

    let (before, inside, after) = tracer.transaction("outer", "script").run(nested).await;

    assert_eq!(before, after);
    assert!(inside.is_some() && inside != before);
}

#[test]
fn an_outer_transaction_that_ends_first_is_not_brought_back_by_the_inner_one() {
    let agent = CheckedAgent::new();
    let outer = agent.tracer().begin_transaction("script");
    let inner = agent.tracer().begin_transaction("script");

    outer.end_with("outer", "done");
    assert_eq!(transaction_id(), inner.id());
    inner.end_with("inner", "done");

    assert_nothing_current();
}
