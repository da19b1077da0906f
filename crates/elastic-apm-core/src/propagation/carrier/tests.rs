use super::*;
use crate::propagation::TraceContext;

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn context() -> TraceContext {
    TraceContext::parse(TRACEPARENT).unwrap().with_tracestate("es=s:0.5,a=b")
}

#[test]
fn every_carrier_gives_back_what_was_put_in() {
    let context = context();
    let (mut http, mut strings, mut sorted) =
        (HeaderMap::new(), HashMap::<String, String>::new(), BTreeMap::new());
    let (mut bytes, mut pairs) = (Vec::<(String, Vec<u8>)>::new(), Vec::<(String, String)>::new());

    context.inject(&mut http);
    context.inject(&mut strings);
    context.inject::<BTreeMap<String, String>>(&mut sorted);
    context.inject(&mut bytes);
    context.inject(&mut pairs);

    let expected = Some(context);
    assert_eq!(TraceContext::from_headers(&http), expected);
    assert_eq!(TraceContext::from_headers(&strings), expected);
    assert_eq!(TraceContext::from_headers(&sorted), expected);
    assert_eq!(TraceContext::from_headers(&bytes), expected);
    assert_eq!(TraceContext::from_headers(&pairs), expected);
}

#[test]
fn names_are_compared_without_regard_to_case() {
    let map = HashMap::from([("TraceParent", TRACEPARENT), ("TRACESTATE", "es=s:0.5,a=b")]);

    assert_eq!(TraceContext::from_headers(&map), Some(context()));
}

#[test]
fn two_traceparents_in_a_list_are_none() {
    let list = [("traceparent", TRACEPARENT), ("Traceparent", TRACEPARENT)];

    assert_eq!(TraceContext::from_headers(&list), None);
}

#[test]
fn injecting_replaces_what_is_there_in_any_case() {
    let mut list =
        vec![("TRACEPARENT".to_owned(), "old".to_owned()), ("TraceState".to_owned(), "x=y".to_owned())];

    TraceContext::parse(TRACEPARENT).unwrap().inject(&mut list);

    assert_eq!(list, [("traceparent".to_owned(), TRACEPARENT.to_owned())]);
}
