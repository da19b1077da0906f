use super::{LogError, LogEvent, LogOrigin, LogService};

fn full() -> LogEvent {
    LogEvent {
        timestamp: 1_700_000_000_123_456,
        message: Some("order placed".into()),
        level: Some("info".into()),
        logger: Some("shop::orders".into()),
        dataset: Some("shop.log".into()),
        thread: Some("worker-3".into()),
        trace_id: "0af7651916cd43dd8448eb211c80319c".parse().ok(),
        transaction_id: "b7ad6b7169203331".parse().ok(),
        span_id: "00f067aa0ba902b7".parse().ok(),
        labels: [("tenant", "acme")].into_iter().collect(),
        service: Some(Box::new(LogService {
            name: Some("shop".into()),
            version: Some("1.0".into()),
            environment: Some("test".into()),
            node_name: Some("node-1".into()),
        })),
        error: Some(Box::new(LogError {
            kind: Some("io".into()),
            message: Some("broken pipe".into()),
            stack_trace: Some("at main".into()),
        })),
        origin: Some(Box::new(LogOrigin {
            file_name: Some("src/orders.rs".into()),
            file_line: Some(42),
            function: Some("place".into()),
        })),
        faas: Some(Box::default()),
    }
}

#[test]
fn names_are_written_dotted() {
    let json = serde_json::to_string(&full()).unwrap();

    for name in ["\"@timestamp\":1700000000123456", "\"log.level\":\"info\"", "\"log.origin.file.line\":42"] {
        assert!(json.contains(name), "{name} in {json}");
    }
}

#[test]
fn dotted_nested_and_mixed_names_are_read_alike() {
    let nested = r#"{
        "@timestamp": "2023-11-14T22:13:20.123456Z", "message": "order placed", "event": {"dataset": "shop.log"},
        "log": {"level": "info", "logger": "shop::orders", "origin": {"file.name": "src/orders.rs", "file": {"line": 42}}},
        "log.origin": {"function": "place"}, "process": {"thread": {"name": "worker-3"}},
        "trace": {"id": "0AF7651916cd43dd8448eb211c80319c"}, "transaction": {"id": "b7ad6b7169203331"},
        "span": {"id": "00f067aa0ba902b7"}, "labels": {"tenant": "acme", "none": null},
        "service": {"name": "shop", "version": "1.0", "environment": "test", "node.name": "node-1"},
        "error": {"type": "io", "message": "broken pipe", "stack_trace": "at main"}, "faas": {}, "ecs.version": "1.6.0"
    }"#;

    let dotted = serde_json::to_string(&full()).unwrap();

    assert_eq!(serde_json::from_str::<LogEvent>(&dotted).unwrap(), full());
    assert_eq!(serde_json::from_str::<LogEvent>(nested).unwrap(), full());
}

#[test]
fn an_empty_record_is_read_and_written() {
    assert_eq!(serde_json::to_string(&LogEvent::default()).unwrap(), "{}");
    assert_eq!(
        serde_json::from_str::<LogEvent>(r#"{"message":null,"log":null,"trace":{"id":null}}"#).unwrap(),
        LogEvent::default()
    );
}

#[test]
fn a_wrong_field_is_named() {
    let cases = [
        (r#"{"trace":{"id":"xyz"}}"#, "trace.id"),
        (r#"{"@timestamp":"yesterday"}"#, "@timestamp"),
        (r#"{"@timestamp":1.5}"#, "@timestamp"),
        (r#"{"log.level":3}"#, "log.level"),
        (r#"{"log":{"origin":{"file":{"line":"x"}}}}"#, "log.origin.file.line"),
    ];

    for (json, field) in cases {
        let error = serde_json::from_str::<LogEvent>(json).unwrap_err().to_string();
        assert!(error.starts_with(field), "{error}");
    }
}
