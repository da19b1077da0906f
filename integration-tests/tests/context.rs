//! What is current, wherever code runs: over awaits, in tasks and threads, with guards dropped in any order.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

use elastic_apm::testing::RecordingAgent;
use elastic_apm::{
    DropReason, FutureExt, Outcome, SpanScope, TaskContext, Tracer, Transaction, TransactionScope, User,
    capture_error, capture_message, capture_span, inject, label, set_custom_context, set_transaction_name,
    set_transaction_outcome, set_transaction_result, set_user_context, span, span_id, trace_id,
    trace_parent_header, transaction_id,
};
use elastic_apm_integration_tests::CheckedAgent;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{LocalSet, yield_now};

/// Both kinds of runtime, for what must hold on either.
fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().enable_all().build().unwrap(),
        Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(),
    ]
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Nothing is current, and nothing begun here would be recorded.
fn assert_nothing_current() {
    assert_eq!((trace_id(), transaction_id(), span_id()), (None, None, None));
}

// Futures.

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
async fn a_span_put_around_a_future_before_its_transaction_runs_has_no_parent_and_is_not_recorded() {
    let agent = CheckedAgent::new();

    // The parent is what is current where `in_span` is called, and here that is nothing.
    agent.tracer().transaction("job", "script").run(async {}.in_span("too early")).await;

    assert_eq!(agent.events().tree(), "transaction job [success]\n");
}

#[test]
fn a_bare_spawn_loses_the_context() {
    for runtime in runtimes() {
        let agent = CheckedAgent::new();

        let in_task = runtime.block_on(
            agent
                .tracer()
                .transaction("job", "script")
                .run(async { tokio::spawn(async { trace_id() }).await }),
        );

        assert_eq!(in_task.unwrap(), None);
    }
}

#[test]
fn a_spawn_in_current_span_keeps_the_context() {
    for runtime in runtimes() {
        let agent = CheckedAgent::new();
        let work = async {
            let _outer = span("outer").start();
            let task = async {
                yield_now().await;
                drop(capture_span("in the task"));
            };
            async { tokio::spawn(task.in_current_span()).await.unwrap() }.in_span("spawning").await;
        };

        runtime.block_on(agent.tracer().transaction("job", "script").run(work));

        let events = agent.events();
        assert_eq!(events.span("in the task").parent_id, events.span("spawning").id);
    }
}

#[test]
fn a_task_may_outlive_the_transaction_that_spawned_it() {
    let agent = CheckedAgent::new();
    let runtime = Builder::new_current_thread().build().unwrap();
    let (finish, finished) = tokio::sync::oneshot::channel::<()>();

    let task = runtime.block_on(agent.tracer().transaction("job", "script").run(async {
        let late = async {
            finished.await.unwrap();
            drop(capture_span("late"));
        };
        tokio::spawn(late.in_current_span())
    }));
    finish.send(()).unwrap();
    runtime.block_on(task).unwrap();

    let events = agent.events();
    let job = events.transaction("job");
    assert_eq!(events.span("late").parent_id, job.id);
    assert_eq!((job.span_count.started, job.span_count.dropped), (0, 0));
}

#[test]
fn spawn_blocking_and_threads_see_the_context_they_enter() {
    for runtime in runtimes() {
        let agent = CheckedAgent::new();
        let work = async {
            let mut for_pool = TaskContext::current();
            let mut for_thread = TaskContext::current();
            let in_pool = move || {
                {
                    let _entered = for_pool.enter();
                    drop(capture_span("in the pool"));
                }
                trace_id()
            };
            let in_thread = move || {
                {
                    let _entered = for_thread.enter();
                    drop(capture_span("in a thread"));
                }
                trace_id()
            };
            let after_pool = tokio::task::spawn_blocking(in_pool).await.unwrap();
            let after_thread = std::thread::spawn(in_thread).join().unwrap();
            (after_pool, after_thread)
        };

        let afterwards = runtime.block_on(agent.tracer().transaction("job", "script").run(work));

        assert_eq!(afterwards, (None, None));
        assert_eq!(
            agent.events().tree(),
            "transaction job [success]\n  span in the pool [success]\n  span in a thread [success]\n"
        );
    }
}

