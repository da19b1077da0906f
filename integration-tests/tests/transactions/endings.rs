//! How a transaction ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Waker};

use elastic_apm::{
    Outcome, capture_error, capture_span, set_transaction_name, set_transaction_outcome,
    set_transaction_result, trace_parent_header,
};
use elastic_apm_integration_tests::CheckedAgent;

use crate::{end, only};

#[test]
fn a_transaction_carries_the_name_type_and_result_it_was_given() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");

    tx.end_with("nightly", "done");

    let events = agent.events();
    let job = only(&events);
    assert_eq!((job.name.as_deref(), job.kind.as_str()), (Some("nightly"), "script"));
    assert_eq!(end(job), (Some("done"), Some(Outcome::Success)));
}

#[test]
fn the_users_name_and_result_win_over_those_given_at_the_end() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    set_transaction_name("mine");
    set_transaction_result("my result");

    tx.end_with("theirs", "their result");

    let events = agent.events();
    assert_eq!(
        (only(&events).name.as_deref(), only(&events).result.as_deref()),
        (Some("mine"), Some("my result"))
    );
}

#[test]
fn an_empty_type_is_custom_and_a_missing_result_stays_missing() {
    let agent = CheckedAgent::new();

    drop(agent.tracer().begin_transaction(""));

    let events = agent.events();
    assert_eq!((only(&events).kind.as_str(), only(&events).result.as_deref()), ("custom", None));
}

#[tokio::test]
async fn run_succeeds_whatever_it_returns() {
    let agent = CheckedAgent::new();

    let returned: Result<(), &str> =
        agent.tracer().transaction("job", "script").run(async { Err("kept") }).await;

    assert_eq!(returned, Err("kept"));
    assert_eq!(end(only(&agent.events())), (Some("success"), Some(Outcome::Success)));
}

#[tokio::test]
async fn try_run_succeeds_with_ok_and_fails_with_err() {
    let agent = CheckedAgent::new();
    let tracer = agent.tracer();

    let good = tracer.transaction("good", "script").try_run(async { Ok::<_, String>(1) }).await;
    let bad = tracer.transaction("bad", "script").try_run(async { Err::<i32, _>("no".to_owned()) }).await;

    assert_eq!((good, bad), (Ok(1), Err("no".to_owned())));
    let events = agent.events();
    assert_eq!(end(events.transaction("good")), (Some("success"), Some(Outcome::Success)));
    assert_eq!(end(events.transaction("bad")), (Some("failure"), Some(Outcome::Failure)));
    assert_eq!(events.errors.len(), 0, "an `Err` is no error event");
}

#[tokio::test]
async fn the_result_and_outcome_set_inside_win_over_err_and_panic() {
    let agent = CheckedAgent::new();
    let tracer = agent.tracer();
    let set = || {
        set_transaction_result("partial");
        set_transaction_outcome(Outcome::Success);
    };

    let failed = tracer.transaction("err", "script").try_run(async move {
        set();
        Err::<(), _>("no")
    });
    let panicked = tracer.transaction("panic", "script").run(async move {
        set();
        panic!("boom");
    });
    failed.await.unwrap_err();
    tokio::spawn(panicked).await.unwrap_err();

    let events = agent.events();
    for name in ["err", "panic"] {
        assert_eq!(end(events.transaction(name)), (Some("partial"), Some(Outcome::Success)), "{name}");
    }
}

#[tokio::test]
async fn a_panic_is_a_failure_reported_once_unhandled_with_its_message_and_passed_on() {
    let agent = CheckedAgent::new();
    let tracer = agent.tracer();
    let (a, b) = (2, 3);

    let literal =
        tokio::spawn(tracer.transaction("literal", "script").run(async { panic!("plain boom") })).await;
    let formatted = tokio::spawn(tracer.transaction("formatted", "script").run(async move {
        tokio::task::yield_now().await;
        panic!("{a} is not {b}")
    }))
    .await;
    let odd =
        tokio::spawn(tracer.transaction("odd", "script").run(async { std::panic::panic_any(7_u8) })).await;

    assert_eq!(literal.unwrap_err().into_panic().downcast_ref(), Some(&"plain boom"));
    assert_eq!(formatted.unwrap_err().into_panic().downcast_ref(), Some(&"2 is not 3".to_owned()));
    assert_eq!(odd.unwrap_err().into_panic().downcast_ref(), Some(&7_u8));
    let events = agent.events();
    assert_eq!(events.errors.len(), 3);
    for (name, message) in [
        ("literal", "plain boom"),
        ("formatted", "2 is not 3"),
        ("odd", "panic with a payload that is not a string"),
    ] {
        let job = events.transaction(name);
        assert_eq!(end(job), (Some("failure"), Some(Outcome::Failure)), "{name}");
        let error =
            events.errors.iter().find(|error| error.parent.unwrap().transaction_id == Some(job.id)).unwrap();
        let exception = error.exception.as_ref().unwrap();
        assert_eq!((exception.message.as_deref(), exception.handled), (Some(message), Some(false)));
    }
}

