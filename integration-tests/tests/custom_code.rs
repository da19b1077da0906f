//! What users write into their own code: spans in three forms, errors, labels, user and custom context.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

use elastic_apm::intake::{ErrorEvent, Exception};
use elastic_apm::{
    FutureExt, LabelValue, Outcome, TransactionOptions, User, capture_error, capture_message, capture_span,
    inject, label, set_custom_context, set_transaction_outcome, set_user_context, span, span_id, trace_id,
    trace_parent_header, transaction_id,
};
use elastic_apm_integration_tests::CheckedAgent;
use serde_json::{Value, json};

/// Runs `work` in a transaction of its own and returns what was recorded.
fn recorded(work: impl FnOnce()) -> elastic_apm::testing::Events {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    work();
    tx.end_with("job", "done");
    agent.events()
}

// Spans in three forms.

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
        "transaction job [success]\n  span custom_code::coffee_maker [success]\n    \
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
         span custom_code::coffee_maker [success]\n        span near-to-machine [success]\n  \
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

// Errors.

#[derive(Debug)]
struct Failed {
    what: String,
    because: Option<Box<dyn Error + Send + Sync>>,
}

impl Failed {
    fn new(what: &str) -> Self {
        Failed { what: what.to_owned(), because: None }
    }

    fn because(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Failed { because: Some(cause.into()), ..self }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.because.as_deref().map(|cause| cause as _)
    }
}

fn exception(error: &ErrorEvent) -> &Exception {
    error.exception.as_deref().unwrap()
}

/// The messages of an exception and its causes.
fn messages(error: &ErrorEvent) -> Vec<&str> {
    let mut found = vec![exception(error)];
    while let Some(cause) = found.last().unwrap().cause.first() {
        assert_eq!(found.last().unwrap().cause.len(), 1);
        found.push(cause);
    }
    found.into_iter().map(|exception| exception.message.as_deref().unwrap()).collect()
}

#[test]
fn an_error_carries_its_type_module_and_the_whole_chain_of_causes() {
    let error = Failed::new("top").because(Failed::new("middle").because("12a".parse::<u32>().unwrap_err()));

    let events = recorded(|| {
        capture_error(&error);
    });

    let error = &events.errors[0];
    assert_eq!(messages(error), ["top", "middle", "invalid digit found in string"]);
    let top = exception(error);
    assert_eq!(
        (top.kind.as_deref(), top.module.as_deref(), top.handled),
        (Some("Failed"), Some("custom_code"), Some(true))
    );
    assert_eq!(top.cause[0].kind.as_deref(), Some("Failed"));
    assert_eq!(top.cause[0].cause[0].kind.as_deref(), Some("ParseIntError"));
}

#[test]
fn a_boxed_or_referenced_error_is_named_after_what_is_inside() {
    let boxed: Box<dyn Error + Send + Sync> = Box::new(Failed::new("boxed"));
    let shared: std::sync::Arc<dyn Error> = std::sync::Arc::new(Failed::new("shared"));
    let reference: &dyn Error = &Failed::new("referenced");
    let plain_box = Box::new(Failed::new("plain box"));

    let events = recorded(|| {
        capture_error(&*boxed);
        capture_error(&*shared);
        capture_error(&shared);
        capture_error(reference);
        capture_error(&reference);
        capture_error(&plain_box);
    });

    assert_eq!(events.errors.len(), 6);
    for error in &events.errors {
        assert_eq!(exception(error).kind.as_deref(), Some("Failed"), "{:?}", exception(error).message);
    }
}

#[test]
fn a_message_in_a_box_never_becomes_the_type() {
    let boxed: Box<dyn Error> = "connection to db-7 lost".into();

    let events = recorded(|| {
        capture_error(&*boxed);
    });

    assert_eq!(exception(&events.errors[0]).kind, None);
    assert_eq!(exception(&events.errors[0]).message.as_deref(), Some("connection to db-7 lost"));
}

#[test]
fn a_chain_without_end_and_one_that_is_too_long_are_cut() {
    #[derive(Debug)]
    struct Cyclic;
    impl fmt::Display for Cyclic {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("around and around")
        }
    }
    impl Error for Cyclic {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(self)
        }
    }
    let long = (0..200)
        .fold(Failed::new("root"), |cause, level| Failed::new(&format!("level {level}")).because(cause));

    let events = recorded(|| {
        capture_error(&Cyclic);
        capture_error(&long);
    });

    assert_eq!(messages(&events.errors[0]).len(), 51);
    let long = messages(&events.errors[1]);
    assert_eq!((long.len(), long[0], long[50]), (51, "level 199", "level 149"));
}

