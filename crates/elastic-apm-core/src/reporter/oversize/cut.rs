//! How each kind of field is cut: texts and lists lose their tails, and `…` stands for what is gone.
//!
//! `limit` is the most characters of a text and the most items of a list. Every function says whether it cut anything.

use std::mem::take;

use elastic_apm_intake::{
    Body, Exception, Headers, JsonObject, Keyword, LabelValue, Labels, StackFrame, Text,
};
use serde_json::Value;

/// Stands for what is gone.
const ELLIPSIS: &str = "…";

pub(super) fn text<const LIMIT: usize>(text: &mut Text<LIMIT>, limit: usize) -> bool {
    text.shorten_to(limit)
}

pub(super) fn optional<const LIMIT: usize>(text: &mut Option<Text<LIMIT>>, limit: usize) -> bool {
    text.as_mut().is_some_and(|text| self::text(text, limit))
}

pub(super) fn body(body: &mut Option<Body>, limit: usize) -> bool {
    match body {
        Some(Body::Text(text)) => self::text(text, limit),
        Some(Body::Fields(fields)) => object(fields, limit),
        None => false,
    }
}

/// Cuts the values, and leaves out those behind the first `limit`: a label that says so would be a field of its own in the index.
pub(super) fn labels(labels: &mut Labels, limit: usize) -> bool {
    let is_long = |value: &LabelValue| matches!(value, LabelValue::Text(text) if is_longer(text, limit));
    if labels.len() <= limit && !labels.iter().any(|(key, value)| is_long(value) || is_longer(key, limit)) {
        return false;
    }
    *labels = take(labels)
        .into_iter()
        .take(limit)
        .map(|(mut key, mut value)| {
            text(&mut key, limit);
            if let LabelValue::Text(value) = &mut value {
                text(value, limit);
            }
            (key, value)
        })
        .collect();
    true
}

pub(super) fn headers(headers: &mut Headers, limit: usize) -> bool {
    let is_long = |(name, values): (&str, &[Keyword])| {
        values.len() > limit || is_longer(name, limit) || values.iter().any(|value| is_longer(value, limit))
    };
    if headers.len() <= limit && !headers.iter().any(is_long) {
        return false;
    }
    let mut shorter = Headers::new();
    for (name, values) in headers.iter().take(limit) {
        let mut name = Keyword::copied(name);
        text(&mut name, limit);
        for value in values.iter().take(limit) {
            let mut value = value.clone();
            text(&mut value, limit);
            shorter.append(name.clone(), value);
        }
    }
    *headers = shorter;
    true
}

/// Keeps the innermost frames, and puts one that says so in the place of the others.
pub(super) fn frames(frames: &mut Vec<StackFrame>, limit: usize) -> bool {
    let is_longer = list(frames, limit);
    if is_longer {
        frames.push(StackFrame {
            filename: Some(Keyword::from_static(ELLIPSIS)),
            function: Some(Keyword::from_static(ELLIPSIS)),
            library_frame: Some(true),
            ..StackFrame::default()
        });
    }
    is_longer
}

/// Cuts the lines of code around each frame, and its variables.
pub(super) fn source(frames: &mut [StackFrame], limit: usize) -> bool {
    frames.iter_mut().fold(false, |cut, frame| {
        let lines = texts(&mut frame.pre_context, limit) | texts(&mut frame.post_context, limit);
        let line = optional(&mut frame.context_line, limit);
        optional_object(&mut frame.vars, limit) | line | lines | cut
    })
}

fn texts(texts: &mut Vec<Keyword>, limit: usize) -> bool {
    let is_longer = list(texts, limit);
    texts.iter_mut().fold(is_longer, |cut, text| self::text(text, limit) | cut)
}

/// Runs `cut` on an exception and all its causes.
pub(super) fn chain(exception: &mut Exception, cut: &mut dyn FnMut(&mut Exception) -> bool) -> bool {
    let first = cut(exception);
    exception.cause.iter_mut().fold(first, |any, cause| chain(cause, cut) | any)
}

/// Keeps the first `limit` items.
pub(super) fn list<T>(items: &mut Vec<T>, limit: usize) -> bool {
    let is_longer = items.len() > limit;
    items.truncate(limit);
    is_longer
}

pub(super) fn optional_object(object: &mut Option<JsonObject>, limit: usize) -> bool {
    object.as_mut().is_some_and(|object| self::object(object, limit))
}

/// Cuts keys and values, and puts `"…": "…"` in the place of the entries behind the first `limit`.
pub(super) fn object(object: &mut JsonObject, limit: usize) -> bool {
    let mut cut = object.values_mut().fold(false, |cut, value| json(value, limit) | cut);
    if object.keys().any(|key| is_longer(key, limit)) {
        *object = take(object)
            .into_iter()
            .map(|(key, value)| (shorter(&key, limit).unwrap_or(key), value))
            .collect();
        cut = true;
    }
    if object.len() > limit {
        // The mark of an earlier round is no entry.
        object.remove(ELLIPSIS);
        *object = take(object).into_iter().take(limit).collect();
        object.insert(ELLIPSIS.to_owned(), ELLIPSIS.into());
        cut = true;
    }
    cut
}

/// Cuts whatever is in it, and puts `"…"` in the place of items behind the first `limit`.
pub(super) fn json(value: &mut Value, limit: usize) -> bool {
    match value {
        Value::String(text) => match shorter(text, limit) {
            Some(shorter) => {
                *text = shorter;
                true
            }
            None => false,
        },
        Value::Array(items) => {
            let is_longer = list(items, limit);
            if is_longer {
                items.push(ELLIPSIS.into());
            }
            items.iter_mut().fold(is_longer, |cut, item| json(item, limit) | cut)
        }
        Value::Object(object) => self::object(object, limit),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The mark itself is not: it stays when nothing else may.
fn is_longer(text: &str, limit: usize) -> bool {
    text.len() > limit && text.chars().nth(limit.max(1)).is_some()
}

/// The text cut to `limit` characters, the last of which is the mark; `None` if it is no longer than that.
fn shorter(text: &str, limit: usize) -> Option<String> {
    let kept = limit.max(1) - 1;
    is_longer(text, limit).then(|| text.chars().take(kept).chain(ELLIPSIS.chars()).collect())
}