#[test]
fn a_panic_through_a_scope_is_a_failure_of_span_and_transaction() {
    let agent = CheckedAgent::new();

    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let tx = agent.tracer().begin_transaction("script");
        tx.set_name("job");
        let _span = capture_span("step");
        panic!("boom");
    }));

    assert!(panicked.is_err());
    assert_eq!(agent.events().tree(), "transaction job [failure]\n  span step [failure]\n");
}

#[test]
fn a_run_that_is_dropped_midway_is_cancelled_with_an_unknown_outcome() {
    let agent = CheckedAgent::new();
    let tracer = agent.tracer();
    let poll = |future: std::pin::Pin<&mut dyn Future<Output = ()>>| {
        assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_pending());
    };

    poll(pin!(tracer.transaction("plain", "script").run(std::future::pending())));
    poll(pin!(tracer.transaction("after an error", "script").run(async {
        capture_error(&std::fmt::Error);
        std::future::pending::<()>().await;
    })));
    poll(pin!(tracer.transaction("decided", "script").run(async {
        set_transaction_result("given up");
        set_transaction_outcome(Outcome::Failure);
        std::future::pending::<()>().await;
    })));

    let events = agent.events();
    for name in ["plain", "after an error"] {
        assert_eq!(end(events.transaction(name)), (Some("cancelled"), Some(Outcome::Unknown)), "{name}");
    }
    assert_eq!(end(events.transaction("decided")), (Some("given up"), Some(Outcome::Failure)));
}

#[tokio::test]
async fn an_aborted_task_is_cancelled() {
    let agent = CheckedAgent::new();
    let (started, has_started) = tokio::sync::oneshot::channel();
    let task = tokio::spawn(agent.tracer().transaction("job", "script").run(async move {
        started.send(()).unwrap();
        std::future::pending::<()>().await;
    }));

    has_started.await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());

    assert_eq!(end(only(&agent.events())), (Some("cancelled"), Some(Outcome::Unknown)));
}

#[test]
fn a_run_that_is_never_polled_leaves_nothing() {
    let agent = CheckedAgent::new();

    drop(agent.tracer().transaction("job", "script").run(async { unreachable!("never polled") }));

    assert_eq!(agent.stats().recorded(), 0);
}

#[test]
fn an_error_captured_makes_a_failure_unless_the_user_says_otherwise() {
    let agent = CheckedAgent::new();

    for outcome in [None, Some(Outcome::Success), Some(Outcome::Unknown)] {
        let tx = agent.tracer().begin_transaction("script");
        capture_error(&std::fmt::Error);
        outcome.into_iter().for_each(set_transaction_outcome);
        tx.end_with("job", "done");
    }

    let outcomes: Vec<_> = agent.events().transactions.iter().filter_map(|event| event.outcome).collect();
    assert_eq!(outcomes, [Outcome::Failure, Outcome::Success, Outcome::Unknown]);
}

#[test]
fn a_discarded_transaction_is_not_sent() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");

    tx.discard();
    drop(tx);

    assert_eq!(agent.stats().recorded(), 0);
}

#[test]
fn nothing_is_recorded_while_recording_is_off_or_the_agent_disabled() {
    for agent in
        [CheckedAgent::with(|options| options.recording(false)), CheckedAgent::with(|o| o.enabled(false))]
    {
        let tx = agent.tracer().begin_transaction("script");
        let step = capture_span("step");
        capture_error(&std::fmt::Error);

        assert!(!tx.is_recording() && !step.is_recording());
        assert_eq!((trace_parent_header(), agent.stats().recorded()), (None, 0));
    }
}
