//! Every line passes Elastic's JSON schemas, whatever the fields hold.

mod support;

use elastic_apm_intake::{
    Composite, CompressionStrategy, Context, DestinationService, ErrorEvent, Event, Exception, LongText,
    Request, Sample, Service, ServiceTarget, SpanContext, SpanEvent, SpanExtra, StackFrame, TransactionEvent,
};
use serde_json::Value;
use support::{Content, Schemas, full, line, minimal, spec_data};

fn schemas(suite: &str) -> Option<Schemas> {
    spec_data(suite).map(|data| Schemas::load(&data))
}

#[test]
fn full_and_minimal_events_pass() {
    let Some(schemas) = schemas("full and minimal events") else { return };

    let events: Vec<_> = full().into_iter().chain(minimal()).collect();
    for event in &events {
        schemas.check(&line(event));
    }

    println!("{} events passed", events.len());
}

#[test]
fn hostile_content_passes() {
    let Some(schemas) = schemas("hostile content") else { return };
    let megabyte = "m".repeat(1 << 20);
    let emoji_at_the_limit = "😀".repeat(1024);
    let emoji_beyond_the_limit = "😀".repeat(1025);
    let long_emoji = "😀".repeat(10_001);
    let control: String = (0..=0x9f_u8).map(char::from).collect();
    let texts = [
        "",
        " ",
        "a.b*c\"d",
        "\"",
        "\\",
        "\u{0}",
        "\u{2028}\u{feff}\u{202e}\u{10ffff}",
        "</script>{\"span\":{}}\n{\"error\":",
        &control,
        &megabyte,
        &emoji_at_the_limit,
        &emoji_beyond_the_limit,
        &long_emoji,
    ];
    let numbers =
        [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, -0.0, f64::MIN_POSITIVE, f64::MAX, 1e15 + 0.3];

    let mut cases = 0;
    for (index, text) in texts.iter().enumerate() {
        let number = numbers[index % numbers.len()];
        for event in (Content { text, number, labels: 0 }).all() {
            let line = line(&event);
            schemas.check(&line);
            // The server's own reader has no trouble with the line, and neither has ours.
            Event::from_line(&line).unwrap();
            cases += 1;
        }
    }
    for number in numbers {
        for event in (Content { text: "t", number, labels: 0 }).all() {
            schemas.check(&line(&event));
            cases += 1;
        }
    }

    println!("{cases} events passed");
}

#[test]
fn thousands_of_labels_pass_without_a_key_twice() {
    let Some(schemas) = schemas("thousands of labels") else { return };

    for event in (Content { text: "t", number: 1.0, labels: 2000 }).all() {
        let event = schemas.check(&line(&event));
        let labels = event.get("labels").or(event.get("tags")).or(event.pointer("/context/tags")).unwrap();

        assert_eq!(labels.as_object().unwrap().len(), 2006);
    }
}

#[test]
fn what_only_the_combination_makes_wrong_passes() {
    let Some(schemas) = schemas("combinations") else { return };
    let context = |context| SpanEvent { context: Some(Box::new(context)), ..SpanEvent::default() };
    let service =
        |service| context(SpanContext { service: Some(Box::new(service)), ..SpanContext::default() });
    let composite =
        Composite { compression_strategy: CompressionStrategy::ExactMatch, count: 0, sum: f64::NAN };
    let extra = SpanExtra {
        composite: Some(composite),
        stacktrace: vec![StackFrame::default()],
        ..SpanExtra::default()
    };
    let exception = Exception { cause: vec![Exception::default()], ..Exception::default() };
    let request = Request::default();
    let mut metricset = elastic_apm_intake::Metricset::default();
    metricset.samples.insert("h", Sample::histogram(vec![1.0], vec![]));
    metricset.samples.insert("n", f64::NAN);
    let events: Vec<Event> = vec![
        service(Service::with_target(ServiceTarget::default())).into(),
        service(Service { name: Some("".into()), ..Service::default() }).into(),
        service(Service { name: Some("größe/1".into()), ..Service::default() }).into(),
        context(SpanContext { destination: Some(Default::default()), ..SpanContext::default() }).into(),
        context(SpanContext {
            destination: Some(elastic_apm_intake::Destination {
                service: Some(DestinationService::default()),
                ..Default::default()
            }),
            ..SpanContext::default()
        })
        .into(),
        SpanEvent { extra: Some(Box::new(extra)), ..SpanEvent::default() }.into(),
        ErrorEvent { exception: Some(Box::new(exception)), ..ErrorEvent::default() }.into(),
        TransactionEvent {
            context: Some(Box::new(Context { request: Some(Box::new(request)), ..Context::default() })),
            ..TransactionEvent::default()
        }
        .into(),
        metricset.into(),
    ];

    for event in &events {
        schemas.check(&line(event));
    }

    println!("{} events passed", events.len());
}

/// Every text of an event, with the path that leads to it.
fn texts(value: &Value, path: &str, found: &mut Vec<(String, usize)>) {
    match value {
        Value::String(text) => found.push((path.to_owned(), text.chars().count())),
        Value::Array(values) => values.iter().for_each(|value| texts(value, path, found)),
        Value::Object(fields) => {
            for (key, value) in fields {
                texts(value, &format!("{path}.{key}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_text_is_cut_at_its_limit() {
    let long = "x".repeat(LongText::LIMIT + 1);
    let mut cut = 0;

    for event in (Content { text: &long, number: 1.0, labels: 0 }).all() {
        let event: Value = serde_json::from_slice(&line(&event)).unwrap();
        let mut found = Vec::new();
        texts(&event, "", &mut found);

        for (path, length) in found.into_iter().filter(|(_, length)| *length > 64) {
            // Free content: bounded by the size of the line alone.
            if ["cookies", "env", "custom", "attributes", "vars", "http.request.body"]
                .iter()
                .any(|free| path.contains(free))
            {
                continue;
            }
            let long = ["body", "statement", "message", "error.message", "error.stack_trace"]
                .iter()
                .any(|name| path.ends_with(&format!(".{name}")));
            let limit = match path.as_str() {
                path if path.contains("service_target_") => 512,
                _ if long => LongText::LIMIT,
                // The ellipsis is no letter a service name may have, so that one is cut without it.
                _ => 1024,
            };
            assert_eq!(length, limit, "{path}");
            cut += 1;
        }
    }

    assert!(cut > 200, "{cut}");
}
