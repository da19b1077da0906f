//! Events, and the schemas they have to pass.
#![allow(dead_code, unreachable_pub, reason = "each suite uses its own part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking too")]

mod events;

use std::path::PathBuf;

use elastic_apm_intake::{ErrorEvent, Event, LogEvent, Metadata, Metricset, SpanEvent, TransactionEvent};
use serde_json::Value;

pub use events::Content;

/// Where the public schemas and streams are; `None` skips the suite, unless it is required.
pub fn spec_data(suite: &str) -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("ELASTIC_APM_SPEC_DATA") {
        return Some(folder.into());
    }
    let required = std::env::var("ELASTIC_APM_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|name| name.trim() == "spec"),
        "{suite}: ELASTIC_APM_SPEC_DATA is not set"
    );
    println!("SKIPPED {suite}: ELASTIC_APM_SPEC_DATA is not set");
    None
}

/// The schemas of all kinds that have one.
pub struct Schemas(Vec<(&'static str, jsonschema::Validator)>);

impl Schemas {
    pub fn load(data: &std::path::Path) -> Self {
        let load = |kind: &'static str| {
            let text = std::fs::read_to_string(data.join(format!("intake-v2/{kind}.json"))).unwrap();
            let mut schema: Value = serde_json::from_str(&text).unwrap();
            // A relative id cannot be resolved, and nothing refers to it.
            schema.as_object_mut().unwrap().remove("$id");
            (kind, jsonschema::validator_for(&schema).unwrap())
        };
        Self(["metadata", "transaction", "span", "error", "metricset"].map(load).into())
    }

    /// Fails unless the line is one object of one known kind that passes its schema; returns the event's object.
    pub fn check(&self, line: &[u8]) -> Value {
        assert_eq!(line.last(), Some(&b'\n'));
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        let line: Value = serde_json::from_slice(line).unwrap();
        assert!(!has_null(&line), "{line}");
        let line = line.as_object().unwrap();
        assert_eq!(line.len(), 1);
        let (kind, event) = line.iter().next().unwrap();
        if let Some((_, schema)) = self.0.iter().find(|(name, _)| name == kind) {
            let errors: Vec<_> = schema
                .iter_errors(event)
                .map(|error| format!("{}: {error:.200}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{kind}: {errors:?}");
        } else {
            assert_eq!(kind, "log");
        }
        event.clone()
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().any(has_null),
        Value::Object(fields) => fields.values().any(has_null),
        _ => false,
    }
}

/// One event of each kind with ordinary content, every field set.
pub fn full() -> Vec<Event> {
    Content { text: "ordinary text", number: 12.345, labels: 0 }.all()
}

/// One event of each kind with nothing set.
pub fn minimal() -> Vec<Event> {
    vec![
        Metadata::default().into(),
        TransactionEvent::default().into(),
        SpanEvent::default().into(),
        ErrorEvent::default().into(),
        Metricset::default().into(),
        LogEvent::default().into(),
    ]
}

pub fn line(event: &Event) -> Vec<u8> {
    let mut line = Vec::new();
    assert_eq!(event.write_line(&mut line), line.len());
    line
}
