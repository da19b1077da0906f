//! What is written is read back unchanged.

mod support;

use elastic_apm_intake::{ErrorEvent, ErrorLog, Event, Metadata};
use support::{Content, full, line, minimal};

#[test]
fn events_with_every_field_are_read_back_unchanged() {
    for event in full() {
        assert!(Event::from_line(&line(&event)).unwrap() == event, "{}", event.kind());
    }
}

#[test]
fn events_with_no_field_are_read_back_as_the_server_sees_them() {
    for event in minimal() {
        // Two defaults could not be sent as they are: see the types.
        let expected = match &event {
            Event::Metadata(_) => {
                let mut metadata = Metadata::default();
                metadata.service.name = "unknown-unknown-service".into();
                metadata.service.agent.name = "unknown".into();
                metadata.into()
            }
            Event::Error(_) => {
                ErrorEvent { log: Some(Box::new(ErrorLog::default())), ..ErrorEvent::default() }.into()
            }
            other => other.clone(),
        };

        assert_eq!(Event::from_line(&line(&event)).unwrap(), expected);
    }
}

#[test]
fn lines_are_appended_to_what_is_there() {
    let mut stream = b"before\n".to_vec();
    for event in full() {
        event.write_line(&mut stream);
    }

    let read: Vec<_> = elastic_apm_intake::read_lines(&stream[7..]).collect::<Result<_, _>>().unwrap();

    assert!(stream.starts_with(b"before\n{\"metadata\":"));
    assert!(read == full());
}

#[test]
fn the_kind_is_the_key_of_the_line() {
    for event in full() {
        let start = format!("{{\"{}\":{{", event.kind());
        assert!(line(&event).starts_with(start.as_bytes()));
    }
}

#[test]
fn the_own_writer_writes_what_a_general_one_does() {
    let awkward = "a\"b\\c\u{1}d.é😀*".repeat(200);
    let contents = ["", "plain", &awkward].map(|text| Content { text, number: 0.1 + 0.2, labels: 3 });

    for event in contents.iter().flat_map(Content::all).chain(minimal()) {
        let general = match &event {
            Event::Metadata(event) => serde_json::to_string(event),
            Event::Transaction(event) => serde_json::to_string(event),
            Event::Span(event) => serde_json::to_string(event),
            Event::Error(event) => serde_json::to_string(event),
            Event::Metricset(event) => serde_json::to_string(event),
            Event::Log(event) => serde_json::to_string(event),
        };

        let expected = format!("{{\"{}\":{}}}\n", event.kind(), general.unwrap());
        assert_eq!(String::from_utf8(line(&event)).unwrap(), expected);
    }
}

#[test]
fn the_own_writer_writes_texts_of_any_length_and_content_as_a_general_one_does() {
    let characters = ['a', 'Z', '0', ' ', '.', '*', '"', '\\', '/', '\n', '\u{1}', '\u{7f}', 'é', '…', '😀'];
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..4_000 {
        let mut next = |below: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random as usize % below
        };
        // Mostly letters, so that what needs an escape is found at the end of much that needs none.
        let length = next(if round % 100 == 0 { 3_000 } else { 70 });
        let text: String = (0..length)
            .map(|_| characters[if next(20) == 0 { next(characters.len()) } else { next(4) }])
            .collect();
        let mut event = elastic_apm_intake::SpanEvent { name: text.clone().into(), ..Default::default() };
        event.labels.insert(text.clone(), text.clone());
        event.labels.insert("last", next(1 << 40) as f64 / 1000.0);

        let expected = format!("{{\"span\":{}}}\n", serde_json::to_string(&event).unwrap());

        let mut written = Vec::new();
        elastic_apm_intake::write_line(&event, &mut written);
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }
}
