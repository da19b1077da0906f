use super::{ErrorId, ParseIdError, SpanId, TraceId};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[test]
fn ids_print_as_lower_case_hex() {
    assert_eq!(
        SpanId::from_bytes([0, 1, 0x7f, 0x80, 0xab, 0xcd, 0xef, 0xff]).to_string(),
        "00017f80abcdefff"
    );
    assert_eq!(format!("{:?}", ErrorId::from_bytes([0x11; 16])), format!("ErrorId({})", "11".repeat(16)));
}

#[test]
fn ids_parse_what_they_print() {
    let id: TraceId = TRACE.parse().unwrap();

    assert_eq!(id.to_string(), TRACE);
    assert_eq!(TraceId::from_bytes(id.to_bytes()), id);
}

#[test]
fn parsing_refuses_anything_but_lower_case_hex_of_full_width() {
    for text in [
        "",
        "0af7651916cd43d",
        "0af7651916cd43dd8",
        "0AF7651916CD43DD",
        "0af7651916cd43dg",
        "é651916cd43dd84",
    ] {
        assert_eq!(text.parse::<SpanId>(), Err(ParseIdError { digits: 16 }), "{text}");
    }
}

#[test]
fn the_error_says_what_was_expected() {
    assert_eq!(TRACE[1..].parse::<TraceId>().unwrap_err().to_string(), "expected 32 lower-case hex digits");
}

#[test]
fn reading_an_event_takes_upper_case() {
    let id: SpanId = serde_json::from_str(r#""0AF7651916cd43dd""#).unwrap();

    assert_eq!(serde_json::to_string(&id).unwrap(), r#""0af7651916cd43dd""#);
}

#[test]
fn reading_refuses_what_is_no_hex() {
    for text in [
        r#""0af7651916cd43dx""#,
        r#""""#,
        "5",
        "null",
        r#""\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9""#,
    ] {
        assert!(serde_json::from_str::<SpanId>(text).is_err(), "{text}");
    }
}

#[test]
fn only_the_id_of_zeros_is_zero() {
    assert!(TraceId::default().is_zero());
    assert!(!TraceId::from_bytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]).is_zero());
}

#[test]
fn ids_take_no_more_than_their_bytes() {
    assert_eq!((size_of::<TraceId>(), size_of::<SpanId>(), size_of::<ErrorId>()), (16, 8, 16));
}
