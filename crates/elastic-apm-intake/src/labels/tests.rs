use super::Labels;
use crate::label_value::LabelValue;

fn written(labels: &Labels) -> String {
    serde_json::to_string(labels).unwrap()
}

#[test]
fn a_label_value_takes_24_bytes() {
    assert_eq!(size_of::<LabelValue>(), 24);
    assert_eq!(size_of::<Labels>(), 104);
}

#[test]
fn values_keep_their_types() {
    let mut labels = Labels::new();
    labels.insert("s", "text");
    labels.insert("b", true);
    labels.insert("i", -3);
    labels.insert("f", 0.5);
    labels.insert("o", String::from("owned"));
    labels.insert("c", LabelValue::copied("copied"));

    let json = written(&labels);

    assert_eq!(json, r#"{"s":"text","b":true,"i":-3,"f":0.5,"o":"owned","c":"copied"}"#);
    assert_eq!(serde_json::from_str::<Labels>(&json).unwrap(), labels);
}

#[test]
fn integers_beyond_i64_become_numbers() {
    assert_eq!(LabelValue::from(i64::MAX as u64), LabelValue::Integer(i64::MAX));
    assert_eq!(LabelValue::from(u64::MAX), LabelValue::Number(18_446_744_073_709_551_615.0));
    assert_eq!(LabelValue::from(usize::MAX), LabelValue::from(u64::MAX));
    assert_eq!(
        LabelValue::from(i128::MIN),
        LabelValue::Number(-170_141_183_460_469_231_731_687_303_715_884_105_728.0)
    );
    assert_eq!(LabelValue::from(i128::from(i64::MIN)), LabelValue::Integer(i64::MIN));
    assert_eq!(LabelValue::from(u128::MAX), LabelValue::Number(u128::MAX as f64));
}

#[test]
fn numbers_that_are_not_finite_become_text() {
    let mut labels = Labels::new();
    labels.insert("nan", f32::NAN);
    labels.insert("inf", f64::INFINITY);
    labels.insert("neg", LabelValue::Number(f64::NEG_INFINITY));

    assert_eq!(written(&labels), r#"{"nan":"NaN","inf":"inf","neg":"-inf"}"#);
}

#[test]
fn the_last_value_of_a_key_wins_in_the_first_ones_place() {
    let mut labels: Labels = [("a", 1), ("b", 2)].into_iter().collect();

    labels.extend([("a", 3)]);

    assert_eq!(written(&labels), r#"{"a":3,"b":2}"#);
}

#[test]
fn keys_are_rewritten_and_equal_ones_are_one() {
    let mut labels = Labels::new();
    labels.insert("a.b*c\"d", 1);
    labels.insert("a_b_c_d", 2);
    labels.insert("a*b.c_d", 3);

    assert_eq!(written(&labels), r#"{"a_b_c_d":3}"#);
    assert_eq!(labels.get("a.b.c.d"), Some(&LabelValue::Integer(3)));
    assert_eq!(labels.len(), 1);
}

#[test]
fn keys_that_differ_beyond_the_limit_are_one() {
    let mut labels = Labels::new();
    labels.insert(format!("{}x", "k".repeat(1024)), 1);
    labels.insert(format!("{}y", "k".repeat(1024)), 2);

    assert_eq!(written(&labels), format!("{{\"{}…\":2}}", "k".repeat(1023)));
}

#[test]
fn reading_drops_nulls_and_keeps_the_last_of_equal_keys() {
    let labels: Labels = serde_json::from_str(r#"{"a":null,"b.c":1,"b_c":2.5,"d":"x"}"#).unwrap();

    assert_eq!(written(&labels), r#"{"b_c":2.5,"d":"x"}"#);
}

#[test]
fn integers_stay_integers_when_read() {
    let labels: Labels = serde_json::from_str(
        r#"{"i":7,"n":-7,"f":7.0,"big":100000000000000000000,"u":18446744073709551615}"#,
    )
    .unwrap();

    assert_eq!(labels.get("i"), Some(&LabelValue::Integer(7)));
    assert_eq!(labels.get("n"), Some(&LabelValue::Integer(-7)));
    assert_eq!(labels.get("f"), Some(&LabelValue::Number(7.0)));
    assert_eq!(labels.get("big"), Some(&LabelValue::Number(1e20)));
    assert_eq!(labels.get("u"), Some(&LabelValue::from(u64::MAX)));
}

#[test]
fn nested_values_are_refused() {
    for json in [r#"{"a":{}}"#, r#"{"a":[1]}"#, "[]", "1"] {
        assert!(serde_json::from_str::<Labels>(json).is_err(), "{json}");
    }
}

#[test]
fn labels_are_equal_in_any_order_but_not_with_other_values() {
    let labels: Labels = [("a.b", 1), ("c", 2)].into_iter().collect();

    assert_eq!(labels, [("c", 2), ("a_b", 1)].into_iter().collect());
    assert_ne!(labels, [("c", 2), ("a_b", 3)].into_iter().collect());
    assert_ne!(labels, [("c", 2)].into_iter().collect());
}

#[test]
fn iteration_follows_insertion() {
    let labels: Labels = [("z", 1), ("a", 2), ("m", 3)].into_iter().collect();

    assert_eq!(labels.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["z", "a", "m"]);
    assert_eq!(labels.into_iter().map(|(key, _)| key.to_string()).collect::<String>(), "zam");
}

#[test]
fn of_many_labels_each_key_counts_once_in_its_first_place_with_its_last_value() {
    let mut labels = Labels::new();
    for round in 0..3 {
        for number in 0..1_000 {
            labels.insert(format!("key.{number}"), round * 1_000 + number);
        }
    }

    assert_eq!(labels.len(), 1_000);
    assert_eq!(labels.get("key_7"), Some(&LabelValue::Integer(2_007)));
    let read: Labels = serde_json::from_str(&written(&labels)).unwrap();
    assert_eq!((read.len(), &read), (1_000, &labels));
    let expected: Vec<_> =
        (0..1_000).map(|number| (format!("key.{number}"), LabelValue::Integer(2_000 + number))).collect();
    let in_order: Vec<_> = labels.into_iter().map(|(key, value)| (key.to_string(), value)).collect();
    assert_eq!(in_order, expected);
}

#[test]
fn hundreds_of_thousands_of_labels_are_no_millions_of_comparisons() {
    let labels: Labels = (0..100_000).map(|number| (format!("key {number}"), number)).collect();

    assert_eq!(labels.len(), 100_000);
}

#[test]
fn a_key_that_is_set_again_and_again_takes_no_more_memory() {
    let mut labels: Labels = (0..100).map(|number| (format!("key {number}"), 0)).collect();
    let before = labels.heap_bytes();

    for round in 0..100_000 {
        labels.insert("key 7", round);
    }

    assert!(labels.heap_bytes() <= 2 * before, "{} after {before}", labels.heap_bytes());
    assert_eq!((labels.len(), labels.get("key 7")), (100, Some(&LabelValue::Integer(99_999))));
}

#[test]
fn however_many_labels_there_are_one_that_is_set_again_rarely_looks_at_all_of_them() {
    for count in 40..300 {
        let mut labels: Labels = (0..count).map(|number| (format!("key {number}"), 0)).collect();
        let (mut looks, mut before) = (0, labels.more().len());

        for round in 0..1_000 {
            labels.insert("key 7", round);
            looks += usize::from(labels.more().len() <= before);
            before = labels.more().len();
        }

        assert!(looks <= 1 + 1_000 / (count - 10), "{looks} times at {count} labels");
    }
}

#[test]
fn of_a_megabyte_only_what_is_written_is_kept() {
    let mut labels = Labels::new();
    labels.insert("k".repeat(1 << 20), "é".repeat(1 << 19));

    assert!(labels.heap_bytes() < 8 << 10, "{}", labels.heap_bytes());
}