#[test]
fn another_thread_sees_nothing_unless_it_enters_a_context() {
    let agent = CheckedAgent::new();
    let _tx = agent.tracer().begin_transaction("script");

    let elsewhere = std::thread::spawn(|| (trace_id(), capture_span("lost").is_recording())).join().unwrap();

    assert_eq!(elsewhere, (None, false));
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

#[test]
fn tasks_of_different_transactions_never_mix() {
    for runtime in runtimes() {
        let agent = CheckedAgent::new();
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let task = async {
                    let own = transaction_id();
                    for _ in 0..20 {
                        async { yield_now().await }.in_span("step").await;
                        assert_eq!((transaction_id(), span_id()), (own, None));
                    }
                };
                runtime.spawn(agent.tracer().transaction("job", "script").run(task))
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }

        let events = agent.events();
        assert_eq!((events.transactions.len(), events.spans.len()), (16, 320));
        for job in &events.transactions {
            assert_eq!(job.span_count.started, 20);
            assert_eq!(events.spans.iter().filter(|span| span.parent_id == job.id).count(), 20);
        }
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

// Guards over awaits.

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

// Guards dropped in any order.

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

// Ending by name.

#[test]
fn end_transaction_with_open_scopes_ends_it_once_and_the_scopes_stay_legal() {
    let agent = CheckedAgent::new();
    let scope = agent.tracer().begin_transaction("script");
    let id = scope.id();
    let open = capture_span("open");

    assert_eq!(agent.agent().end_transaction("job", "success"), id);
    assert_eq!(agent.agent().end_transaction("again", "never"), None);
    drop(open);
    drop(scope);

    assert_nothing_current();
    let events = agent.events();
    assert_eq!(events.transactions.len(), 1);
    let job = events.transaction("job");
    assert_eq!((job.result.as_deref(), events.span("open").parent_id), (Some("success"), job.id));
}

#[test]
fn end_transaction_fills_only_what_is_unset() {
    let agent = CheckedAgent::new();
    let _scope = agent.tracer().begin_transaction("script");
    set_transaction_name("mine");
    set_transaction_result("my result");

    agent.agent().end_transaction("theirs", "their result");

    let job = agent.events().transaction("mine").clone();
    assert_eq!(job.result.as_deref(), Some("my result"));
}

#[test]
fn end_transaction_touches_no_other_agents_transaction() {
    let (agent, other) = (CheckedAgent::new(), CheckedAgent::new());
    let scope = agent.tracer().begin_transaction("script");

    assert_eq!(other.agent().end_transaction("theirs", "done"), None);

    assert!(scope.is_recording());
    assert_eq!(transaction_id(), scope.id());
}

#[test]
fn after_end_transaction_nothing_is_current_and_the_scopes_drop_brings_the_outer_one_back() {
    let agent = CheckedAgent::new();
    let outer = agent.tracer().begin_transaction("script");
    let inner = agent.tracer().begin_transaction("script");

    agent.agent().end_transaction("inner", "done");
    assert_nothing_current();
    drop(inner);

    assert_eq!(transaction_id(), outer.id());
}

#[test]
fn what_was_ended_twice_is_sent_once_and_takes_nothing_more() {
    let agent = CheckedAgent::new();
    let scope = agent.tracer().begin_transaction("script");

    agent.agent().end_transaction("job", "success");
    scope.set_name("renamed");
    scope.set_result("changed");
    scope.set_outcome(Outcome::Failure);
    scope.label("late", 1);
    scope.end_with("ended again", "changed");

    let events = agent.events();
    assert_eq!(events.transactions.len(), 1);
    let job = events.transaction("job");
    assert_eq!((job.result.as_deref(), job.outcome), (Some("success"), Some(Outcome::Success)));
    assert!(job.labels.is_empty());
}

// Where there is nothing.

#[test]
fn calls_with_nothing_current_are_no_ops() {
    let mut headers = http::HeaderMap::new();

    set_transaction_name("nobody");
    set_transaction_result("nothing");
    set_transaction_outcome(Outcome::Failure);
    label("key", 1);
    set_user_context(User::default());
    set_custom_context("key", 1);
    inject(&mut headers);
    let guard = capture_span("nowhere");
    let described = span("nowhere").span_type("db").label("key", 1).enter();

    assert!(headers.is_empty());
    assert!(!guard.is_recording() && !described.is_recording());
    assert_eq!(trace_parent_header(), None);
    assert_eq!((capture_error(&std::fmt::Error), capture_message("lost")), (None, None));
    assert_nothing_current();
}

#[test]
fn handles_of_nothing_are_no_ops() {
    let transaction = Transaction::noop();
    let mut context = transaction.context();
    let entered = context.enter();
    let scope = Tracer::noop().begin_transaction("script");

    transaction.set_name("nobody");
    scope.label("key", 1);

    assert!(!transaction.span("nowhere").is_recording());
    assert_eq!((scope.id(), scope.trace_parent(), trace_id()), (None, None, None));
    drop((entered, scope));
}

#[test]
fn labels_are_not_computed_where_nothing_is_recorded() {
    let described = span("nowhere").label_with("key", || -> i64 { unreachable!("nobody wants it") });

    assert!(!described.is_recording());
}

// The end of agents and threads.

#[test]
fn an_agent_dropped_before_its_guards_does_no_harm() {
    let agent = CheckedAgent::new();
    let scope = agent.tracer().begin_transaction("script");
    let guard = capture_span("orphan");

    drop(agent);
    label("late", 1);
    drop(capture_span("later still"));
    capture_message("too late");
    drop(guard);
    drop(scope);

    assert_nothing_current();
}

#[test]
fn what_ends_after_the_shutdown_is_counted_as_dropped() {
    let agent = RecordingAgent::new();
    let scope = agent.tracer().begin_transaction("script");
    let guard = capture_span("orphan");

    assert!(agent.agent().shutdown(std::time::Duration::from_secs(10)));
    drop(guard);
    drop(scope);

    let stats = agent.stats();
    assert_eq!((stats.recorded(), stats.dropped_for(DropReason::AfterShutdown)), (2, 2));
}

#[test]
fn a_guard_in_a_thread_local_may_be_dropped_by_the_threads_exit() {
    struct LastWords {
        _guard: SpanScope,
        _scope: TransactionScope,
        said: mpsc::Sender<bool>,
    }
    impl Drop for LastWords {
        fn drop(&mut self) {
            label("from the destructor", 1);
            let late = capture_span("in the destructor");
            drop(late);
            capture_message("from the destructor");
            let mut headers = http::HeaderMap::new();
            inject(&mut headers);
            self.said.send(true).unwrap();
        }
    }
    thread_local! {
        static KEPT: RefCell<Option<LastWords>> = const { RefCell::new(None) };
    }

    // The thread-local of the test is registered before the agent's, and after it.
    for touch_first in [true, false] {
        let agent = CheckedAgent::new();
        let tracer = agent.tracer();
        let (said, heard) = mpsc::channel();
        std::thread::spawn(move || {
            if touch_first {
                KEPT.with(|kept| drop(kept.borrow_mut().take()));
            }
            let scope = tracer.transaction("job", "script").begin();
            let guard = capture_span("kept");
            KEPT.with(|kept| *kept.borrow_mut() = Some(LastWords { _guard: guard, _scope: scope, said }));
        })
        .join()
        .unwrap();

        assert_eq!(heard.recv(), Ok(true));
        let events = agent.events();
        assert_eq!(events.span("kept").parent_id, events.transaction("job").id);
    }
}

#[test]
fn handles_and_contexts_may_cross_threads() {
    fn is_send<T: Send>() {}
    fn is_sync<T: Sync>() {}

    is_send::<Transaction>();
    is_send::<TaskContext>();
    is_send::<elastic_apm::Span>();
    is_send::<elastic_apm::InSpan<std::future::Ready<()>>>();
    is_send::<elastic_apm::InContext<std::future::Ready<()>>>();
    is_send::<elastic_apm::Run<std::future::Ready<()>>>();
    is_sync::<elastic_apm::TransactionRef>();
    is_sync::<Tracer>();
}
