//! Spans in three forms: the attribute, the guard, the future.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

use elastic_apm::{
    FutureExt, LabelValue, Outcome, capture_error, capture_span, set_transaction_outcome, span,
    transaction_id,
};
use elastic_apm_integration_tests::CheckedAgent;

use crate::recorded;

#[capture_span]
fn coffee_maker(strength: u32) -> u32 {
    let _span = capture_span("near-to-machine");
    strength + 1
}

#[capture_span(name = "pour", type = "app.kitchen", labels(cup = cup))]
async fn pour(cup: u32) -> u32 {
    tokio::task::yield_now().await;
    let inside = coffee_maker(cup);
    tokio::task::yield_now().await;
    inside
}

#[capture_span(name = "sip")]
fn sip(cup: &str) -> impl Future<Output = usize> {
    let length = cup.len();
    async move { length }
}

#[capture_span(name = "boxed")]
fn boxed() -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async { tokio::task::yield_now().await })
}

#[capture_span(name = "checked", err)]
fn checked(good: bool) -> Result<u32, fmt::Error> {
    if good { Ok(1) } else { Err(fmt::Error) }
}

#[test]
fn the_attribute_names_a_function_by_its_path_and_the_guard_as_it_is_told() {
    let events = recorded(|| assert_eq!(coffee_maker(2), 3));

    assert_eq!(
        events.tree(),
        "transaction job [success]\n  span custom_code::spans::coffee_maker [success]\n    \
         span near-to-machine [success]\n"
    );
}

#[tokio::test]
async fn the_attribute_the_guard_and_the_future_nest_in_each_other() {
    let agent = CheckedAgent::new();

    let work = async {
        let poured = async { pour(7).await }.in_span(span("round").span_type("app")).await;
        (poured, sip("tea").await, boxed().await)
    };
    let returned = agent.tracer().transaction("job", "script").run(work).await;

    assert_eq!(returned, (8, 3, ()));
    let events = agent.events();
    assert_eq!(
        events.tree(),
        "transaction job [success]\n  span round [success]\n    span pour [success]\n      \
         span custom_code::spans::coffee_maker [success]\n        span near-to-machine [success]\n  \
         span sip [success]\n  span boxed [success]\n"
    );
    let poured = events.span("pour");
    assert_eq!((poured.kind.as_str(), poured.subtype.as_deref()), ("app", Some("kitchen")));
    assert_eq!(poured.labels.get("cup"), Some(&LabelValue::from(7)));
}

#[test]
fn a_function_marked_err_fails_its_span_and_reports_the_error_once() {
    let events = recorded(|| {
        assert_eq!(checked(true), Ok(1));
        assert_eq!(checked(false), Err(fmt::Error));
        set_transaction_outcome(Outcome::Success);
    });

    let outcomes: Vec<_> = events.spans.iter().filter_map(|span| span.outcome).collect();
    assert_eq!(outcomes, [Outcome::Success, Outcome::Failure]);
    assert_eq!(events.errors.len(), 1);
    assert_eq!(events.errors[0].parent.unwrap().parent_id, events.spans[1].id);
}

#[test]
fn without_a_transaction_the_code_runs_and_nothing_is_recorded() {
    assert_eq!(coffee_maker(2), 3);
    assert_eq!(checked(false), Err(fmt::Error));
}

#[test]
fn a_span_that_panics_is_a_failure_in_every_form() {
    #[capture_span(name = "attribute")]
    fn attribute() {
        panic!("boom");
    }
    let events = recorded(|| {
        let guard = || {
            let _span = capture_span("guard");
            panic!("boom");
        };
        assert!(catch_unwind(attribute).is_err());
        assert!(catch_unwind(guard).is_err());
        let mut future = Box::pin(async { panic!("boom") }.in_span("future"));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(
            catch_unwind(AssertUnwindSafe(|| -> std::task::Poll<()> { future.as_mut().poll(&mut cx) }))
                .is_err()
        );
    });

    for name in ["attribute", "guard", "future"] {
        assert_eq!(events.span(name).outcome, Some(Outcome::Failure), "{name}");
    }
}

#[test]
fn the_users_outcome_of_a_span_wins_over_an_error_and_a_panic() {
    let events = recorded(|| {
        let _ = catch_unwind(|| {
            let span = capture_span("step");
            span.set_outcome(Outcome::Success);
            capture_error(&fmt::Error);
            panic!("boom");
        });
    });

    assert_eq!(events.span("step").outcome, Some(Outcome::Success));
}

#[test]
fn handles_are_current_nowhere_and_their_spans_hang_where_they_are_told() {
    let agent = CheckedAgent::new();
    let import = agent.tracer().transaction("import", "batch").start();
    let other = agent.tracer().transaction("other", "batch").begin();
    let parse = import.span("parse").start();
    let _current = capture_span("of the other");
    let line = parse.span("one line").start();
    drop(parse.span("in a scope").enter());

    assert_eq!(transaction_id(), other.id());
    drop((line, parse));
    let ended = std::thread::spawn(move || import.end()).join();
    assert!(ended.is_ok());
    drop((_current, other));

    assert_eq!(
        agent.events().tree(),
        "transaction import [success]\n  span parse [success]\n    span one line [success]\n    \
         span in a scope [success]\ntransaction other [success]\n  span of the other [success]\n"
    );
}

#[test]
fn a_span_may_be_renamed_and_an_empty_name_is_unnamed() {
    let events = recorded(|| {
        let span = capture_span("first");
        span.set_name("second");
        drop(span);
        drop(capture_span(""));
    });

    let names: Vec<_> = events.spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["second", "unnamed"]);
}
