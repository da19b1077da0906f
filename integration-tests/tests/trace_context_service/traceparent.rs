//! Which `traceparent` is continued, and what is sent on.

use elastic_apm::TraceParent;
use http::HeaderMap;

use crate::harness::Harness;

pub(crate) const TRACE: &str = "12345678901234567890123456789012";
pub(crate) const PARENT: &str = "1234567890123456";

/// The one `traceparent` that was sent on: version 00, valid, and with the id of a span of its own.
#[track_caller]
pub(crate) fn sent_on(headers: &HeaderMap) -> TraceParent {
    let mut values = headers.get_all("traceparent").iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        panic!("not one traceparent: {headers:?}")
    };
    let traceparent: TraceParent = value.to_str().unwrap().parse().unwrap();
    assert_eq!(traceparent.to_string(), value.to_str().unwrap(), "it is in the form of version 00");
    assert_ne!(traceparent.parent_id().to_string(), PARENT);
    traceparent
}

fn continues(headers: &HeaderMap) -> bool {
    sent_on(headers).trace_id().to_string() == TRACE
}

#[tokio::test]
async fn a_valid_traceparent_is_continued() {
    let harness = Harness::start().await;

    for value in [
        format!("00-{TRACE}-{PARENT}-01"),
        format!("00-{TRACE}-{PARENT}-00"),
        // Versions to come are read as 00; more may follow behind a hyphen.
        format!("cc-{TRACE}-{PARENT}-01"),
        format!("cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like"),
        // Space around a value is no part of it.
        format!(" 00-{TRACE}-{PARENT}-01"),
        format!("\t00-{TRACE}-{PARENT}-01\t "),
    ] {
        assert!(continues(&harness.call(&[("traceparent", &value)]).await), "{value:?}");
    }
}

#[tokio::test]
async fn the_name_of_the_header_is_told_in_any_case_and_in_no_other_form() {
    let harness = Harness::start().await;
    let value = format!("00-{TRACE}-{PARENT}-01");

    for (name, expected) in [
        ("traceparent", true),
        ("TraceParent", true),
        ("TrAcEpArEnT", true),
        ("TRACEPARENT", true),
        ("trace-parent", false),
        ("trace.parent", false),
    ] {
        assert_eq!(continues(&harness.call(&[(name, &value)]).await), expected, "{name}");
    }
}

#[tokio::test]
async fn a_malformed_traceparent_starts_a_new_trace() {
    let harness = Harness::start().await;

    for value in [
        String::new(),
        // Version.
        format!("ff-{TRACE}-{PARENT}-01"),
        format!(".0-{TRACE}-{PARENT}-01"),
        format!("0.-{TRACE}-{PARENT}-01"),
        format!("000-{TRACE}-{PARENT}-01"),
        format!("0000-{TRACE}-{PARENT}-01"),
        format!("0-{TRACE}-{PARENT}-01"),
        format!("00-{TRACE}-{PARENT}-01."),
        format!("00-{TRACE}-{PARENT}-01-what-the-future-will-be-like"),
        format!("cc-{TRACE}-{PARENT}-01.what-the-future-will-not-be-like"),
        // Trace id.
        format!("00-{}-{PARENT}-01", "0".repeat(32)),
        format!("00-.{}-{PARENT}-01", &TRACE[1..]),
        format!("00-{}.-{PARENT}-01", &TRACE[1..]),
        format!("00-{TRACE}3-{PARENT}-01"),
        format!("00-{}-{PARENT}-01", &TRACE[1..]),
        // Parent id.
        format!("00-{TRACE}-{}-01", "0".repeat(16)),
        format!("00-{TRACE}-.{}-01", &PARENT[1..]),
        format!("00-{TRACE}-{}.-01", &PARENT[1..]),
        format!("00-{TRACE}-{PARENT}7-01"),
        format!("00-{TRACE}-{}-01", &PARENT[1..]),
        // Flags.
        format!("00-{TRACE}-{PARENT}-.0"),
        format!("00-{TRACE}-{PARENT}-0."),
        format!("00-{TRACE}-{PARENT}-001"),
        format!("00-{TRACE}-{PARENT}-1"),
        // What a lax reader of numbers takes.
        format!("00-{}-{PARENT}-01", "ABCDEFABCDEFABCDEFABCDEFABCDEFAB"),
        format!("00-{TRACE}-{PARENT}-+1"),
    ] {
        assert!(!continues(&harness.call(&[("traceparent", &value)]).await), "{value:?}");
    }
}

#[tokio::test]
async fn two_traceparents_are_none() {
    let harness = Harness::start().await;
    let other = format!("00-{TRACE}-1234567890123457-01");

    for second in [&format!("00-{TRACE}-{PARENT}-01"), &other] {
        let sent = harness.call(&[("traceparent", &other), ("traceparent", second)]).await;
        assert!(!continues(&sent));
    }
}

#[tokio::test]
async fn without_a_traceparent_a_new_trace_starts() {
    let harness = Harness::start().await;

    let first = sent_on(&harness.call(&[]).await);
    let second = sent_on(&harness.call(&[]).await);

    assert_ne!(first.trace_id(), second.trace_id());
    assert_eq!((first.flags(), second.flags()), (1, 1));
}

#[tokio::test]
async fn of_the_flags_the_known_ones_are_sent_on() {
    let harness = Harness::start().await;

    for (received, sent) in [("00", 0), ("01", 1), ("02", 2), ("03", 3), ("ff", 3), ("fc", 0)] {
        let headers = harness.call(&[("traceparent", &format!("00-{TRACE}-{PARENT}-{received}"))]).await;
        assert_eq!(sent_on(&headers).flags(), sent, "{received}");
    }
}

#[tokio::test]
async fn several_calls_of_one_request_are_of_one_trace_and_have_ids_of_their_own() {
    let harness = Harness::start().await;

    for (sent, continued) in
        [(format!("00-{TRACE}-{PARENT}-01"), true), (String::from("nonsense"), false), (String::new(), false)]
    {
        let (_, _, calls) = harness.post(&[("traceparent", &sent)], 3).await;

        let parents: Vec<_> = calls.iter().map(|call| sent_on(&call.headers)).collect();
        assert!(parents.iter().all(|parent| parent.trace_id() == parents[0].trace_id()));
        assert_eq!(parents[0].trace_id().to_string() == TRACE, continued);
        let mut ids: Vec<_> = parents.iter().map(|parent| parent.parent_id().to_string()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 3, "{parents:?}");
    }
}
