//! How long texts may be on the wire, counted in Unicode characters: 1,024, and for the long ones what the option says.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as the test does")]

use std::fmt;
use std::time::Duration;

use elastic_apm::intake::{Db, ErrorEvent, Message};
use elastic_apm::testing::Events;
use elastic_apm::{
    AgentBuilder, TransactionOptions, User, capture_error, capture_message, label, message,
    set_custom_context, set_transaction_result, set_user_context, span,
};
use elastic_apm_integration_tests::CheckedAgent;
use serde_json::Value;

/// Four bytes, two UTF-16 units, one character.
const CHARACTER: &str = "𝄞";

fn long(characters: usize) -> String {
    CHARACTER.repeat(characters)
}

#[derive(Debug)]
struct Failed {
    message: String,
    cause: Option<Box<Failed>>,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.cause.as_ref()?)
    }
}

fn failed(characters: usize) -> Failed {
    let cause = Box::new(Failed { message: long(characters), cause: None });
    Failed { message: long(characters), cause: Some(cause) }
}

/// Every string in `value` and every key, with its path.
fn texts(path: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(path, item, found)),
        Value::Object(object) => {
            for (key, value) in object {
                let name = if key.starts_with(CHARACTER) { "long key" } else { key };
                found.push((format!("{path}.{name}:"), key.clone()));
                texts(&format!("{path}.{name}"), value, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Path and length of each text that was made long, of all events.
fn long_texts(events: &Events) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for line in &events.lines {
        texts("", &serde_json::from_str(line).unwrap(), &mut found);
    }
    let is_long = |text: &str| text.chars().count() > 100;
    let found = found.into_iter().filter(|(_, text)| is_long(text));
    found
        .map(|(path, text)| {
            assert!(text.ends_with("𝄞…"), "{path} is not cut");
            (path, text.chars().count())
        })
        .collect()
}

/// A transaction, a span, a call that is only counted, an error and a message that say at great length what can be said of them.
fn chatty(options: impl FnOnce(AgentBuilder) -> AgentBuilder) -> Events {
    let text = || long(2_000);
    let agent = CheckedAgent::with(|agent| {
        options(agent)
            .service_version(text())
            .service_node_name(text())
            .environment(text())
            .hostname(text())
            .global_labels([(text(), text())])
            .transaction_max_spans(2)
            .disable_metrics(["nothing"])
    });
    let options = TransactionOptions::new(text()).label(text(), text());
    let transaction = agent.tracer().begin_transaction(options);
    transaction.set_name(text());
    set_transaction_result(text());
    set_user_context(User::new().id(text()).username(text()).email(text()).domain(text()));
    label("label", text());
    set_custom_context("short", "short");
    drop(span(text()).span_type(text()).subtype(text()).action(text()).label(text(), text()).enter());
    let call = || span("call").span_type("db.mysql").service_target(text(), text());
    {
        let _call = call().enter();
        capture_error(&failed(3));
        message(long(3))
            .param_message(text())
            .level(text())
            .logger_name(text())
            .culprit(text())
            .label(text(), text())
            .user(User::new().id(text()))
            .capture();
    }
    drop(call().enter());
    drop(transaction);
    agent.all_events()
}

#[test]
fn all_texts_are_cut_to_1024_characters_also_where_they_are_copied_to() {
    let events = chatty(|options| options);

    let long = long_texts(&events);
    for (path, length) in &long {
        let is_service_target = path.starts_with(".transaction.dropped_spans_stats.service_target_");
        assert_eq!(*length, if is_service_target { 512 } else { 1024 }, "{path}");
    }
    for path in [
        ".metadata.service.version",
        ".metadata.service.environment",
        ".metadata.service.node.configured_name",
        ".metadata.system.configured_hostname",
        ".metadata.labels.long key",
        ".metadata.labels.long key:",
        ".transaction.name",
        ".transaction.type",
        ".transaction.result",
        ".transaction.context.tags.label",
        ".transaction.context.tags.long key",
        ".transaction.context.tags.long key:",
        ".transaction.context.user.id",
        ".transaction.context.user.username",
        ".transaction.context.user.email",
        ".transaction.context.user.domain",
        ".transaction.dropped_spans_stats.destination_service_resource",
        ".transaction.dropped_spans_stats.service_target_type",
        ".transaction.dropped_spans_stats.service_target_name",
        ".span.name",
        ".span.type",
        ".span.subtype",
        ".span.action",
        ".span.context.tags.long key",
        ".span.context.service.target.type",
        ".span.context.service.target.name",
        ".span.context.destination.service.resource",
        ".error.transaction.name",
        ".error.transaction.type",
        ".error.culprit",
        ".error.context.tags.label",
        ".error.context.tags.long key",
        ".error.context.tags.long key:",
        ".error.context.user.id",
        ".error.context.user.username",
        ".error.log.param_message",
        ".error.log.level",
        ".error.log.logger_name",
        ".metricset.transaction.name",
        ".metricset.transaction.type",
        ".metricset.span.type",
        ".metricset.span.subtype",
    ] {
        assert!(long.iter().any(|(found, _)| found == path), "{path} is not among {long:#?}");
    }
}

/// The lengths of the long texts of a query, a message that is sent, an error with its cause, and a message.
fn long_fields(characters: usize, options: impl FnOnce(AgentBuilder) -> AgentBuilder) -> Vec<usize> {
    let agent = CheckedAgent::with(options);
    let transaction = agent.tracer().begin_transaction("script");
    {
        let query = span("SELECT").span_type("db.mysql").exit().enter();
        query.update_context(|context| {
            context.db = Some(Box::new(Db { statement: Some(long(characters).into()), ..Db::default() }));
        });
        query.set_duration(Duration::from_secs(1));
    }
    {
        let send = span("RabbitMQ SEND to orders").span_type("messaging.rabbitmq").exit().enter();
        send.update_context(|context| {
            let message = Message { body: Some(long(characters).into()), ..Message::default() };
            context.message = Some(Box::new(message));
        });
    }
    capture_error(&failed(characters));
    capture_message(long(characters));
    drop(transaction);

    let events = agent.events();
    let context = |span: &str| events.span(span).context.as_deref().unwrap();
    let exception = events.errors[0].exception.as_deref().unwrap();
    let fields = [
        context("SELECT").db.as_ref().unwrap().statement.as_deref(),
        context("RabbitMQ SEND to orders").message.as_ref().unwrap().body.as_deref(),
        exception.message.as_deref(),
        exception.cause[0].message.as_deref(),
        events.errors[1].log.as_ref().map(|log| log.message.as_str()),
    ];
    let lengths = fields.into_iter().map(|text| {
        let text = text.unwrap();
        let length = text.chars().count();
        assert_eq!(text.ends_with('…'), length < characters);
        length
    });
    lengths.collect()
}

#[test]
fn statements_bodies_and_messages_have_10000_characters_at_most() {
    assert_eq!(long_fields(10_000, |options| options), [10_000; 5]);
    assert_eq!(long_fields(10_001, |options| options), [10_000; 5]);
}

#[test]
fn an_option_makes_long_texts_longer_or_shorter() {
    for limit in [1, 5, 100, 25_000] {
        let options = |options: AgentBuilder| options.long_field_max_length(limit);

        assert_eq!(long_fields(limit, options), [limit; 5]);
        assert_eq!(long_fields(limit + 1, options), [limit; 5]);
        assert_eq!(long_fields(30_000, options), [limit; 5]);
    }
}

#[test]
fn a_long_text_that_a_filter_puts_in_is_cut_too() {
    let agent = CheckedAgent::with(|options| {
        options.long_field_max_length(10).filter(|error: &mut ErrorEvent| {
            error.exception.as_mut().unwrap().message = Some(long(20).into());
            true
        })
    });

    agent.tracer().capture_error(&fmt::Error);

    let message = agent.events().errors[0].exception.as_ref().unwrap().message.clone().unwrap();
    assert_eq!(message.as_str(), long(9) + "…");
}

#[test]
fn what_is_more_than_a_line_holds_is_cut_further() {
    let options = |options: AgentBuilder| options.long_field_max_length(100_000);

    // 400,000 bytes, of which a line holds 307,200.
    let lengths = long_fields(100_000, options);

    assert!(lengths.iter().all(|length| (10_000..=75_000).contains(length)), "{lengths:?}");
}
