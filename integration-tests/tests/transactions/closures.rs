//! Closures inside a transaction or a span.

use std::panic::{AssertUnwindSafe, catch_unwind};

use elastic_apm::{
    Outcome, Tracer, capture_message, capture_span, set_transaction_outcome, set_transaction_result, span,
    span_id, trace_id, transaction_id,
};
use elastic_apm_integration_tests::CheckedAgent;

use crate::{end, only};

#[test]
fn a_closure_runs_inside_its_transaction_and_gives_its_value_back() {
    let agent = CheckedAgent::new();

    let inside = agent.tracer().transaction("job", "script").run_sync(|| {
        drop(capture_span("step"));
        transaction_id()
    });

    let events = agent.events();
    assert_eq!(events.tree(), "transaction job [success]\n  span step [success]\n");
    assert_eq!(
        (inside, end(only(&events))),
        (Some(only(&events).id), (Some("success"), Some(Outcome::Success)))
    );
    assert_eq!(trace_id(), None);
}

#[test]
fn a_closure_that_returns_err_makes_a_failure_and_one_that_returns_ok_a_success() {
    let agent = CheckedAgent::new();
    let tracer = agent.tracer();

    let good = tracer.transaction("good", "script").try_run_sync(|| Ok::<_, String>(1));
    let bad = tracer.transaction("bad", "script").try_run_sync(|| Err::<(), _>("no"));
    let judged = tracer.transaction("judged", "script").run_sync_with(|| 5, |output| *output < 3);

    assert_eq!((good, bad, judged), (Ok(1), Err("no"), 5));
    let events = agent.events();
    let ended = |name| end(events.transaction(name));
    assert_eq!(ended("good"), (Some("success"), Some(Outcome::Success)));
    assert_eq!(ended("bad"), (Some("failure"), Some(Outcome::Failure)));
    assert_eq!(ended("judged"), (Some("failure"), Some(Outcome::Failure)));
}

#[test]
fn what_the_user_says_inside_a_closure_wins_over_its_err() {
    let agent = CheckedAgent::new();

    let _ = agent.tracer().transaction("job", "script").try_run_sync(|| {
        set_transaction_result("partly");
        set_transaction_outcome(Outcome::Unknown);
        Err::<(), _>(())
    });

    assert_eq!(end(only(&agent.events())), (Some("partly"), Some(Outcome::Unknown)));
}

#[test]
fn a_panic_in_a_closure_is_a_failure_reported_once_and_passed_on() {
    let agent = CheckedAgent::new();
    let outer = agent.tracer().transaction("outer", "script").begin();
    let work = || -> () {
        let _step = capture_span("step");
        panic!("boom")
    };

    let panic = catch_unwind(AssertUnwindSafe(|| agent.tracer().transaction("job", "script").run_sync(work)));

    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"boom"));
    assert_eq!(transaction_id(), outer.id());
    drop(outer);
    let events = agent.events();
    let job = events.transaction("job");
    assert_eq!(end(job), (Some("failure"), Some(Outcome::Failure)));
    assert_eq!(events.span("step").outcome, Some(Outcome::Failure));
    assert_eq!(events.transaction("outer").outcome, Some(Outcome::Success));
    assert_eq!(events.errors.len(), 1);
    let error = &events.errors[0];
    assert_eq!(error.parent.unwrap().transaction_id, Some(job.id));
    assert_eq!(error.exception.as_ref().unwrap().handled, Some(false));
}

#[test]
fn nested_closures_give_back_what_was_current() {
    let agent = CheckedAgent::new();
    let tracer = agent.tracer();

    tracer.transaction("outer", "script").run_sync(|| {
        let step = capture_span("outer's step");
        let before = (transaction_id(), span_id());
        let inner = tracer.transaction("inner", "script").run_sync(|| (transaction_id(), span_id()));
        assert_ne!(inner.0, before.0);
        assert_eq!(inner.1, None);
        assert_eq!((transaction_id(), span_id()), before);
        drop(step);
    });

    let events = agent.events();
    assert_eq!(events.span("outer's step").parent_id, events.transaction("outer").id);
    assert_eq!(events.transaction("inner").span_count.started, 0);
}

#[test]
fn closures_run_where_nothing_is_recorded() {
    let agent = CheckedAgent::new();
    let seen = agent.tracer().transaction("outer", "script").run_sync(|| {
        // A transaction that does not record leaves the caller's in sight.
        Tracer::noop().transaction("nothing", "script").run_sync(transaction_id)
    });

    let error = Tracer::noop().transaction("nothing", "script").try_run_sync(|| Err::<(), _>("no"));
    let value = span("nowhere").run_sync(|| 3);

    assert_eq!((seen, error, value), (Some(only(&agent.events()).id), Err("no"), 3));
}

#[test]
fn a_closure_in_a_span_ends_it_by_its_value_or_its_panic() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().transaction("job", "script").begin();

    let value = span("plain").run_sync(|| span_id().is_some());
    let good = span("good").try_run_sync(|| Ok::<_, ()>(1));
    let bad = span("bad").try_run_sync(|| Err::<(), _>("no"));
    let panicked = catch_unwind(|| span("panics").run_sync(|| panic!("boom"))).is_err();

    assert_eq!((value, good, bad, panicked, span_id()), (true, Ok(1), Err("no"), true, None));
    drop(tx);
    let events = agent.events();
    let outcomes = ["plain", "good", "bad", "panics"].map(|name| events.span(name).outcome.unwrap());
    use Outcome::{Failure, Success};
    assert_eq!(outcomes, [Success, Success, Failure, Failure]);
}

#[test]
fn an_error_captured_in_a_closure_makes_a_failure_although_it_returns_ok() {
    let agent = CheckedAgent::new();

    let result = agent.tracer().transaction("job", "script").try_run_sync(|| {
        capture_message("handled inside");
        Ok::<_, ()>(())
    });

    assert_eq!(result, Ok(()));
    assert_eq!(end(only(&agent.events())), (Some("success"), Some(Outcome::Failure)));
}