#[test]
fn an_error_that_calls_the_agent_while_it_is_printed_does_not_hang() {
    #[derive(Debug)]
    struct Chatty;
    impl fmt::Display for Chatty {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            label("printed", true);
            drop(capture_span("printing"));
            capture_message("while printing");
            f.write_str("chatty")
        }
    }
    impl Error for Chatty {}

    let events = recorded(|| {
        let _span = capture_span("step");
        capture_error(&Chatty);
    });

    assert_eq!(events.errors.len(), 2);
    assert_eq!(events.span("printing").parent_id, events.span("step").id);
    assert_eq!(events.transaction("job").labels.get("printed"), Some(&LabelValue::from(true)));
}

#[test]
fn an_error_is_sent_before_its_span_and_transaction_and_has_the_current_span_as_parent() {
    let events = recorded(|| {
        let in_transaction = capture_error(&Failed::new("first"));
        assert!(in_transaction.is_some());
        let _outer = capture_span("outer");
        let _inner = capture_span("inner");
        capture_error(&Failed::new("second"));
    });

    let job = events.transaction("job");
    let [first, second] = &events.errors[..] else { panic!("{}", events.tree()) };
    assert_eq!(first.parent.unwrap().parent_id, job.id);
    assert_eq!(second.parent.unwrap().parent_id, events.span("inner").id);
    for error in [first, second] {
        let parent = error.parent.unwrap();
        assert_eq!((parent.trace_id, parent.transaction_id), (job.trace_id, Some(job.id)));
    }
    let outcomes = [events.span("outer").outcome, events.span("inner").outcome, job.outcome];
    assert_eq!(outcomes, [Some(Outcome::Success), Some(Outcome::Failure), Some(Outcome::Failure)]);
    let position =
        |kind: &str| events.lines.iter().position(|line| line.starts_with(&format!("{{\"{kind}\""))).unwrap();
    assert!(position("error") < position("span") && position("span") < position("transaction"));
}

#[test]
fn an_error_copies_labels_user_custom_context_name_and_type_of_its_transaction() {
    let events = recorded(|| {
        elastic_apm::set_transaction_name("job");
        label("tenant", "acme");
        set_user_context(User {
            id: Some("7".into()),
            email: Some("a@example.com".into()),
            ..User::default()
        });
        set_custom_context("cart", json!({"items": [1, 2]}));
        capture_error(&fmt::Error);
        label("later", true);
    });

    let (error, job) = (&events.errors[0], events.transaction("job"));
    assert_eq!(error.labels.get("tenant"), Some(&LabelValue::from("acme")));
    assert_eq!(error.labels.get("later"), None, "what comes later is not copied");
    assert_eq!(error.context, job.context);
    let about = error.transaction.as_ref().unwrap();
    assert_eq!(
        (about.name.as_deref(), about.kind.as_deref(), about.sampled),
        (Some("job"), Some("script"), true)
    );
}

#[test]
fn an_error_outside_a_transaction_stands_alone() {
    let agent = CheckedAgent::new();

    let id = agent.tracer().capture_error(&fmt::Error);
    agent.tracer().capture_message("a message");

    let events = agent.events();
    assert_eq!(Some(events.errors[0].id), id);
    assert_eq!(events.errors.len(), 2);
    for error in &events.errors {
        assert!(error.parent.is_none() && error.transaction.is_none());
    }
}

#[test]
fn every_error_has_an_id_of_its_own_and_it_is_returned() {
    let mut returned = Vec::new();

    let events = recorded(|| returned = (0..50).filter_map(|_| capture_error(&fmt::Error)).collect());

    let sent: Vec<_> = events.errors.iter().map(|error| error.id).collect();
    assert_eq!(sent, returned);
    assert_eq!(sent.iter().collect::<HashSet<_>>().len(), 50);
}

#[test]
fn a_message_is_a_log_at_level_error() {
    let events = recorded(|| {
        capture_message("disk is nearly full");
    });

    let error = &events.errors[0];
    let log = error.log.as_ref().unwrap();
    assert_eq!((log.message.as_str(), log.level.as_deref()), ("disk is nearly full", Some("error")));
    assert!(error.exception.is_none());
}

