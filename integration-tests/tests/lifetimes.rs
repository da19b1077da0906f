//! How long things live: spans that outlive others, tasks that outlive their transaction, chains without an end.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as the test does")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use elastic_apm::{FutureExt, TaskContext, Tracer, capture_span, span, trace_parent_header, transaction_id};
use elastic_apm_integration_tests::CheckedAgent;

/// A job that starts its own successor, a task inside a span of the task before.
fn tick(steps: u32) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        if steps > 0 {
            tokio::spawn(tick(steps - 1).in_span("tick")).await.unwrap();
        }
    })
}

#[tokio::test]
async fn a_long_chain_of_spans_does_not_unwind_on_the_stack() {
    let agent = CheckedAgent::with(|builder| builder.transaction_max_spans(10));

    let mut context = agent.tracer().transaction("job", "script").start().context();
    for _ in 0..100_000 {
        let next = {
            let _entered = context.enter();
            span("step").start().context()
        };
        context = next;
    }
    drop(context);

    assert_eq!(agent.events().spans.len(), 10);
}

#[tokio::test]
async fn a_job_that_respawns_itself_keeps_only_what_runs() {
    let agent = CheckedAgent::new();

    agent.tracer().transaction("job", "script").run(tick(200)).await;

    assert_eq!(agent.events().spans.len(), 200);
}

#[tokio::test]
async fn an_unsampled_decision_travels_with_a_spawned_span() {
    let agent = CheckedAgent::with(|builder| builder.transaction_sample_rate(0.0));

    let header = agent
        .tracer()
        .transaction("job", "script")
        .run(async { tokio::spawn(async { trace_parent_header() }.in_span("in a task")).await.unwrap() })
        .await;

    assert!(header.is_some_and(|header| header.ends_with("-00")));
}

#[test]
fn a_task_that_outlives_its_transaction_keeps_its_context_after_a_scope() {
    let agent = CheckedAgent::new();
    let transaction = agent.tracer().transaction("job", "script").start();
    let mut task = transaction.context();
    drop(transaction);

    let _entered = task.enter();
    let before = trace_parent_header();
    drop(capture_span("late"));

    assert!(before.is_some());
    assert_eq!(trace_parent_header(), before);
}

#[test]
fn scopes_left_in_the_wrong_order_leave_nobody_elses_transaction_behind() {
    let agent = CheckedAgent::new();
    let transaction = agent.tracer().transaction("job", "script").start();
    let outer = transaction.span("outer").enter();
    let inner = capture_span("inner");

    drop(outer);
    drop(inner);

    assert_eq!(transaction_id(), None);
}

#[test]
fn an_inner_transaction_ended_before_its_span_gives_the_outer_one_back() {
    let agent = CheckedAgent::new();
    let outer = agent.tracer().begin_transaction("script");
    let inner = agent.tracer().begin_transaction("script");
    let span = capture_span("span");

    inner.end_with("inner", "done");
    drop(span);

    assert_eq!(transaction_id(), outer.id());
}

#[test]
fn the_limit_of_spans_holds_after_the_transaction_too() {
    let agent = CheckedAgent::with(|builder| builder.transaction_max_spans(2));
    let transaction = agent.tracer().transaction("job", "script").start();
    let mut task = transaction.context();
    drop(transaction);

    let entered = task.enter();
    for _ in 0..100 {
        drop(capture_span("late"));
    }
    drop(entered);

    assert_eq!(agent.events().spans.len(), 2);
}

#[test]
fn a_span_with_children_is_reported_before_them() {
    let agent = CheckedAgent::with(|builder| builder.transaction_max_spans(2));
    {
        let _tx = agent.tracer().begin_transaction("script");
        let _parent = capture_span("parent");
        (0..3).for_each(|_| drop(capture_span("child")));
    }

    let events = agent.events();
    assert_eq!((events.spans.len(), events.span("child").parent_id), (2, events.span("parent").id));
}

#[test]
fn a_transaction_that_does_not_record_hides_nothing() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    let inside = std::cell::Cell::new(None);

    let mut run = std::pin::pin!(Tracer::noop().transaction("nobody's", "script").run(async {
        inside.set(transaction_id());
    }));
    let waker = std::task::Waker::noop();
    assert!(run.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_ready());

    assert_eq!(inside.get(), tx.id());
}

#[test]
fn leaving_an_empty_context_brings_back_what_it_hid() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    let mut empty = TaskContext::empty();

    let hidden = {
        let _entered = empty.enter();
        transaction_id()
    };

    assert_eq!((hidden, transaction_id()), (None, tx.id()));
}

#[test]
fn a_setter_inside_a_context_change_does_not_block() {
    let agent = CheckedAgent::new();
    let transaction = agent.tracer().transaction("job", "script").start();
    let span = transaction.span("step").start();

    span.update_context(|_| span.label("inside", true));
    drop(span);

    assert_eq!(agent.events().span("step").labels.len(), 1);
}

#[test]
fn a_context_change_that_panics_loses_nothing_of_what_was_there() {
    let agent = CheckedAgent::new();
    let transaction = agent.tracer().transaction("job", "script").start();
    let span = transaction.span("SELECT").span_type("db.mysql").service_target("mysql", "shop").start();

    let changed = catch_unwind(AssertUnwindSafe(|| span.update_context(|_| panic!("no more"))));
    drop((span, transaction));

    let events = agent.events();
    let service = events.span("SELECT").context.as_ref().and_then(|context| context.service.as_ref());
    assert!(changed.is_err() && service.is_some_and(|service| service.target.is_some()), "{service:?}");
}
