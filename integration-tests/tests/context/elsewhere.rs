//! Threads, pools and tasks: where nothing is current unless it is taken along.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use elastic_apm::testing::Events;
use elastic_apm::{
    FutureExt as _, Outcome, TaskContext, capture_error, capture_span, propagate, span, span_id, task,
    thread, trace_id, transaction_id,
};
use elastic_apm_integration_tests::CheckedAgent;
use rayon::prelude::*;
use tokio::task::{JoinSet, LocalSet, yield_now};

use crate::{assert_nothing_current, runtimes};

/// Runs `work` in the span `here` of a transaction, and returns what was recorded.
fn recorded<T>(work: impl FnOnce() -> T) -> (T, Events) {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().transaction("job", "script").begin();
    let returned = span("here").run_sync(work);
    drop(tx);
    (returned, agent.events())
}

/// Fails unless each of these spans is a child of `here`.
#[track_caller]
fn assert_below_here(events: &Events, names: &[&str]) {
    let here = events.span("here").id;
    for name in names {
        assert_eq!(events.span(name).parent_id, here, "{name}");
    }
}

#[test]
fn a_propagated_closure_runs_in_the_context_of_its_maker_and_leaves_the_thread_as_it_was() {
    let (afterwards, events) = recorded(|| {
        let work = propagate(|| {
            drop(capture_span("there"));
            (transaction_id(), span_id())
        });
        let here = (transaction_id(), span_id());
        let there = std::thread::spawn(move || {
            let inside = work();
            (inside, trace_id())
        });
        let (inside, afterwards) = there.join().unwrap();
        assert_eq!(inside, here);
        afterwards
    });

    assert_eq!(afterwards, None);
    assert_below_here(&events, &["there"]);
}

#[test]
fn a_propagated_closure_takes_the_context_of_where_it_was_made_not_of_where_it_is_called() {
    let (_, events) = recorded(|| {
        let work = propagate(|| drop(capture_span("made here")));
        let _other = capture_span("other");
        let before = span_id();
        work();
        assert_eq!(span_id(), before);
    });

    assert_below_here(&events, &["made here", "other"]);
}

#[test]
fn a_closure_propagated_where_nothing_is_current_sees_what_is_current_where_it_is_called() {
    let work = propagate(|| drop(capture_span("called here")));

    let (_, events) = recorded(work);

    assert_below_here(&events, &["called here"]);
    assert_nothing_current();
}

#[test]
fn a_panic_in_a_propagated_closure_leaves_nothing_current_on_the_other_thread() {
    let (afterwards, events) = recorded(|| {
        let work = propagate(|| {
            let _span = capture_span("panics");
            panic!("on purpose");
        });
        let there = std::thread::spawn(move || {
            let panicked = catch_unwind(AssertUnwindSafe(work)).is_err();
            (panicked, trace_id(), span_id())
        });
        there.join().unwrap()
    });

    assert_eq!(afterwards, (true, None, None));
    assert_eq!(events.span("panics").outcome, Some(Outcome::Failure));
}

#[test]
fn a_propagated_closure_that_is_never_called_leaves_nothing_and_keeps_nothing() {
    let (owned, events) = recorded(|| {
        let owned = Arc::new(());
        let moved = Arc::clone(&owned);
        drop(propagate(move || drop(moved)));
        owned
    });

    assert_eq!((Arc::strong_count(&owned), events.spans.len()), (1, 1));
}

#[test]
fn a_context_runs_many_closures_with_arguments_on_many_threads_at_once() {
    let (sum, events) = recorded(|| {
        let context = TaskContext::current();
        let double = |number: u64| {
            context.run_sync(|| {
                let span = capture_span("double");
                span.label("number", number);
                number * 2
            })
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|number| scope.spawn(move || double(number))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u64>()
        })
    });

    let here = events.span("here").id;
    let below = events.spans.iter().filter(|span| span.parent_id == here).count();
    assert_eq!((sum, below), (56, 8));
}

