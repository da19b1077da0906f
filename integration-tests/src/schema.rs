//! Holds lines against Elastic's JSON schemas of the intake events.

use std::collections::HashMap;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value;

use crate::spec;

/// The kinds that have a schema; `log` has none.
const KINDS: [&str; 5] = ["metadata", "transaction", "span", "error", "metricset"];

/// Panics with every violation in `lines`. Without the schemas it says once that it skips.
#[track_caller]
pub(crate) fn check(lines: &[String]) {
    let Some(schemas) = schemas() else { return };
    for line in lines {
        let document: Value = serde_json::from_str(line).expect("a line is JSON");
        let (kind, event) =
            document.as_object().and_then(|object| object.iter().next()).expect("a line has a kind");
        let Some(schema) = schemas.get(kind.as_str()) else { continue };
        let problems: Vec<String> =
            schema.iter_errors(event).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(problems.is_empty(), "violates Elastic's schema of {kind}: {problems:#?}\n{line}");
    }
}

fn schemas() -> Option<&'static HashMap<&'static str, Validator>> {
    static SCHEMAS: OnceLock<Option<HashMap<&'static str, Validator>>> = OnceLock::new();
    SCHEMAS
        .get_or_init(|| {
            let folder = spec::data("JSON schemas")?.join("intake-v2");
            let load = |kind| {
                let text =
                    std::fs::read_to_string(folder.join(format!("{kind}.json"))).expect("a schema file");
                let schema = serde_json::from_str(&text).expect("a schema is JSON");
                (kind, jsonschema::validator_for(&schema).expect("a usable schema"))
            };
            Some(KINDS.into_iter().map(load).collect())
        })
        .as_ref()
}
