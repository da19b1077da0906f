//! The headers that continue the trace.

use elastic_apm::intake::SpanEvent;
use elastic_apm::{FutureExt, Outcome, TraceContext};
use elastic_apm_integration_tests::CheckedAgent;
use http::HeaderMap;

use crate::{PARENT, Server, TRACE, client, in_job, only, traceparent};

#[tokio::test]
async fn the_callers_own_headers_are_replaced_and_never_doubled() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let own = || {
        let mut headers = HeaderMap::new();
        headers.append(
            "traceparent",
            "00-11111111111111111111111111111111-2222222222222222-01".parse().unwrap(),
        );
        headers.append("traceparent", "second".parse().unwrap());
        headers.append("tracestate", "mine=1".parse().unwrap());
        headers
    };

    in_job(&agent, client().get(server.url("/200")).headers(own()).send()).await.unwrap();
    // The caller of this transaction sent no tracestate, so there is none to send on.
    let parent = TraceContext::parse(&format!("00-{TRACE}-{PARENT}-01")).unwrap();
    let call = client().get(server.url("/200")).headers(own()).send();
    agent.tracer().transaction("child", "script").child_of(parent).run(call).await.unwrap();

    let events = agent.events();
    let expected = |span: &SpanEvent| vec![format!("00-{}-{}-01", span.trace_id, span.id)];
    assert_eq!(server.seen("traceparent"), [expected(&events.spans[0]), expected(&events.spans[1])]);
    assert_eq!(server.seen("tracestate"), [vec!["es=s:1"], vec![]]);
}

#[tokio::test]
async fn without_a_transaction_nothing_is_injected_and_nothing_removed() {
    let server = Server::of_statuses().await;

    client().get(server.url("/200")).send().await.unwrap();
    client()
        .get(server.url("/200"))
        .header("traceparent", "mine")
        .header("tracestate", "a=1")
        .send()
        .await
        .unwrap();

    assert_eq!(server.seen("traceparent"), [vec![], vec!["mine"]]);
    assert_eq!(server.seen("tracestate"), [vec![], vec!["a=1"]]);
}

#[tokio::test]
async fn a_call_over_the_limit_sends_the_id_of_its_nearest_reported_ancestor_and_flag_01() {
    let agent = CheckedAgent::with(|options| options.transaction_max_spans(1));
    let server = Server::of_statuses().await;

    in_job(&agent, async {
        async {}.in_span("the only one").await;
        client().get(server.url("/200")).send().await.unwrap();
        async { client().get(server.url("/500")).send().await }.in_span("also over").await.unwrap();
    })
    .await;

    let events = agent.events();
    let job = &events.transactions[0];
    assert_eq!((job.span_count.started, job.span_count.dropped, events.spans.len()), (1, 3, 1));
    let expected = traceparent(&events, job.id, "01");
    assert_eq!(server.seen("traceparent"), [expected.clone(), expected]);
    let calls: Vec<_> = job.dropped_spans_stats.iter().map(|call| call.outcome).collect();
    assert_eq!(calls, [Some(Outcome::Success), Some(Outcome::Failure)]);
    for call in &job.dropped_spans_stats {
        assert_eq!(call.destination_service_resource.as_deref(), Some(&*server.host));
        assert_eq!(call.service_target_name.as_deref(), Some(&*server.host));
    }
    assert_eq!(server.seen("tracestate"), [["es=s:1"], ["es=s:1"]]);
}

#[tokio::test]
async fn the_callers_tracestate_and_random_flag_are_sent_on() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let mut incoming = HeaderMap::new();
    incoming.insert("traceparent", format!("00-{TRACE}-{PARENT}-03").parse().unwrap());
    incoming.insert("tracestate", "other=abc,es=s:0.25".parse().unwrap());
    let parent = TraceContext::from_headers(&incoming);

    let call = client().get(server.url("/200")).send();
    agent.tracer().transaction("job", "script").child_of(parent).run(call).await.unwrap();

    let events = agent.events();
    assert_eq!(only(&events).sample_rate.unwrap().as_f64(), 0.25);
    assert_eq!(server.seen("traceparent"), [[format!("00-{TRACE}-{}-03", only(&events).id)]]);
    assert_eq!(server.seen("tracestate"), [["other=abc,es=s:0.25"]]);
}
