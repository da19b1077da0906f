//! Reading a log record whose names may be dotted, nested, or both.

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer};
use serde_json::Value;

use super::{LogError, LogEvent, LogOrigin, LogService, rfc3339};
use crate::JsonObject;

/// The value behind a dotted name, whichever of its dots are levels of nesting. Null is absent.
fn find<'a>(object: &'a JsonObject, name: &str) -> Option<&'a Value> {
    if let Some(value) = object.get(name).filter(|value| !value.is_null()) {
        return Some(value);
    }
    name.match_indices('.').find_map(|(dot, _)| {
        let inner = object.get(&name[..dot])?.as_object()?;
        find(inner, &name[dot + 1..])
    })
}

/// The field behind a dotted name, or the error that names it.
fn read<T: DeserializeOwned, E: de::Error>(object: &JsonObject, name: &str) -> Result<Option<T>, E> {
    find(object, name)
        .map(|value| T::deserialize(value).map_err(|error| E::custom(format_args!("{name}: {error}"))))
        .transpose()
}

/// Microseconds since the epoch, from a number of them or from RFC 3339.
fn timestamp<E: de::Error>(object: &JsonObject) -> Result<u64, E> {
    const NAME: &str = "@timestamp";
    match find(object, NAME) {
        Some(Value::String(text)) => rfc3339::micros(text)
            .ok_or_else(|| E::custom(format_args!("{NAME}: expected microseconds or RFC 3339 after 1970"))),
        _ => Ok(read(object, NAME)?.unwrap_or_default()),
    }
}

/// Drops a group in which nothing is set.
fn group<T: Default + PartialEq>(group: T) -> Option<Box<T>> {
    (group != T::default()).then(|| Box::new(group))
}

impl<'de> Deserialize<'de> for LogEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = JsonObject::deserialize(deserializer)?;
        Ok(Self {
            timestamp: timestamp(&object)?,
            message: read(&object, "message")?,
            level: read(&object, "log.level")?,
            logger: read(&object, "log.logger")?,
            dataset: read(&object, "event.dataset")?,
            thread: read(&object, "process.thread.name")?,
            trace_id: read(&object, "trace.id")?,
            transaction_id: read(&object, "transaction.id")?,
            span_id: read(&object, "span.id")?,
            labels: read(&object, "labels")?.unwrap_or_default(),
            service: group(LogService {
                name: read(&object, "service.name")?,
                version: read(&object, "service.version")?,
                environment: read(&object, "service.environment")?,
                node_name: read(&object, "service.node.name")?,
            }),
            error: group(LogError {
                kind: read(&object, "error.type")?,
                message: read(&object, "error.message")?,
                stack_trace: read(&object, "error.stack_trace")?,
            }),
            origin: group(LogOrigin {
                file_name: read(&object, "log.origin.file.name")?,
                file_line: read(&object, "log.origin.file.line")?,
                function: read(&object, "log.origin.function")?,
            }),
            faas: read(&object, "faas")?,
        })
    }
}
