//! Two streams in normal form, leaf by leaf, against the list of what may differ.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::normal::Event;

/// One difference that is meant, and why.
#[derive(Debug)]
pub(crate) struct Difference {
    at: &'static str,
    python: &'static str,
    rust: &'static str,
    why: &'static str,
}

/// Where nothing is sent.
pub(crate) const NOTHING: &str = "nothing";
/// Whatever is sent.
pub(crate) const SOMETHING: &str = "something";

/// Whatever is sent, or nothing.
pub(crate) const ANYTHING: &str = "anything";

/// Says that at `at` Python sends `python` where this agent sends `rust`, as JSON or one of the words above.
///
/// `at` opens with the event's id or, for all events of a kind, with the kind; a last part `*` stands for everything below.
pub(crate) const fn differs(
    at: &'static str,
    python: &'static str,
    rust: &'static str,
    why: &'static str,
) -> Difference {
    Difference { at, python, rust, why }
}

/// A place where the streams are not equal.
struct Found {
    id: String,
    kind: String,
    path: String,
    python: Option<String>,
    rust: Option<String>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |value: &Option<String>| value.clone().unwrap_or_else(|| NOTHING.to_owned());
        let event = if self.id.is_empty() { &self.kind } else { &self.id };
        write!(f, "{event}.{}: Python {}, Rust {}", self.path, side(&self.python), side(&self.rust))
    }
}

impl Difference {
    fn covers(&self, found: &Found) -> bool {
        let Some((event, path)) = self.at.split_once('.') else { return false };
        let there = match path.strip_suffix('*') {
            Some(above) => found.path.starts_with(above),
            None => found.path == path,
        };
        let is = |said: &str, value: &Option<String>| match said {
            NOTHING => value.is_none(),
            SOMETHING => value.is_some(),
            ANYTHING => true,
            said => value.as_deref() == Some(said),
        };
        (event == found.id || event == found.kind)
            && there
            && is(self.python, &found.python)
            && is(self.rust, &found.rust)
    }
}

/// Fails on every difference that is not in `lists`, and on every entry of `lists` that is no difference any more.
#[track_caller]
pub(crate) fn assert_equal_but_for(python: &[Event], rust: &[Event], lists: &[&[Difference]]) {
    let order = |events: &[Event]| -> Vec<String> {
        events.iter().map(|event| format!("{} {}", event.kind, event.id)).collect()
    };
    assert_eq!(order(python), order(rust), "other events, or in another order: {rust:#?}");

    let found: Vec<Found> =
        python.iter().zip(rust).flat_map(|(python, rust)| unequal_leaves(python, rust)).collect();
    let listed = || lists.iter().copied().flatten();
    assert!(listed().all(|entry| !entry.why.is_empty()), "a difference without reason");
    let unlisted: Vec<String> = found
        .iter()
        .filter(|found| !listed().any(|entry| entry.covers(found)))
        .map(Found::to_string)
        .collect();
    let gone: Vec<&Difference> =
        listed().filter(|entry| !found.iter().any(|found| entry.covers(found))).collect();

    assert!(
        unlisted.is_empty() && gone.is_empty(),
        "differences that are not listed: {unlisted:#?}\nlisted, and no longer there: {gone:#?}"
    );
}

fn unequal_leaves(python: &Event, rust: &Event) -> Vec<Found> {
    let (mut left, mut right) = (BTreeMap::new(), BTreeMap::new());
    leaves(&python.body, String::new(), &mut left);
    leaves(&rust.body, String::new(), &mut right);
    let paths: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let unequal = paths.into_iter().filter(|path| left.get(*path) != right.get(*path));
    unequal
        .map(|path| Found {
            id: python.id.clone(),
            kind: python.kind.clone(),
            path: path.clone(),
            python: left.get(path).cloned(),
            rust: right.get(path).cloned(),
        })
        .collect()
}

/// Every leaf of `value` as JSON, under its path: `exception.cause.0.type`.
fn leaves(value: &Value, path: String, found: &mut BTreeMap<String, String>) {
    let below = |name: &dyn fmt::Display| match path.as_str() {
        "" => name.to_string(),
        path => format!("{path}.{name}"),
    };
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| leaves(value, below(name), found));
        }
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(index, value)| leaves(value, below(&index), found));
        }
        // `1` and `1.0` are one number.
        Value::Number(number) => {
            let text = number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string());
            found.insert(path, text);
        }
        leaf => {
            found.insert(path, leaf.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normal::recorded;

    const PYTHON: &str = r#"span {"id": "S1", "name": "step", "type": "code", "duration": 1.5}"#;
    const RUST: &str = r#"span {"id": "S1", "name": "step", "type": "custom", "duration": 0.25}"#;

    #[test]
    fn a_listed_difference_passes() {
        let listed = [differs("span.type", "\"code\"", "\"custom\"", "the default")];

        assert_equal_but_for(&recorded(PYTHON), &recorded(RUST), &[&listed]);
    }

    #[test]
    #[should_panic(expected = "S1.type: Python ")]
    fn an_unlisted_difference_fails() {
        assert_equal_but_for(&recorded(PYTHON), &recorded(RUST), &[]);
    }

    #[test]
    #[should_panic(expected = "at: \"S1.type\"")]
    fn a_listed_difference_that_is_gone_fails() {
        let listed = [differs("S1.type", "\"code\"", "\"custom\"", "the default")];

        assert_equal_but_for(&recorded(PYTHON), &recorded(PYTHON), &[&listed]);
    }

    #[test]
    #[should_panic(expected = "other events, or in another order")]
    fn a_missing_event_fails() {
        assert_equal_but_for(&recorded(PYTHON), &[], &[]);
    }
}
