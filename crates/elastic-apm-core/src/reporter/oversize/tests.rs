use elastic_apm_intake::{
    Body, Context, Db, ErrorEvent, ErrorLog, Event, Exception, Headers, Message, Request, Response,
    SpanContext, SpanEvent, SpanExtra, SpanLink, StackFrame, TransactionEvent,
};
use serde_json::{Value, json};

use super::*;

const MEGABYTE: usize = 1 << 20;

/// Cuts an event and reads back what would be sent.
fn sent<E: WireEvent + HasParts>(event: &mut E) -> (Option<Cut>, Value) {
    let mut line = Line::new();
    let bytes = line.write(event);
    assert!(bytes > MAX_EVENT_SIZE, "{bytes} bytes are not too many");
    let cut = cut(event, bytes, &mut line);
    let line = line.as_bytes();
    if cut.is_none() {
        assert!(line.is_empty());
        return (None, Value::Null);
    }
    assert!(line.len() <= MAX_EVENT_SIZE && line.ends_with(b"\n"), "{} bytes", line.len());
    Event::from_line(line).unwrap();
    (cut, serde_json::from_slice::<Value>(line).unwrap()[E::KIND].take())
}

fn custom(value: Value) -> Option<Box<Context>> {
    let Value::Object(object) = value else { panic!("an object") };
    Some(Box::new(Context { custom: Some(object), ..Context::default() }))
}

fn long(characters: usize) -> String {
    "ü".repeat(characters)
}

fn frames(count: usize) -> Vec<StackFrame> {
    let frame = |number: usize| StackFrame {
        filename: Some("src/main.rs".into()),
        function: Some(number.to_string().into()),
        pre_context: vec![long(500).into(); 3],
        ..StackFrame::default()
    };
    (0..count).map(frame).collect()
}

#[test]
fn what_is_too_long_is_cut_and_what_is_short_stays() {
    let mut event = TransactionEvent {
        context: custom(json!({"blob": long(MEGABYTE), "note": "short", "list": ["a", long(MEGABYTE)]})),
        ..TransactionEvent::default()
    };
    event.labels.insert("tenant", "acme");

    let (cut, sent) = sent(&mut event);

    let custom = &sent["context"]["custom"];
    let blob = custom["blob"].as_str().unwrap();
    assert_eq!(cut.unwrap().parts, [Part::Custom]);
    assert_eq!(blob.chars().count(), 30_000);
    assert!(blob.ends_with("ü…"));
    assert_eq!(custom["list"][1].as_str().unwrap().chars().count(), 30_000);
    assert_eq!((&custom["note"], &custom["list"][0]), (&json!("short"), &json!("a")));
    assert_eq!(sent["context"]["tags"]["tenant"], "acme");
}

#[test]
fn the_warning_names_size_and_parts() {
    let mut event = TransactionEvent {
        context: custom(json!({"blob": "x".repeat(400_000)})),
        ..TransactionEvent::default()
    };

    let (cut, _) = sent(&mut event);

    let text = cut.unwrap().to_string();
    assert!(text.starts_with("an event of 400") && text.ends_with("cut: custom context"), "{text}");
}

#[test]
fn of_parts_that_are_equally_long_the_dispensable_one_goes_first() {
    let texts: Vec<Value> = (0..12).map(|_| json!(long(9_000))).collect();
    let mut event = TransactionEvent {
        context: Some(Box::new(Context {
            request: Some(Box::new(Request { body: Some(Body::from(long(9_000))), ..Request::default() })),
            custom: json!({"texts": texts}).as_object().cloned(),
            message: Some(Box::new(Message { body: Some(long(9_000).into()), ..Message::default() })),
            ..Context::default()
        })),
        ..TransactionEvent::default()
    };
    event.labels.extend((0..40).map(|number| (format!("label-{number}"), long(1_000))));

    let (cut, sent) = sent(&mut event);

    let length = |value: &Value| value.as_str().unwrap().chars().count();
    assert_eq!(cut.unwrap().parts, [Part::Body, Part::Custom]);
    assert_eq!(length(&sent["context"]["request"]["body"]), 3_000);
    assert_eq!(length(&sent["context"]["message"]["body"]), 3_000);
    assert_eq!(length(&sent["context"]["custom"]["texts"][11]), 3_000);
    assert_eq!(length(&sent["context"]["tags"]["label-39"]), 1_000);
}

