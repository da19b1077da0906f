//! Holds the type and subtype of calls against Elastic's list of span types.

use std::sync::OnceLock;

use elastic_apm_core::intake::SpanEvent;
use serde_json::Value;

use crate::spec;

/// Panics where the span's type or subtype is not in the list. Without the list it says once that it skips.
#[track_caller]
pub(crate) fn check(span: &SpanEvent) {
    let Some(types) = types() else { return };
    assert!(
        is_known(types, &span.kind, span.subtype.as_deref()),
        "type and subtype that Elastic does not know: {span:?}"
    );
}

fn is_known(types: &Value, kind: &str, subtype: Option<&str>) -> bool {
    let kind = &types[kind];
    kind.is_object()
        && match subtype {
            None => kind["allow_null_subtype"] == true,
            Some(subtype) => {
                kind["allow_unlisted_subtype"] == true || kind["subtypes"].get(subtype).is_some()
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_that_the_agent_itself_gives_are_in_elastics_list() {
        let Some(types) = types() else { return };

        for (kind, subtype) in [("custom", None), ("external", Some("http"))] {
            assert!(is_known(types, kind, subtype), "{kind} {subtype:?}");
        }
        for (kind, subtype) in [("code", None), ("external", Some("smoke")), ("db", None)] {
            assert!(!is_known(types, kind, subtype), "{kind} {subtype:?}");
        }
        let kinds = types.as_object().map_or(0, serde_json::Map::len);
        println!("span_types.json: {kinds} cases ran");
        assert!(kinds >= 11);
    }
}
