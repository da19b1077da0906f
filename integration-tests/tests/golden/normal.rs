//! The normal form of the recordings: one line per event, ids as `T1`, `X1`, `S1`, `E1` in the order of the lines, no times,
//! and what belongs to the machine replaced.

use serde_json::{Map, Value, json};

/// Longer texts are cut to their start and their length.
const LONG: usize = 200;

/// An event of either stream.
#[derive(Debug)]
pub(crate) struct Event {
    /// Such as `span`.
    pub(crate) kind: String,
    /// The event's own id, such as `S1`; empty for the metadata.
    pub(crate) id: String,
    /// What the line says.
    pub(crate) body: Value,
}

/// A recording as it lies in its file.
pub(crate) fn recorded(text: &str) -> Vec<Event> {
    let events = text.lines().filter_map(|line| {
        let (kind, body) = line.split_once(' ')?;
        Some((kind.to_owned(), serde_json::from_str(body).unwrap()))
    });
    finish(events.collect())
}

/// The lines that an agent sent, of programs whose servers listened on `ports`.
pub(crate) fn sent(lines: &[String], ports: &[u16]) -> Vec<Event> {
    let mut events: Vec<(String, Value)> = Vec::new();
    for line in lines {
        let line: Map<String, Value> = serde_json::from_str(line).unwrap();
        let (kind, body) = line.into_iter().next().unwrap();
        // Metrics were not recorded; metadata opens every request, the recordings are of one.
        let again = kind == "metadata" && !events.is_empty();
        if kind != "metricset" && !again {
            events.push((kind, body));
        }
    }
    let replacements = replacements(&events, ports);
    for (kind, body) in &mut events {
        replace(body, &replacements);
        if kind == "metadata" {
            forget_the_machine(body);
        }
    }
    finish(events)
}

/// Names the ids in the order of the lines, and the ports.
fn replacements(events: &[(String, Value)], ports: &[u16]) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut counts = std::collections::HashMap::new();
    let mut name = |id: Option<&str>, letter: char| {
        let Some(id) = id.filter(|id| !found.iter().any(|(known, _)| known == id)) else { return };
        let count = counts.entry(letter).or_insert(0);
        *count += 1;
        found.push((id.to_owned(), format!("{letter}{count}")));
    };
    for (kind, body) in events {
        name(body["trace_id"].as_str(), 'T');
        match kind.as_str() {
            "transaction" => name(body["id"].as_str(), 'X'),
            "span" => name(body["id"].as_str(), 'S'),
            "error" => name(body["id"].as_str(), 'E'),
            _ => {}
        }
    }
    found.extend(ports.iter().map(|port| (format!(":{port}"), ":PORT".to_owned())));
    found.extend(ports.iter().map(|port| (port.to_string(), "PORT".to_owned())));
    found
}

fn replace(value: &mut Value, replacements: &[(String, String)]) {
    match value {
        Value::String(text) => {
            for (id, name) in replacements {
                // A bare port is a whole value, everything else may be part of a header or a URL.
                if name == "PORT" {
                    if text == id {
                        text.clone_from(name);
                    }
                } else if text.contains(id.as_str()) {
                    *text = text.replace(id.as_str(), name);
                }
            }
        }
        Value::Number(number) => {
            let port = replacements.iter().any(|(id, name)| name == "PORT" && *id == number.to_string());
            if port {
                *value = json!("PORT");
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| replace(value, replacements)),
        Value::Object(fields) => fields.values_mut().for_each(|value| replace(value, replacements)),
        Value::Null | Value::Bool(_) => {}
    }
}

fn forget_the_machine(metadata: &mut Value) {
    for pointer in ["/process/pid", "/process/ppid"] {
        if let Some(id) = metadata.pointer_mut(pointer) {
            *id = json!(1);
        }
    }
    if let Some(system) = metadata.get_mut("system").and_then(Value::as_object_mut) {
        system.retain(|name, _| !matches!(name.as_str(), "container" | "kubernetes"));
        system.insert("detected_hostname".to_owned(), json!("localhost"));
    }
    if let Some(metadata) = metadata.as_object_mut() {
        metadata.remove("cloud");
    }
}

fn finish(events: Vec<(String, Value)>) -> Vec<Event> {
    let finish_one = |(kind, mut body): (String, Value)| {
        tidy(&mut body);
        let id = body["id"].as_str().unwrap_or_default().to_owned();
        Event { kind, id, body }
    };
    events.into_iter().map(finish_one).collect()
}

/// Takes out what is empty and what is never the same twice.
fn tidy(value: &mut Value) {
    match value {
        Value::String(text) if text.chars().count() > LONG => {
            let start: String = text.chars().take(40).collect();
            *text = format!("{start}...({} chars)", text.chars().count());
        }
        Value::Array(values) => values.iter_mut().for_each(tidy),
        Value::Object(fields) => {
            fields.remove("timestamp");
            for (name, field) in fields.iter_mut() {
                match name.as_str() {
                    "duration" => *field = json!(0),
                    // What is in them is another language's business.
                    "stacktrace" => *field = json!("<frames>"),
                    _ => tidy(field),
                }
            }
            fields.retain(|_, field| !is_empty(field));
        }
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}
