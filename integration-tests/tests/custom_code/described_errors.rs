//! What callers say of an error or a message beyond what it says itself.

use std::fmt;
use std::time::{Duration, SystemTime};

use elastic_apm::intake::ErrorEvent;
use elastic_apm::{
    LabelValue, Outcome, User, capture_span, error, label, message, set_custom_context, set_user_context,
};
use elastic_apm_integration_tests::CheckedAgent;
use serde_json::{Value, json};

use crate::recorded;

/// What is sent where `work` runs in a transaction and reports one error.
fn reported(work: impl FnOnce()) -> ErrorEvent {
    let mut events = recorded(work);
    assert_eq!(events.errors.len(), 1, "{}", events.tree());
    events.errors.remove(0)
}

fn custom(error: &ErrorEvent) -> Value {
    error.context.as_ref().and_then(|context| context.custom.clone()).map_or(Value::Null, Value::Object)
}

#[test]
fn an_error_is_described_before_it_is_captured() {
    let sent = reported(|| {
        let id = error(&fmt::Error).handled(false).code(1045).culprit("shop::pay").capture();
        assert!(id.is_some());
    });

    let exception = sent.exception.as_ref().unwrap();
    assert_eq!((exception.handled, exception.code.as_deref()), (Some(false), Some("1045")));
    assert_eq!(sent.culprit.as_deref(), Some("shop::pay"));
}

#[test]
fn what_is_said_of_an_error_lies_over_what_is_known_of_its_transaction() {
    let user = |id: &'static str| User { id: Some(id.into()), ..User::default() };

    let sent = reported(|| {
        label("tenant", "acme");
        label("cart", 1);
        set_user_context(user("7"));
        set_custom_context("kept", json!([1, 2]));
        set_custom_context("replaced", "old");
        error(&fmt::Error)
            .label("cart", 2)
            .label("own", true)
            .custom("replaced", "new")
            .custom("a.b", 1)
            .user(user("8"))
            .capture();
    });

    let labels: Vec<_> = sent.labels.iter().map(|(key, value)| (key, value.clone())).collect();
    let expected = [
        ("tenant", LabelValue::from("acme")),
        ("cart", LabelValue::from(2)),
        ("own", LabelValue::from(true)),
    ];
    assert_eq!(labels, expected);
    assert_eq!(custom(&sent), json!({"kept": [1, 2], "replaced": "new", "a_b": 1}));
    assert_eq!(sent.context.as_ref().unwrap().user, Some(Box::new(user("8"))));
}

#[test]
fn what_is_said_of_an_error_stays_with_it() {
    let events = recorded(|| {
        error(&fmt::Error).label("own", true).custom("own", 1).capture();
        error(&fmt::Error).capture();
    });

    assert!(events.transaction("job").labels.is_empty() && events.transaction("job").context.is_none());
    assert!(events.errors[1].labels.is_empty() && events.errors[1].context.is_none());
}

#[test]
fn what_is_known_of_the_transaction_is_looked_at_when_the_error_is_captured() {
    let sent = reported(|| {
        let described = error(&fmt::Error);
        label("later", true);
        described.capture();
    });

    assert_eq!(sent.labels.get("later"), Some(&LabelValue::from(true)));
}

#[test]
fn an_error_may_be_told_of_afterwards() {
    let then = SystemTime::now() - Duration::from_secs(60);

    let past = reported(|| assert!(error(&fmt::Error).happened_at(then).capture().is_some()));
    let later = then + Duration::from_secs(3600);
    let future = reported(|| assert!(message("soon").happened_at(later).capture().is_some()));

    let epoch = then.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros() as u64;
    assert_eq!(past.timestamp, epoch);
    assert!(future.timestamp > epoch && future.timestamp < epoch + 600_000_000);
}

#[test]
fn a_description_that_is_dropped_is_not_sent() {
    let events = recorded(|| drop(error(&fmt::Error).label("a", 1)));

    assert!(events.errors.is_empty());
    assert_eq!(events.transaction("job").outcome, Some(Outcome::Success));
}

#[test]
fn a_message_has_a_template_a_level_and_a_logger() {
    let sent = reported(|| {
        message("order 7 is late")
            .param_message("order {} is late")
            .level("critical")
            .logger_name("shop::orders")
            .label("order", 7)
            .culprit("shop::late")
            .capture();
    });

    let log = sent.log.as_ref().unwrap();
    assert_eq!(
        (&*log.message, log.param_message.as_deref(), log.level.as_deref(), log.logger_name.as_deref()),
        ("order 7 is late", Some("order {} is late"), Some("critical"), Some("shop::orders"))
    );
    assert_eq!((sent.labels.len(), sent.culprit.as_deref()), (1, Some("shop::late")));
}

#[test]
fn a_message_below_level_error_says_nothing_of_the_outcome() {
    for (level, outcome) in [
        ("info", Outcome::Success),
        ("WARN", Outcome::Success),
        ("warning", Outcome::Success),
        ("error", Outcome::Failure),
        ("critical", Outcome::Failure),
        ("unheard-of", Outcome::Failure),
    ] {
        let events = recorded(|| {
            let _span = capture_span("step");
            message("m").level(level).capture();
        });

        let outcomes = (events.transaction("job").outcome, events.span("step").outcome);
        assert_eq!(outcomes, (Some(outcome), Some(outcome)), "{level}");
    }
}

#[test]
fn a_transaction_and_a_span_report_their_own_errors_whatever_is_current() {
    let agent = CheckedAgent::new();
    let other = agent.tracer().transaction("other", "script").start();
    let step = other.span("step").start();

    agent.tracer().transaction("current", "script").run_sync(|| {
        other.capture_error(&fmt::Error);
        step.error(&fmt::Error).handled(false).capture();
        step.message("slow").level("info").capture();
    });
    let (other_id, step_id) = (other.id().unwrap(), step.id().unwrap());
    drop(step);
    drop(other);

    let events = agent.events();
    let parents: Vec<_> = events.errors.iter().map(|error| error.parent.unwrap().parent_id).collect();
    assert_eq!(parents, [other_id, step_id, step_id]);
    assert!(events.errors.iter().all(|error| error.parent.unwrap().transaction_id == Some(other_id)));
    assert_eq!(events.transaction("current").outcome, Some(Outcome::Success));
    assert_eq!(events.span("step").outcome, Some(Outcome::Failure));
    assert_eq!(events.transaction("other").outcome, Some(Outcome::Failure));
}