#[test]
fn long_messages_are_cut_and_an_empty_one_is_sent() {
    let long = "x".repeat(1_000_000);

    let events = recorded(|| {
        capture_error(&Failed::new(&long));
        capture_message(long.clone());
        capture_error(&Failed::new(""));
        capture_message("");
    });

    let cut = |text: &str| (text.chars().count(), text.ends_with('…'));
    assert_eq!(cut(exception(&events.errors[0]).message.as_deref().unwrap()), (10_000, true));
    assert_eq!(cut(&events.errors[1].log.as_ref().unwrap().message), (10_000, true));
    assert_eq!(events.errors.len(), 4);
}

// Labels.

/// The `tags` of the only transaction, as sent.
fn tags(events: &elastic_apm::testing::Events) -> Value {
    let line = events.lines.iter().find(|line| line.starts_with("{\"transaction\"")).unwrap();
    let event: Value = serde_json::from_str(line).unwrap();
    event["transaction"]["context"]["tags"].clone()
}

#[test]
fn labels_of_every_type_keep_it() {
    let events = recorded(|| {
        label("text", "str");
        label("owned", String::from("string"));
        label("cow", std::borrow::Cow::Borrowed("cow"));
        label("true", true);
        label("byte", 255_u8);
        label("negative", -1_i8);
        label("short", -300_i16);
        label("int", 42);
        label("long", i64::MIN);
        label("size", 7_usize);
        label("float", 1.5_f32);
        label("double", -0.25);
        label("empty", "");
    });

    assert_eq!(
        tags(&events),
        json!({
            "text": "str", "owned": "string", "cow": "cow", "true": true, "byte": 255, "negative": -1, "short": -300,
            "int": 42, "long": i64::MIN, "size": 7, "float": 1.5, "double": -0.25, "empty": ""
        })
    );
}

#[test]
fn numbers_that_json_does_not_know_are_sent_as_text_or_rounded() {
    let events = recorded(|| {
        label("nan", f64::NAN);
        label("infinite", f64::INFINITY);
        label("negative", f32::NEG_INFINITY);
        label("huge", u128::MAX);
    });

    assert_eq!(
        tags(&events),
        json!({"nan": "NaN", "infinite": "inf", "negative": "-inf", "huge": u128::MAX as f64})
    );
}

#[test]
fn hostile_keys_are_rewritten_and_the_last_value_of_a_key_wins() {
    let events = recorded(|| {
        label("a.b*c\"d", 1);
        label("a_b_c_d", 2);
        label("", "empty key");
        label("\u{0}\n\t\\", "control");
        label("zażółć ☃ 😀", "unicode");
    });

    assert_eq!(
        tags(&events),
        json!({"a_b_c_d": 2, "": "empty key", "\u{0}\n\t\\": "control", "zażółć ☃ 😀": "unicode"})
    );
}

#[test]
fn keys_and_values_of_a_megabyte_are_cut() {
    let huge = "é".repeat(500_000);

    let events = recorded(|| {
        label(huge.clone(), huge.clone());
        let _span = span(huge.clone()).label("value", huge.clone()).span_type(huge.clone()).enter();
    });

    let tags = tags(&events);
    let (key, value) = tags.as_object().unwrap().iter().next().unwrap();
    assert_eq!((key.chars().count(), value.as_str().unwrap().chars().count()), (1024, 1024));
    let span = &events.spans[0];
    assert_eq!((span.name.chars().count(), span.kind.chars().count()), (1024, 1024));
}

#[test]
fn thousands_of_labels_all_arrive() {
    let events = recorded(|| {
        for number in 0..2_000 {
            label(format!("key {number}"), number);
        }
    });

    let tags = tags(&events);
    assert_eq!(tags.as_object().unwrap().len(), 2_000);
    assert_eq!(tags["key 1999"], 1999);
}

#[test]
fn labels_of_a_span_stay_on_the_span() {
    let events = recorded(|| {
        let described = span("step").label("early", 1).label_with("lazy", || "computed").enter();
        described.label("late", true);
        label("of the transaction", 1);
    });

    let step = events.span("step");
    let labels: Vec<_> = step.labels.iter().collect();
    assert_eq!(labels, [("early", &1.into()), ("lazy", &"computed".into()), ("late", &true.into())]);
    assert_eq!(tags(&events), json!({"of the transaction": 1}));
}

