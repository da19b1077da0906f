//! Holds the type and subtype of calls against Elastic's list of span types.

use std::sync::OnceLock;

use elastic_apm_core::intake::SpanEvent;
use serde_json::Value;

use crate::spec;

/// Panics where the span's type or subtype is not in the list. Without the list it says once that it skips.
#[track_caller]
pub(crate) fn check(span: &SpanEvent) {
    let Some(types) = types() else { return };
    let kind = &types[span.kind.as_str()];
    assert!(kind.is_object(), "a type that Elastic does not know: {span:?}");
    let known = match span.subtype.as_deref() {
        None => kind["allow_null_subtype"] == true,
        Some(subtype) => kind["allow_unlisted_subtype"] == true || kind["subtypes"].get(subtype).is_some(),
    };
    assert!(known, "a subtype that Elastic does not know: {span:?}");
}

fn types() -> Option<&'static Value> {
    static TYPES: OnceLock<Option<Value>> = OnceLock::new();
    TYPES
        .get_or_init(|| {
            let path = spec::data("span types")?.join("json-specs/span_types.json");
            let text = std::fs::read_to_string(path).expect("the list of span types");
            Some(serde_json::from_str(&text).expect("the list is JSON"))
        })
        .as_ref()
}
