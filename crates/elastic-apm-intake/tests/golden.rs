//! Streams of the official Python agent are understood, and nothing of them is lost.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking too")]

mod support;

use elastic_apm_intake::Event;
use serde_json::{Map, Value, json};
use support::{Schemas, line, spec_data};

/// Turns an id of the normal form (`T1`, `X1`, `S1`, `E1`) into hex of the width its field has.
fn real_id(field: &str, kind: &str, id: &str) -> String {
    // The callers that the requests of the recording named are in hex already.
    if id.len() >= 16 {
        return id.to_owned();
    }
    let wide = field == "trace_id" || (field == "id" && kind == "error");
    let number: u64 = id[1..].parse().unwrap();
    let tag = u64::from(id.as_bytes()[0]) << 32 | number;
    if wide { format!("{tag:032x}") } else { format!("{tag:016x}") }
}

/// Puts back what the normal form leaves out or abbreviates.
fn real(kind: &str, event: &mut Map<String, Value>) {
    for field in ["id", "trace_id", "parent_id", "transaction_id"] {
        if let Some(Value::String(id)) = event.get_mut(field) {
            *id = real_id(field, kind, id);
        }
    }
    for link in event.get_mut("links").and_then(Value::as_array_mut).into_iter().flatten() {
        for field in ["trace_id", "span_id"] {
            if let Some(Value::String(id)) = link.get_mut(field) {
                *id = real_id(field, "", id);
            }
        }
    }
    without_stacktraces(event);
    real_ports(event);
    if matches!(kind, "span" | "transaction") {
        event.insert("timestamp".to_owned(), json!(1_700_000_000_000_000_u64));
        event.entry("duration").or_insert(json!(0));
    }
}

/// Ports are strings in URLs and integers elsewhere; the normal form has a word for both.
fn real_ports(object: &mut Map<String, Value>) {
    for (key, value) in object {
        if let Value::Object(inner) = value {
            if inner.get("port") == Some(&json!("PORT")) {
                inner.insert("port".to_owned(), if key == "url" { json!("8080") } else { json!(8080) });
            }
            real_ports(inner);
        }
    }
}

fn without_stacktraces(object: &mut Map<String, Value>) {
    object.remove("stacktrace");
    for value in object.values_mut() {
        match value {
            Value::Object(inner) => without_stacktraces(inner),
            Value::Array(values) => {
                values.iter_mut().filter_map(Value::as_object_mut).for_each(without_stacktraces);
            }
            _ => {}
        }
    }
}

/// Fails unless everything in `sent` is in `kept`, numbers and their digits being equal.
fn assert_kept(sent: &Value, kept: &Value, path: &str) {
    match (sent, kept) {
        (Value::Object(sent), _) => {
            for (key, value) in sent.iter().filter(|(_, value)| !is_blank(value)) {
                let kept = kept.get(key).unwrap_or_else(|| panic!("{path}.{key} is lost"));
                assert_kept(value, kept, &format!("{path}.{key}"));
            }
        }
        (Value::Array(sent), Value::Array(kept)) => {
            assert_eq!(sent.len(), kept.len(), "{path}");
            sent.iter().zip(kept).for_each(|(sent, kept)| assert_kept(sent, kept, path));
        }
        (Value::Number(sent), Value::Number(kept)) => assert_eq!(sent.as_f64(), kept.as_f64(), "{path}"),
        (Value::Number(sent), Value::String(kept)) => assert_eq!(sent.to_string(), *kept, "{path}"),
        (Value::String(sent), Value::Number(kept)) => assert_eq!(*sent, kept.to_string(), "{path}"),
        // Longer names than allowed: the sender's fault, mended when written again.
        (Value::String(sent), Value::String(kept)) if sent.chars().count() > 1024 => {
            assert!(kept.ends_with('…'));
        }
        _ => assert_eq!(sent, kept, "{path}"),
    }
}

fn is_blank(value: &Value) -> bool {
    value.is_null()
        || value.as_object().is_some_and(Map::is_empty)
        || value.as_array().is_some_and(Vec::is_empty)
}

#[test]
fn streams_of_the_python_agent_are_read_and_written_again() {
    let Some(data) = spec_data("golden streams") else { return };
    let schemas = Schemas::load(&data);
    let mut files: Vec<_> =
        std::fs::read_dir(data.join("golden")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();

    let mut cases = 0;
    for file in &files {
        for normal in std::fs::read_to_string(file).unwrap().lines().filter(|line| line.contains('{')) {
            let (kind, event) = normal.split_once(' ').unwrap();
            let mut event: Map<String, Value> = serde_json::from_str(event).unwrap();
            real(kind, &mut event);
            let sent = json!({ kind: event });

            let read = Event::from_line(sent.to_string().as_bytes())
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let kept = schemas.check(&line(&read));

            assert_kept(&sent[kind], &kept, kind);
            cases += 1;
        }
    }

    assert!(cases >= 20, "{cases}");
    println!("{cases} lines of {} streams passed", files.len());
}
