use super::{LineError, read_lines};
use crate::line::Event;

const IDS: &str = r#""id":"b7ad6b7169203331","trace_id":"0af7651916cd43dd8448eb211c80319c""#;

fn wrong(line: &str) -> (String, String) {
    match Event::from_line(line.as_bytes()) {
        Err(LineError::Invalid { field, message }) => (field, message),
        other => panic!("{line}: {other:?}"),
    }
}

fn transaction(fields: &str) -> String {
    format!(r#"{{"transaction":{{{IDS},"type":"t","duration":1,"span_count":{{"started":0}}{fields}}}}}"#)
}

#[test]
fn the_field_that_is_wrong_is_named() {
    let cases = [
        (transaction(r#","name":5"#), "transaction.name"),
        (transaction(r#","name":{"a":1}"#), "transaction.name"),
        (transaction(r#","parent_id":"xyz""#), "transaction.parent_id"),
        (transaction(r#","timestamp":1.5"#), "transaction.timestamp"),
        (transaction(r#","timestamp":1e6"#), "transaction.timestamp"),
        (transaction(r#","outcome":"good""#), "transaction.outcome"),
        (transaction(r#","sample_rate":1.5"#), "transaction.sample_rate"),
        (
            transaction(r#","context":{"response":{"status_code":200.0}}"#),
            "transaction.context.response.status_code",
        ),
        (transaction(r#","context":{"request":{"url":{}}}"#), "transaction.context.request"),
        (
            transaction(r#","context":{"request":{"method":"GET","url":{"port":"http"}}}"#),
            "transaction.context.request.url.port",
        ),
        (
            transaction(r#","context":{"request":{"method":"GET","headers":{"a":["b",1]}}}"#),
            "transaction.context.request.headers.a[1]",
        ),
        (transaction(r#","context":{"tags":{"a":[]}}"#), "transaction.context.tags.a"),
        (
            transaction(r#","links":[{"trace_id":"0af7651916cd43dd8448eb211c80319c"}]"#),
            "transaction.links[0]",
        ),
        (r#"{"span":{}}"#.to_owned(), "span"),
        (r#"{"span":7}"#.to_owned(), "span"),
        (r#"{"error":{"id":"0af7651916cd43dd8448eb211c80319c"}}"#.to_owned(), "error"),
        (r#"{"metricset":{"samples":{"a":{"value":"1"}}}}"#.to_owned(), "metricset.samples.a.value"),
        (
            r#"{"metadata":{"service":{"name":"a","agent":{"name":"b"}}}}"#.to_owned(),
            "metadata.service.agent",
        ),
    ];

    for (line, field) in &cases {
        assert_eq!(wrong(line).0, *field, "{line}");
    }
}

#[test]
fn the_message_says_what_is_wrong() {
    let (_, missing) = wrong(r#"{"span":{}}"#);
    let (_, id) = wrong(&transaction(r#","parent_id":"xyz""#));
    let (_, kind) = wrong(r#"{"span":7}"#);

    assert_eq!(missing, "missing field `id`");
    assert_eq!(id, r#"invalid value: string "xyz", expected 16 hex digits"#);
    assert_eq!(kind, "invalid type: integer `7`, expected an object");
}

#[test]
fn what_is_not_json_is_told_apart() {
    for line in ["", "   ", "{", "nonsense", "{\"span\":{\"id\":", "{\"span\":{\"name\":\"\u{1}\"}}"] {
        assert!(matches!(Event::from_line(line.as_bytes()), Err(LineError::NotJson { .. })), "{line}");
    }
}

#[test]
fn a_line_has_to_name_a_kind() {
    for line in ["{}", "[]", "5", "null", "\"span\""] {
        assert_eq!(Event::from_line(line.as_bytes()), Err(LineError::NoKind), "{line}");
    }
    assert_eq!(
        Event::from_line(br#"{"profile":{"a":[1,2]}}"#),
        Err(LineError::UnknownKind { kind: "profile".to_owned() })
    );
}

#[test]
fn what_follows_the_event_is_ignored() {
    let lines = [
        transaction("") + " trailing",
        transaction("").replacen("}}}", r#"}},"span":{"id":5}}"#, 1),
        transaction(r#","unknown":{"deep":[[{}]]},"marks":{"agent":{"a":1.5}},"session":5"#),
    ];

    for line in &lines {
        assert!(Event::from_line(line.as_bytes()).is_ok(), "{line}");
    }
}

#[test]
fn null_is_absent_everywhere_it_may_be() {
    let line = transaction(
        r#","name":null,"timestamp":null,"result":null,"outcome":null,"sampled":null,"sample_rate":null,"context":null,
        "dropped_spans_stats":null,"links":null,"otel":null,"faas":null,"parent_id":null"#,
    );

    let Ok(Event::Transaction(event)) = Event::from_line(line.as_bytes()) else { panic!("{line}") };

    assert!(event.sampled);
    assert_eq!(event.context, None);
    assert_eq!(event.name, None);
}

#[test]
fn numbers_nobody_means_are_read_as_absent() {
    let line = transaction(
        r#","context":{"response":{"status_code":-1,"transfer_size":-1},"request":{"method":"GET","url":{"port":"70000"}}}"#,
    );

    let Ok(Event::Transaction(event)) = Event::from_line(line.as_bytes()) else { panic!("{line}") };
    let context = event.context.unwrap();

    assert_eq!(context.response.unwrap().status_code, None);
    assert_eq!(context.request.unwrap().url.port, None);
}

#[test]
fn strings_and_integers_are_both_read_where_the_schema_says_so() {
    let line =
        transaction(r#","context":{"user":{"id":42},"request":{"method":"GET","url":{"port":"8080"}}}"#);

    let Ok(Event::Transaction(event)) = Event::from_line(line.as_bytes()) else { panic!("{line}") };
    let context = event.context.unwrap();

    assert_eq!(context.user.unwrap().id, Some("42".into()));
    assert_eq!(context.request.unwrap().url.port, Some(8080));
}

#[test]
fn an_error_with_half_a_parent_stands_outside_of_the_trace() {
    for half in [
        r#""trace_id":"0af7651916cd43dd8448eb211c80319c""#,
        r#""parent_id":"b7ad6b7169203331""#,
        r#""transaction_id":"b7ad6b7169203331","trace_id":"0af7651916cd43dd8448eb211c80319c""#,
    ] {
        let line = format!(
            r#"{{"error":{{"id":"0af7651916cd43dd8448eb211c80319c","exception":{{"message":"m","code":5}},{half}}}}}"#
        );

        let Ok(Event::Error(event)) = Event::from_line(line.as_bytes()) else { panic!("{line}") };

        assert_eq!(event.parent, None);
        assert_eq!(event.exception.unwrap().code, Some("5".into()));
    }
}

#[test]
fn nesting_without_end_is_an_error_and_no_crash() {
    let lines = [
        "[".repeat(300_000),
        format!("{{\"transaction\":{}", "{\"a\":".repeat(60_000)),
        format!("{{\"transaction\":{{\"context\":{{\"custom\":{{\"a\":{}", "[".repeat(300_000)),
        format!("{{\"error\":{{\"exception\":{}", "{\"cause\":[".repeat(30_000)),
        format!("{{\"log\":{}", "{\"log\":".repeat(40_000)),
    ];

    for line in &lines {
        assert!(Event::from_line(line.as_bytes()).is_err());
    }
}

#[test]
fn errors_stay_short_whatever_was_sent() {
    let long = "x".repeat(1_000_000);
    let lines = [
        format!(r#"{{"{long}":{{}}}}"#),
        format!(r#"{{"span":{{"id":"{long}"}}}}"#),
        format!(r#"{{"transaction":{{"context":{{"tags":{{"{long}":[]}}}}}}}}"#),
    ];

    for line in &lines {
        let error = Event::from_line(line.as_bytes()).unwrap_err().to_string();
        assert!(error.len() < 512, "{} bytes", error.len());
    }
}

#[test]
fn many_labels_are_read_in_reasonable_time() {
    let labels: Vec<_> = (0..40_000).map(|index| format!("\"{index:05}\":1")).collect();
    let line = transaction(&format!(r#","context":{{"tags":{{{}}}}}"#, labels.join(",")));

    let Ok(Event::Transaction(event)) = Event::from_line(line.as_bytes()) else { panic!("not read") };

    assert_eq!(event.labels.len(), 40_000);
}

#[test]
fn a_bad_line_does_not_end_the_stream() {
    let stream = format!("{}\r\n\n  \nbroken\n{}", transaction(""), transaction(""));

    let read: Vec<_> = read_lines(stream.as_bytes()).map(|line| line.is_ok()).collect();

    assert_eq!(read, [true, false, true]);
}

#[test]
fn torn_lines_never_panic() {
    let line =
        transaction(r#","name":"é\u00e9","context":{"tags":{"a":1.5e3,"b":[true]}},"links":[{"span_id":"#);

    for end in 0..line.len() {
        assert!(Event::from_line(&line.as_bytes()[..end]).is_err());
    }
}
