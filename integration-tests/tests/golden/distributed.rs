//! Traces continued from a header of another transaction, from headers with `tracestate` and from headers without.

use elastic_apm::{TraceContext, trace_parent_header, transaction_id};
use elastic_apm_integration_tests::CheckedAgent;
use http::HeaderMap;

use crate::common::{CALLS, Called, JOBS, METADATA, WHERE_SPANS_STARTED, agent, compare, get};

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn headers(tracestate: Option<&'static str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(TraceContext::TRACEPARENT, CALLER.parse().unwrap());
    if let Some(tracestate) = tracestate {
        headers.insert(TraceContext::TRACESTATE, tracestate.parse().unwrap());
    }
    headers
}

/// One transaction below `parent` that calls `url`.
async fn call(agent: &CheckedAgent, name: &'static str, parent: Option<TraceContext>, url: String) {
    assert!(parent.is_some(), "{name}: a caller that can be read");
    agent.tracer().transaction(name, "script").child_of(parent).run(get(url)).await;
}

#[tokio::test]
async fn continued_traces_are_what_python_sends() {
    let agent = agent();
    let called = Called::start().await;
    let url = |path: &str| format!("http://127.0.0.1:{}/{path}", called.port);

    let upstream = agent.tracer().begin_transaction("script");
    let header = trace_parent_header().unwrap();
    assert!(header.contains(&transaction_id().unwrap().to_string()), "the transaction's own id: {header}");
    upstream.end_with("upstream", "success");
    call(&agent, "from_string", TraceContext::parse(&header).ok(), url("down")).await;
    let with_rate = headers(Some("es=s:0.25,other=abc"));
    call(&agent, "from_headers", TraceContext::from_headers(&with_rate), url("down2")).await;
    call(&agent, "from_headers_no_es", TraceContext::from_headers(&headers(None)), url("down3")).await;

    let spans = agent.events().spans;
    let sent_on = |index: usize| Some(format!("00-{}-{}-01", spans[index].trace_id, spans[index].id));
    let rate = Some("es=s:0.25,other=abc".to_owned());
    assert_eq!(
        called.trace_headers(),
        [(sent_on(0), None), (sent_on(1), rate), (sent_on(2), None)],
        "the call's own span is the receiver's parent, and `tracestate` goes on unchanged"
    );
    compare("distributed", &agent, &[called.port], &[METADATA, JOBS, CALLS, WHERE_SPANS_STARTED]);
}
