use http::{HeaderMap, HeaderValue};

use super::*;

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    headers
}

#[test]
fn both_headers_are_read() {
    let headers = headers(&[("TraceParent", TRACEPARENT), ("TRACESTATE", "es=s:0.5"), ("tracestate", "a=b")]);

    let context = TraceContext::from_headers(&headers).unwrap();

    assert_eq!(context.traceparent().to_string(), TRACEPARENT);
    assert_eq!(context.tracestate().to_string(), "es=s:0.5,a=b");
}

#[test]
fn without_traceparent_there_is_no_context() {
    assert_eq!(TraceContext::from_headers(&headers(&[("tracestate", "es=s:0.5")])), None);
    assert_eq!(TraceContext::from_headers(&headers(&[("elastic-apm-traceparent", TRACEPARENT)])), None);
}

#[test]
fn whoever_says_something_of_a_trace_may_be_heard_however_many_headers_there_are() {
    for others in [0, 1, TraceContext::FEW - 1, TraceContext::FEW, 3 * TraceContext::FEW] {
        let mut headers = HeaderMap::new();
        for number in 0..others {
            let name = HeaderName::from_bytes(format!("x-{number}").as_bytes()).unwrap();
            headers.insert(name, HeaderValue::from_static("value"));
        }
        assert!(others > TraceContext::FEW || !TraceContext::may_be_in(&headers), "{others}");

        for name in ["TraceParent", "baggage"] {
            let mut headers = headers.clone();
            headers.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_static("?"));

            assert!(TraceContext::may_be_in(&headers), "{name} beside {others}");
        }
    }
}

#[test]
fn two_traceparents_are_none_even_if_they_are_equal() {
    let headers = headers(&[("traceparent", TRACEPARENT), ("traceparent", TRACEPARENT)]);

    assert_eq!(TraceContext::from_headers(&headers), None);
}

#[test]
fn an_invalid_traceparent_takes_tracestate_along() {
    let headers = headers(&[("traceparent", "garbage"), ("tracestate", "es=s:0.5")]);

    assert_eq!(TraceContext::from_headers(&headers), None);
}

#[test]
fn a_bad_tracestate_never_affects_traceparent() {
    for bad in ["foo", "FOO=1", "foo=1,bar=", "a=\u{e9}"] {
        let headers =
            headers(&[("traceparent", TRACEPARENT), ("tracestate", bad), ("tracestate", "es=s:0.5")]);

        let context = TraceContext::from_headers(&headers).unwrap();

        assert_eq!(context, TraceContext::parse(TRACEPARENT).unwrap(), "{bad:?}");
        assert!(context.tracestate().is_empty());
    }
}

#[test]
fn injecting_replaces_what_is_there() {
    let mut headers =
        headers(&[("traceparent", "1"), ("traceparent", "2"), ("tracestate", "a=b"), ("x", "y")]);
    let context =
        TraceContext::new(TRACEPARENT.parse().unwrap(), TraceState::parse([&b"es=s:1"[..]]).unwrap());

    context.inject(&mut headers);

    assert_eq!(headers.get_all("traceparent").iter().collect::<Vec<_>>(), [TRACEPARENT]);
    assert_eq!(headers.get_all("tracestate").iter().collect::<Vec<_>>(), ["es=s:1"]);
    assert_eq!(TraceContext::from_headers(&headers), Some(context));
}

#[test]
fn injecting_without_entries_leaves_no_tracestate() {
    let mut headers = headers(&[("tracestate", "a=b")]);

    TraceContext::parse(TRACEPARENT).unwrap().inject(&mut headers);

    assert_eq!(headers.get("tracestate"), None);
}

/// Rows of the fixture that contradict the W3C test suite of today, which wins. Numbered from 0, as in the file.
mod exceptions {
    /// Level 2 lets a receiver keep the first of several members with one key.
    pub(super) const DUPLICATE_KEYS: [usize; 4] = [43, 44, 45, 46];
    /// Level 2 makes `@` a key character like any other, and 256 bytes the only limit.
    pub(super) const KEY_GRAMMAR: [usize; 5] = [61, 63, 64, 68, 69];
    /// Level 2 has the whole list dropped beyond 32 members.
    pub(super) const MEMBER_COUNT: [usize; 1] = [71];

