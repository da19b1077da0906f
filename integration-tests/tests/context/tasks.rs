//! Tasks and threads: what they see with and without a context, and when they outlive what spawned them.

use elastic_apm::{FutureExt as _, TaskContext, capture_span, span, span_id, trace_id, transaction_id};
use elastic_apm_integration_tests::CheckedAgent;
use tokio::runtime::Builder;
use tokio::task::{JoinSet, yield_now};

use crate::runtimes;

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

    let mut tasks = runtime.block_on(agent.tracer().transaction("job", "script").run(async {
        let late = async {
            finished.await.unwrap();
            drop(capture_span("late"));
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(late.in_current_span());
        tasks
    }));
    finish.send(()).unwrap();
    runtime.block_on(tasks.join_next()).unwrap().unwrap();

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
