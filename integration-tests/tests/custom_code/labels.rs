//! Labels of every type, and hostile ones.

use elastic_apm::{label, span};
use elastic_apm_integration_tests::CheckedAgent;
use serde_json::json;

use crate::{recorded, tags};

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