#[test]
fn labels_may_be_set_from_many_threads_at_once() {
    let agent = CheckedAgent::new();
    let transaction = agent.tracer().transaction("job", "script").start();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let mut context = transaction.context();
            scope.spawn(move || {
                let _entered = context.enter();
                for number in 0..100 {
                    label(format!("{thread}/{number}"), number);
                }
            });
        }
    });
    drop(transaction);

    assert_eq!(tags(&agent.events()).as_object().unwrap().len(), 400);
}

// User and custom context.

#[test]
fn the_user_is_sent_and_replaced_as_a_whole() {
    let events = recorded(|| {
        set_user_context(User {
            id: Some("1".into()),
            email: Some("old@example.com".into()),
            ..User::default()
        });
        set_user_context(User {
            id: Some("2".into()),
            username: Some("x".repeat(2000).into()),
            ..User::default()
        });
    });

    let user = events.transaction("job").context.as_ref().unwrap().user.as_ref().unwrap();
    assert_eq!((user.id.as_deref(), user.email.as_deref()), (Some("2"), None));
    assert_eq!(user.username.as_deref().unwrap().chars().count(), 1024);
}

#[test]
fn custom_context_takes_any_json_and_merges_by_key() {
    let events = recorded(|| {
        set_custom_context("a.b*c\"d", json!([1, {"nested.key": null}]));
        set_custom_context("number", 1);
        set_custom_context("number", 2);
        set_custom_context("not a number", f64::NAN);
        set_custom_context("", "");
    });

    let custom = events.transaction("job").context.as_ref().unwrap().custom.clone().unwrap();
    assert_eq!(
        Value::Object(custom),
        json!({"a_b_c_d": [1, {"nested.key": null}], "number": 2, "not a number": null, "": ""})
    );
}

#[test]
fn options_carry_labels_to_the_transaction() {
    let agent = CheckedAgent::new();

    drop(agent.tracer().begin_transaction(TransactionOptions::new("script").label("a.b", 1).label("a_b", 2)));

    assert_eq!(tags(&agent.events()), json!({"a_b": 2}));
}

// Passing the trace on.

#[test]
fn the_header_is_the_current_spans_or_else_the_transactions() {
    let mut seen = Vec::new();

    let events = recorded(|| {
        seen.push((trace_parent_header().unwrap(), span_id()));
        let _outer = capture_span("outer");
        let inner = capture_span("inner");
        seen.push((trace_parent_header().unwrap(), span_id()));
        assert_eq!(inner.trace_parent().unwrap().to_string(), trace_parent_header().unwrap());
        drop(inner);
        seen.push((trace_parent_header().unwrap(), span_id()));
    });

    let job = events.transaction("job");
    let header = |id| format!("00-{}-{id}-01", job.trace_id);
    let (outer, inner) = (events.span("outer").id, events.span("inner").id);
    assert_eq!(seen, [(header(job.id), None), (header(inner), Some(inner)), (header(outer), Some(outer))]);
}

#[test]
fn the_ids_that_are_current_are_the_ids_that_are_sent() {
    let mut seen = None;

    let events = recorded(|| {
        let _span = capture_span("step");
        seen = Some((trace_id().unwrap(), transaction_id().unwrap(), span_id().unwrap()));
    });

    let (job, step) = (events.transaction("job"), events.span("step"));
    assert_eq!(seen, Some((job.trace_id, job.id, step.id)));
    assert_eq!((step.trace_id, step.transaction_id), (job.trace_id, Some(job.id)));
}

#[test]
fn inject_replaces_what_is_there_and_keeps_other_headers() {
    let mut headers = http::HeaderMap::new();
    headers.append("traceparent", http::HeaderValue::from_static("stale"));
    headers.append("traceparent", http::HeaderValue::from_static("staler"));
    headers.append("tracestate", http::HeaderValue::from_static("stale=1"));
    headers.append("x-other", http::HeaderValue::from_static("kept"));

    let events = recorded(|| inject(&mut headers));

    let job = events.transaction("job");
    assert_eq!(headers.len(), 3);
    assert_eq!(headers["traceparent"], format!("00-{}-{}-01", job.trace_id, job.id));
    assert_eq!(
        (&headers["tracestate"], &headers["x-other"]),
        (&"es=s:1".parse().unwrap(), &"kept".parse().unwrap())
    );
}