#[test]
fn rayons_threads_see_the_context_they_are_given_and_nothing_without() {
    let (seen, events) = recorded(|| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let context = TaskContext::current();
        pool.install(|| {
            (0..64)
                .into_par_iter()
                .map(|_| {
                    let inside = context.run_sync(|| {
                        let _span = capture_span("in the pool");
                        // Work may move to another thread of the pool, which has to be told too.
                        let _halves = rayon::join(
                            propagate(|| drop(capture_span("left"))),
                            propagate(|| drop(capture_span("right"))),
                        );
                        trace_id()
                    });
                    (inside.is_some(), trace_id())
                })
                .collect::<Vec<_>>()
        })
    });

    assert_eq!(seen, vec![(true, None); 64]);
    let count = |name: &str| events.spans.iter().filter(|span| span.name == name).count();
    assert_eq!((count("in the pool"), count("left"), count("right")), (64, 64, 64));
    let pool: Vec<_> = events.spans.iter().filter(|span| span.name == "in the pool").collect();
    assert!(pool.iter().all(|span| span.parent_id == events.span("here").id));
    let halves = events.spans.iter().filter(|span| span.name == "left" || span.name == "right");
    assert!(halves.into_iter().all(|half| pool.iter().any(|span| span.id == half.parent_id)));
}

#[test]
fn spawned_tasks_threads_and_blocking_work_are_part_of_the_span_that_spawns_them() {
    for runtime in runtimes() {
        let agent = CheckedAgent::new();
        let work = async {
            task::spawn(async {
                yield_now().await;
                drop(capture_span("task"));
            })
            .await
            .unwrap();
            task::spawn_blocking(|| drop(capture_span("blocking"))).await.unwrap();
            thread::spawn(|| drop(capture_span("thread"))).join().unwrap();
            let mut set = JoinSet::new();
            set.spawn(async { drop(capture_span("in a set")) }.in_current_span());
            set.spawn_blocking(propagate(|| drop(capture_span("blocking in a set"))));
            while let Some(done) = set.join_next().await {
                done.unwrap();
            }
        };

        let job = agent.tracer().transaction("job", "script").run(work.in_span(|| span("here")));
        runtime.block_on(job);

        assert_below_here(&agent.events(), &["task", "blocking", "thread", "in a set", "blocking in a set"]);
        assert_nothing_current();
    }
}

#[test]
fn a_local_task_is_part_of_the_span_that_spawns_it_and_need_not_be_send() {
    let agent = CheckedAgent::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let work = async {
        let local = std::rc::Rc::new(());
        let spawned = task::spawn_local(async move {
            yield_now().await;
            drop(capture_span("local"));
            drop(local);
        });
        spawned.await.unwrap();
    };

    let job = agent.tracer().transaction("job", "script").run(work.in_span(|| span("here")));
    LocalSet::new().block_on(&runtime, job);

    assert_below_here(&agent.events(), &["local"]);
}

#[test]
fn a_blocking_task_that_never_ran_leaves_no_span() {
    let agent = CheckedAgent::new();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let (let_go, held) = std::sync::mpsc::channel::<()>();
    let held = Mutex::new(held);

    runtime.block_on(agent.tracer().transaction("job", "script").run(async {
        let busy = task::spawn_blocking(move || held.lock().unwrap().recv().is_err());
        let waiting = task::spawn_blocking(|| drop(capture_span("never")));
        waiting.abort();
        drop(let_go);
        assert!(busy.await.unwrap());
        assert!(waiting.await.unwrap_err().is_cancelled());
    }));

    assert_eq!(agent.events().tree(), "transaction job [success]\n");
}

#[test]
fn an_error_in_a_pool_belongs_to_the_span_that_sent_the_work_there() {
    let (_, events) = recorded(|| {
        std::thread::scope(|scope| {
            scope.spawn(propagate(|| capture_error(&std::fmt::Error)));
        });
    });

    assert_eq!(events.errors[0].parent.unwrap().parent_id, events.span("here").id);
    assert_eq!(events.span("here").outcome, Some(Outcome::Failure));
}
