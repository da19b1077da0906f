//! Ends: by name, twice, with nothing current, and those of agents and threads.

use std::cell::RefCell;
use std::sync::mpsc;

use elastic_apm::testing::RecordingAgent;
use elastic_apm::{
    DropReason, Outcome, SpanScope, TaskContext, Tracer, Transaction, TransactionScope, User, capture_error,
    capture_message, capture_span, inject, label, set_custom_context, set_transaction_name,
    set_transaction_outcome, set_transaction_result, set_user_context, span, trace_id, trace_parent_header,
    transaction_id,
};
use elastic_apm_integration_tests::CheckedAgent;

use crate::assert_nothing_current;

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
    is_send::<elastic_apm::SpanRef>();
    is_sync::<elastic_apm::SpanRef>();
    is_sync::<elastic_apm::TransactionRef>();
    is_sync::<TaskContext>();
    is_sync::<Tracer>();
}

#[test]
fn scopes_belong_to_their_thread() {
    /// There is one way to choose `_` for what is not `Send`, and two for what is: those do not compile.
    trait NotSend<Way> {
        fn holds() {}
    }
    struct IsSend;
    impl<T> NotSend<()> for T {}
    impl<T: Send> NotSend<IsSend> for T {}

    <SpanScope as NotSend<_>>::holds();
    <TransactionScope as NotSend<_>>::holds();
    <elastic_apm::EnteredContext<'_> as NotSend<_>>::holds();
}
