//! Headers of HTTP, of messages, and of no kind that is known here.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use elastic_apm::{
    CarrierValue, HeaderSink, HeaderSource, TraceContext, TraceParent, capture_span, current_trace_context,
    inject, set_baggage,
};
use elastic_apm_integration_tests::CheckedAgent;
use http::{HeaderMap, HeaderName, HeaderValue};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Injects what is current and reads it again.
fn there_and_back<C: HeaderSink>(mut carrier: C) -> Option<TraceContext> {
    inject(&mut carrier);
    TraceContext::from_headers(&carrier)
}

#[test]
fn every_carrier_hands_on_all_of_what_is_current() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().transaction("job", "script").begin();
    let span = capture_span("send");
    set_baggage("tenant", "acme");

    let current = current_trace_context();

    assert!(current.is_some());
    assert_eq!(there_and_back(HeaderMap::new()), current);
    assert_eq!(there_and_back(HashMap::<String, String>::new()), current);
    assert_eq!(there_and_back(BTreeMap::<String, String>::new()), current);
    assert_eq!(there_and_back(Vec::<(String, String)>::new()), current);
    assert_eq!(there_and_back(HashMap::<String, Vec<u8>>::new()), current);
    assert_eq!(there_and_back(BTreeMap::<String, Bytes>::new()), current);
    assert_eq!(there_and_back(Vec::<(String, Bytes)>::new()), current);
    drop((span, tx));
}

#[test]
fn messages_with_byte_headers_carry_the_text_and_for_older_agents_the_binary_form() {
    let agent = CheckedAgent::new();
    let _tx = agent.tracer().transaction("job", "script").begin();
    let mut record: Vec<(String, Vec<u8>)> = vec![("ElasticApmTraceparent".to_owned(), b"stale".to_vec())];

    inject(&mut record);

    let current = current_trace_context().unwrap();
    let of = |name: &str| record.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_slice());
    assert_eq!(of("traceparent"), Some(current.to_string().as_bytes()));
    assert_eq!(of("tracestate"), Some(&b"es=s:1"[..]));
    assert_eq!(of("elasticapmtraceparent"), Some(&current.traceparent().to_binary()[..]));
    assert_eq!(record.len(), 3, "{record:?}");
}

#[test]
fn the_binary_form_is_read_where_there_is_no_text_and_brings_no_tracestate() {
    let parent: TraceParent = PARENT.parse().unwrap();
    let other = TraceParent::parse(b"00-11111111111111111111111111111111-2222222222222222-00").unwrap();
    let binary = ("elasticapmtraceparent", other.to_binary().to_vec());
    let state = ("tracestate", b"es=s:0.5".to_vec());

    let both = [("traceparent", PARENT.as_bytes().to_vec()), binary.clone(), state.clone()];
    let broken_text = [("traceparent", b"garbage".to_vec()), binary.clone()];
    let alone = [state, binary.clone()];
    let twice = [binary.clone(), binary];
    let truncated = [("elasticapmtraceparent", other.to_binary()[..28].to_vec())];

    let read = TraceContext::from_headers(&both).unwrap();
    assert_eq!((read.traceparent(), read.tracestate().has_es()), (&parent, true));
    let read = TraceContext::from_headers(&alone).unwrap();
    assert_eq!((read.traceparent(), read.tracestate().is_empty()), (&other, true));
    assert_eq!(TraceContext::from_headers(&broken_text), None);
    assert_eq!(TraceContext::from_headers(&twice), None);
    assert_eq!(TraceContext::from_headers(&truncated), None);
}

#[test]
fn carriers_of_text_get_no_binary_form() {
    let agent = CheckedAgent::new();
    let _tx = agent.tracer().transaction("job", "script").begin();
    let (mut http, mut map) = (HeaderMap::new(), HashMap::<String, String>::new());

    inject(&mut http);
    inject(&mut map);

    assert!(!http.contains_key("elasticapmtraceparent") && !map.contains_key("elasticapmtraceparent"));
}

#[test]
fn headers_and_values_of_ones_own_carry_as_well() {
    #[derive(Default)]
    struct Properties(Vec<(HeaderName, HeaderValue)>);

    impl HeaderSource for Properties {
        fn get_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
            self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_bytes())
        }
    }

    impl HeaderSink for Properties {
        fn remove(&mut self, name: &HeaderName) {
            self.0.retain(|(key, _)| key != name);
        }

        fn replace(&mut self, name: &HeaderName, value: HeaderValue) {
            HeaderSink::remove(self, name);
            self.0.push((name.clone(), value));
        }
    }

    #[derive(Debug)]
    struct Short(Box<[u8]>);

    impl AsRef<[u8]> for Short {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    impl CarrierValue for Short {
        fn from_text(text: &HeaderValue) -> Self {
            Short(text.as_bytes().into())
        }
    }

    let agent = CheckedAgent::new();
    let _tx = agent.tracer().transaction("job", "script").begin();

    assert_eq!(there_and_back(Properties::default()), current_trace_context());
    assert_eq!(there_and_back(HashMap::<String, Short>::new()), current_trace_context());
}

#[test]
fn a_message_continues_its_senders_trace() {
    let agent = CheckedAgent::new();
    let mut message: Vec<(String, Vec<u8>)> = Vec::new();
    let sender = agent.tracer().transaction("send", "script").begin();
    {
        let _publish = capture_span("publish");
        inject(&mut message);
    }
    drop(sender);

    drop(agent.tracer().transaction("receive", "messaging").child_of_headers(&message).start());

    assert_eq!(
        agent.events().tree(),
        "transaction send [success]\n  span publish [success]\n    transaction receive [success]\n"
    );
}
