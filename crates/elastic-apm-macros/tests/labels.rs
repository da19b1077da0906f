//! `labels(…)`: asked for one by one, worked out only where they are recorded.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use elastic_apm::testing::{Events, RecordingAgent};
use elastic_apm::{LabelValue, capture_span};

mod support;
use support::{recorded, recorded_async};

fn label(events: &Events, key: &str) -> Option<LabelValue> {
    events.spans[0].labels.get(key).cloned()
}

/// Counts how often it is asked for its value.
#[derive(Default)]
struct Costly(Cell<u32>);

impl Costly {
    fn value(&self) -> u32 {
        self.0.set(self.0.get() + 1);
        7
    }
}

#[capture_span(labels(costly = costly.value()))]
fn work(costly: &Costly) {}

#[test]
fn a_label_may_use_the_arguments() {
    let costly = Costly::default();

    let events = recorded(|| work(&costly));

    assert_eq!((label(&events, "costly"), costly.0.get()), (Some(LabelValue::Integer(7)), 1));
}

#[test]
fn nothing_is_worked_out_without_a_transaction() {
    let costly = Costly::default();

    work(&costly);

    assert_eq!(costly.0.get(), 0);
}

#[test]
fn nothing_is_worked_out_in_an_unsampled_transaction() {
    let costly = Costly::default();
    let agent = RecordingAgent::with(|builder| builder.transaction_sample_rate(0.0));

    let transaction = agent.tracer().begin_transaction("script");
    work(&costly);
    drop(transaction);

    assert_eq!((costly.0.get(), agent.events().spans.len()), (0, 0));
}

#[test]
fn nothing_is_worked_out_for_a_span_over_the_limit() {
    let costly = Costly::default();
    let agent = RecordingAgent::with(|builder| builder.transaction_max_spans(0));

    let transaction = agent.tracer().begin_transaction("script");
    work(&costly);
    drop(transaction);

    assert_eq!((costly.0.get(), agent.events().transactions[0].span_count.dropped), (0, 1));
}

#[test]
fn keys_are_words_or_texts() {
    #[capture_span(labels(plain = 1, r#type = 2, "user.id" = 3))]
    fn work() {}

    let events = recorded(work);

    assert_eq!(label(&events, "plain"), Some(LabelValue::Integer(1)));
    assert_eq!(label(&events, "type"), Some(LabelValue::Integer(2)));
    assert_eq!(label(&events, "user_id"), Some(LabelValue::Integer(3)));
}

#[test]
fn every_kind_of_value_is_read_through_a_reference() {
    #[capture_span(labels(
        owned = owned, cow = cow, shared = shared, number = **number, flag = flag, float = -0.5, sum = number.wrapping_add(1)
    ))]
    async fn work(owned: String, cow: Cow<'_, str>, shared: Arc<str>, number: &&u64, flag: bool) -> String {
        format!("{owned}{cow}{shared}{number}{flag}")
    }

    let events = recorded_async(async {
        let text = String::from("borrowed");
        let all = work("owned".into(), Cow::Borrowed(&text), "shared".into(), &&1, true).await;
        assert_eq!(all, "ownedborrowedshared1true");
    });

    let labels = &events.spans[0].labels;
    let keys = ["owned", "cow", "shared", "number", "flag", "float", "sum"];
    let values: Vec<_> = keys.into_iter().map(|key| labels.get(key).cloned()).collect();
    assert_eq!(
        values,
        [
            Some(LabelValue::from("owned")),
            Some(LabelValue::from("borrowed")),
            Some(LabelValue::from("shared")),
            Some(LabelValue::Integer(1)),
            Some(LabelValue::Bool(true)),
            Some(LabelValue::Number(-0.5)),
            Some(LabelValue::Integer(2)),
        ]
    );
}