    pub(super) fn contain(row: usize) -> bool {
        DUPLICATE_KEYS.contains(&row) || KEY_GRAMMAR.contains(&row) || MEMBER_COUNT.contains(&row)
    }
}

#[test]
fn traces_are_continued_as_elastics_cases_say_but_for_ten_named_rows() {
    let Some(text) = crate::config::spec_data("json-specs/w3c_distributed_tracing.json") else { return };
    let json: String = text.lines().skip_while(|line| line.trim_start().starts_with("//")).collect();
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    let mut passed = 0;

    for (at, row) in rows.iter().enumerate().filter(|(at, _)| !exceptions::contain(*at)) {
        let pairs: Vec<(&str, &str)> = row["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
            .collect();
        let headers = headers(&pairs);

        let context = TraceContext::from_headers(&headers);

        assert_eq!(context.is_some(), row["is_traceparent_valid"].as_bool().unwrap(), "row {at}: {row}");
        if let Some(valid) = row.get("is_tracestate_valid") {
            let kept = context.is_some_and(|context| !context.tracestate().is_empty());
            assert_eq!(kept, valid.as_bool().unwrap(), "row {at}: {row}");
        }
        passed += 1;
    }
    println!("w3c_distributed_tracing.json: {passed} cases ran, {} named exceptions", rows.len() - passed);
    assert_eq!((rows.len(), passed), (82, 72));
}

#[test]
fn no_bytes_make_it_panic_and_what_is_kept_is_stable() {
    const ALPHABET: &[u8] = b"00--aafF1es=:;s.,, \t@_*/xZ\xff\0";
    let mut random = fastrand::Rng::with_seed(55);
    let mut kept = 0;

    for _ in 0..50_000 {
        let mut bytes: Vec<u8> =
            (0..random.usize(0..24)).filter_map(|_| random.choice(ALPHABET).copied()).collect();
        let state = TraceState::parse([&bytes[..]]).unwrap_or_default();
        let again = TraceState::parse([state.to_string().as_bytes()]);
        assert_eq!(again.as_ref(), Ok(&state), "{bytes:?}");
        kept += usize::from(!state.is_empty());

        bytes.splice(0..0, TRACEPARENT.bytes());
        let at = random.usize(0..bytes.len());
        bytes[at] = *random.choice(ALPHABET).unwrap();
        if let Ok(parent) = TraceParent::parse(&bytes) {
            assert_eq!(TraceParent::parse(&parent.to_header()), Ok(parent), "{bytes:?}");
        }
    }
    assert!(kept > 200, "{kept}");
}

#[test]
fn baggage_comes_along_and_is_sent_on() {
    let incoming = headers(&[("traceparent", TRACEPARENT), ("baggage", "a=1"), ("Baggage", "b=2")]);

    let context = TraceContext::from_headers(&incoming).unwrap();
    let mut outgoing = HeaderMap::new();
    context.inject(&mut outgoing);

    assert_eq!(outgoing["baggage"], "a=1,b=2");
}

#[test]
fn baggage_that_the_application_has_set_stays_and_ours_is_added() {
    let context =
        TraceContext::from_headers(&headers(&[("traceparent", TRACEPARENT), ("baggage", "a=1,b=2")]))
            .unwrap();
    let mut outgoing = headers(&[("baggage", "mine=1"), ("baggage", "b=mine;p")]);

    context.inject(&mut outgoing);

    assert_eq!(outgoing.get_all("baggage").iter().collect::<Vec<_>>(), ["mine=1,b=mine;p,a=1"]);
}

#[test]
fn baggage_beside_which_there_is_no_room_is_left_out() {
    let context =
        TraceContext::from_headers(&headers(&[("traceparent", TRACEPARENT), ("baggage", "a=1,b=2")]))
            .unwrap();
    let full = format!("mine={}", "x".repeat(8_182));
    let mut outgoing = headers(&[("baggage", full.as_str())]);

    context.inject(&mut outgoing);

    assert_eq!(outgoing["baggage"], format!("{full},a=1"));
}

#[test]
fn a_stranger_cannot_make_us_read_baggage_without_end() {
    let members = "a=1,".repeat(1 << 20);

    let baggage = Baggage::parse([members.as_bytes()]);

    assert_eq!(baggage.to_string(), "a=1");
}
