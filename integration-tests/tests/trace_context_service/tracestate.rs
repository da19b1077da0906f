//! Which `tracestate` is sent on.

use crate::harness::Harness;
use crate::traceparent::{PARENT, TRACE, sent_on};

/// What is sent on for these `tracestate` headers beside a valid `traceparent`.
async fn passed_on(harness: &Harness, tracestates: &[&str]) -> Option<String> {
    let traceparent = format!("00-{TRACE}-{PARENT}-00");
    let mut headers = vec![("traceparent", traceparent.as_str())];
    headers.extend(tracestates.iter().map(|value| ("tracestate", *value)));

    let sent = harness.call(&headers).await;

    assert_eq!(
        sent_on(&sent).trace_id().to_string(),
        TRACE,
        "a bad tracestate spoils no traceparent: {tracestates:?}"
    );
    let mut values = sent.get_all("tracestate").iter().map(|value| value.to_str().unwrap().to_owned());
    let (first, second) = (values.next(), values.next());
    assert_eq!(second, None, "it is one header");
    first
}

#[tokio::test]
async fn a_valid_tracestate_is_sent_on_in_order_as_one_header() {
    let harness = Harness::start().await;
    let longest_key = format!("{}=1", "z".repeat(256));
    let allowed_key = "0123456789abcdefghijklmnopqrstuvwxyz_-*/@=1";
    let allowed_value: String =
        "a=".chars().chain((0x20..0x7f).map(char::from).filter(|c| !",= ".contains(*c))).collect();

    for (received, sent) in [
        (&["foo=1"][..], "foo=1"),
        (&["foo=1,bar=2"], "foo=1,bar=2"),
        (&["foo=1,bar=2", "baz=3"], "foo=1,bar=2,baz=3"),
        (&["foo=1", "bar=2", "rojo=3"], "foo=1,bar=2,rojo=3"),
        (&["foo=1", "", "bar=2"], "foo=1,bar=2"),
        (&["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"),
        (&["foo=1\t \t,\t \tbar=2"], "foo=1,bar=2"),
        (&[" foo=1", "bar=2\t"], "foo=1,bar=2"),
        (&[allowed_key], allowed_key),
        (&[&allowed_value], &allowed_value),
        (&[&longest_key], &longest_key),
        (&["t@v=1"], "t@v=1"),
        (&["foo=1,foo=2"], "foo=1"),
        (&["foo=1", "foo=1"], "foo=1"),
    ] {
        assert_eq!(passed_on(&harness, received).await.as_deref(), Some(sent), "{received:?}");
    }
}

#[tokio::test]
async fn one_malformed_member_spoils_the_list() {
    let harness = Harness::start().await;
    let too_long = format!("{}=1", "z".repeat(257));

    for received in [
        "foo@=1,bar =2",
        "foo =1",
        "FOO=1",
        "foo.bar=1",
        "@foo=1",
        "foo=bar=baz",
        "foo=,bar=3",
        "foo",
        "foo=1,=2",
        too_long.as_str(),
    ] {
        assert_eq!(passed_on(&harness, &[received]).await, None, "{received}");
    }
}

#[tokio::test]
async fn an_empty_tracestate_is_not_sent_on() {
    let harness = Harness::start().await;

    for received in [&[][..], &[""], &["", ""], &[" , ,"]] {
        assert_eq!(passed_on(&harness, received).await, None, "{received:?}");
    }
}

#[tokio::test]
async fn thirty_two_members_are_sent_on_and_one_more_spoils_them() {
    let harness = Harness::start().await;
    let members =
        |count: usize| -> Vec<String> { (1..=count).map(|at| format!("bar{at:02}={at:02}")).collect() };

    let fitting = members(32).join(",");
    assert_eq!(passed_on(&harness, &[&fitting]).await, Some(fitting.clone()));
    assert_eq!(passed_on(&harness, &[&fitting, "one=more"]).await, None);
}

#[tokio::test]
async fn without_a_valid_traceparent_the_tracestate_is_our_own() {
    let harness = Harness::start().await;

    for traceparent in [&[][..], &[("traceparent", "nonsense")]] {
        let headers: Vec<_> = traceparent.iter().copied().chain([("tracestate", "foo=1")]).collect();
        let sent = harness.call(&headers).await;
        assert_eq!(sent["tracestate"], "es=s:1", "{headers:?}");
    }
}

#[tokio::test]
async fn the_name_of_the_header_is_told_in_any_case() {
    let harness = Harness::start().await;
    let traceparent = format!("00-{TRACE}-{PARENT}-01");

    for (name, expected) in [
        ("TraceState", Some("foo=1")),
        ("TRACESTATE", Some("foo=1")),
        ("trace-state", None),
        ("trace.state", None),
    ] {
        let sent = harness.call(&[("traceparent", &traceparent), (name, "foo=1")]).await;
        assert_eq!(sent.get("tracestate").map(|value| value.to_str().unwrap()), expected, "{name}");
    }
}