#[test]
fn the_innermost_frames_stay() {
    let mut event = ErrorEvent {
        exception: Some(Box::new(Exception {
            kind: Some("Overflow".into()),
            message: Some(long(100).into()),
            stacktrace: frames(1_100),
            ..Exception::default()
        })),
        ..ErrorEvent::default()
    };

    let (cut, sent) = sent(&mut event);

    let frames = sent["exception"]["stacktrace"].as_array().unwrap();
    assert_eq!(cut.unwrap().parts, [Part::Frames, Part::Source]);
    assert_eq!(frames.len(), 301, "a frame stands for those that are gone");
    assert_eq!((&frames[0]["function"], &frames[300]["filename"]), (&json!("0"), &json!("…")));
    assert_eq!(sent["exception"]["message"].as_str().unwrap().chars().count(), 100);
}

#[test]
fn a_chain_of_causes_is_cut_as_a_whole() {
    let mut exception = Exception { message: Some("root".into()), ..Exception::default() };
    for _ in 0..60 {
        exception =
            Exception { message: Some(long(9_999).into()), cause: vec![exception], ..Exception::default() };
    }
    let mut event = ErrorEvent { exception: Some(Box::new(exception)), ..ErrorEvent::default() };

    let (cut, sent) = sent(&mut event);

    let depth =
        std::iter::successors(Some(&sent["exception"]), |exception| exception.get("cause")?.get(0)).count();
    assert_eq!(cut.unwrap().parts, [Part::Message]);
    assert_eq!(depth, 61, "messages are cut, not causes");
}

#[test]
fn a_span_is_cut_too() {
    let mut event = SpanEvent {
        context: Some(Box::new(SpanContext {
            db: Some(Box::new(Db { statement: Some("\u{1}".repeat(9_000).into()), ..Db::default() })),
            ..SpanContext::default()
        })),
        extra: Some(Box::new(SpanExtra { stacktrace: frames(5_000), ..SpanExtra::default() })),
        ..SpanEvent::default()
    };

    let (cut, sent) = sent(&mut event);

    assert!(cut.is_some());
    assert_eq!(sent["stacktrace"][0]["function"], "0");
}

#[test]
fn whatever_may_be_long_an_event_can_be_sent() {
    let text = |length: usize| "\u{1}".repeat(length);
    let deep = (0..3).fold(json!(text(50)), |inner, _| json!(vec![inner; 20]));
    let object = json!({"deep": deep, (text(MEGABYTE)): 1}).as_object().cloned();
    let headers: Headers = (0..400).map(|number| (format!("x-{number}"), text(2_000))).collect();
    let context = Context {
        request: Some(Box::new(Request {
            body: Some(Body::Fields(object.clone().unwrap())),
            headers: headers.clone(),
            cookies: object.clone(),
            env: object.clone(),
            ..Request::default()
        })),
        response: Some(Box::new(Response { headers: headers.clone(), ..Response::default() })),
        custom: object,
        message: Some(Box::new(Message { body: Some(text(MEGABYTE).into()), headers, ..Message::default() })),
        ..Context::default()
    };
    let labels = || (0..500).map(|number| (format!("{number}"), text(2_000)));
    let mut transaction = TransactionEvent {
        context: Some(Box::new(context.clone())),
        labels: labels().collect(),
        links: vec![SpanLink::default(); 20_000],
        dropped_spans_stats: vec![Default::default(); 20_000],
        ..TransactionEvent::default()
    };
    let mut cause = Exception::default();
    for _ in 0..50 {
        let message = Some(text(20_000).into());
        cause = Exception { message, stacktrace: frames(200), cause: vec![cause; 1], ..Exception::default() };
    }
    let mut error = ErrorEvent {
        context: Some(Box::new(context)),
        labels: labels().collect(),
        exception: Some(Box::new(cause)),
        log: Some(Box::new(ErrorLog {
            message: text(20_000).into(),
            stacktrace: frames(5_000),
            ..ErrorLog::default()
        })),
        ..ErrorEvent::default()
    };

    assert!(sent(&mut transaction).0.is_some());
    assert!(sent(&mut error).0.is_some());
}

#[test]
fn cutting_leaves_no_large_buffer_behind() {
    let mut event = TransactionEvent {
        context: custom(json!({"blob": long(8 * MEGABYTE)})),
        ..TransactionEvent::default()
    };
    let mut line = Line::new();
    let bytes = line.write(&event);

    cut(&mut event, bytes, &mut line).unwrap();

    assert!(line.capacity() <= 2 * MAX_EVENT_SIZE, "{}", line.capacity());
}
