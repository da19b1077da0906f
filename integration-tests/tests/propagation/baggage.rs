//! Baggage: taken along, changed, sent on, and shown on events.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use elastic_apm::axum::ApmLayer;
use elastic_apm::intake::JsonObject;
use elastic_apm::reqwest::ApmMiddleware;
use elastic_apm::testing::Events;
use elastic_apm::{
    Baggage, FutureExt as _, LabelValue, TraceContext, TransactionOptions, baggage, capture_error,
    capture_span, current_trace_context, inject, remove_baggage, set_baggage, span,
};
use elastic_apm_integration_tests::CheckedAgent;
use http::{HeaderMap, Request};
use serde_json::json;
use tower::ServiceExt as _;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn caller(members: &str) -> HeaderMap {
    HeaderMap::from_iter([
        (TraceContext::TRACEPARENT, PARENT.parse().unwrap()),
        (Baggage::HEADER, members.parse().unwrap()),
    ])
}

fn sent_on() -> Option<String> {
    let mut headers = HeaderMap::new();
    inject(&mut headers);
    headers.get("baggage").map(|value| value.to_str().unwrap().to_owned())
}

/// What the only transaction and the span of this name show.
fn attributes(events: &Events, span: &str) -> [Option<JsonObject>; 2] {
    let transaction = events.transactions[0].extra.as_ref().and_then(|extra| extra.otel.clone());
    let span = events.span(span).extra.as_ref().and_then(|extra| extra.otel.clone());
    [transaction, span]
        .map(|otel| otel.and_then(|otel| otel.attributes).map(|shared| JsonObject::clone(&shared)))
}

#[test]
fn what_a_caller_hands_on_is_taken_along_and_sent_on() {
    let agent = CheckedAgent::new();
    let parent = TraceContext::from_headers(&caller("tenant=acme%20inc, tier=gold;ttl=5"));

    let _tx = agent.tracer().begin_transaction(TransactionOptions::new("script").child_of(parent));
    let _span = capture_span("below");

    assert_eq!(baggage().get("tenant"), Some("acme inc"));
    assert_eq!(sent_on().as_deref(), Some("tenant=acme%20inc,tier=gold;ttl=5"));
    assert_eq!(current_trace_context().unwrap().baggage(), &baggage());
}

#[test]
fn a_value_can_be_added_changed_removed_and_read_and_all_of_the_transaction_see_it() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().transaction("job", "script").begin();
    let span = capture_span("below");

    set_baggage("tenant", "acme");
    set_baggage("tier", "silver");
    tx.set_baggage("tier", "gold");
    assert_eq!(baggage().iter().collect::<Vec<_>>(), [("tenant", "acme"), ("tier", "gold")]);

    assert!(remove_baggage("tenant") && !remove_baggage("tenant") && !tx.remove_baggage("nobody's"));
    drop(span);
    assert_eq!((sent_on().as_deref(), tx.baggage().get("tenant")), (Some("tier=gold"), None));

    remove_baggage("tier");
    assert_eq!((sent_on(), tx.baggage().is_empty()), (None, true));
}

#[test]
fn a_value_that_cannot_travel_is_left_out_and_the_others_stay() {
    let agent = CheckedAgent::new();
    let _tx = agent.tracer().transaction("job", "script").begin();
    set_baggage("tenant", "acme");

    set_baggage("no token", "1");
    set_baggage("", "1");
    set_baggage("huge", &"x".repeat(1 << 20));
    set_baggage("tenant", &"\u{0}".repeat(4_000));

    assert_eq!(sent_on().as_deref(), Some("tenant=acme"));
    for number in 0..100 {
        set_baggage(&format!("k{number}"), "\r\n,;\"");
    }
    assert_eq!(baggage().iter().count(), 64);
    assert!(sent_on().unwrap().starts_with("tenant=acme,k0=%0D%0A%2C%3B%22,"));
}

#[test]
fn baggage_is_its_transactions_alone() {
    let agent = CheckedAgent::new();
    set_baggage("lost", "1");
    let outer = agent.tracer().transaction("outer", "script").begin();
    set_baggage("outer", "1");
    let inner = agent.tracer().transaction("inner", "script").begin();

    assert_eq!(sent_on(), None);
    drop(inner);
    assert_eq!(sent_on().as_deref(), Some("outer=1"));
    drop(outer);
    assert!(baggage().is_empty() && !remove_baggage("outer"));
}

#[test]
fn unsampled_transactions_hand_on_and_show_nothing() {
    let agent = CheckedAgent::with(|options| options.transaction_sample_rate(0.0));
    let tx = agent.tracer().transaction("job", "script").baggage(Baggage::parse([&b"a=1"[..]])).begin();
    set_baggage("b", "2");

    assert_eq!(sent_on().as_deref(), Some("a=1,b=2"));
    drop(tx);

    assert_eq!(agent.events().transactions[0].extra, None);
}

#[test]
fn events_show_the_baggage_there_was_when_they_were_created() {
    let agent = CheckedAgent::new();
    let parent = TraceContext::from_headers(&caller("tenant=acme"));
    let tx = agent.tracer().transaction("job", "script").child_of(parent).begin();
    let early = capture_span("early");
    set_baggage("tier", "gold");
    drop(capture_span("late"));
    capture_error(&std::fmt::Error);
    drop(early);
    remove_baggage("tenant");
    remove_baggage("tier");
    drop(span("without").exit().enter());
    drop(tx);

    let events = agent.events();
    let caller_alone = json!({"baggage.tenant": "acme"}).as_object().cloned();
    let both = json!({"baggage.tenant": "acme", "baggage.tier": "gold"}).as_object().cloned();
    assert_eq!(attributes(&events, "early"), [caller_alone.clone(), caller_alone.clone()]);
    assert_eq!(attributes(&events, "late"), [caller_alone.clone(), both]);
    assert_eq!(attributes(&events, "without"), [caller_alone, None]);
    let labels = &events.errors[0].labels;
    assert_eq!(labels.get("baggage.tenant"), Some(&LabelValue::from("acme")));
    assert_eq!(labels.get("baggage.tier"), Some(&LabelValue::from("gold")));
}

#[test]
fn baggage_to_attach_chooses_what_events_show() {
    let agent = CheckedAgent::with(|options| options.baggage_to_attach(["ten*"]));
    let parent = TraceContext::from_headers(&caller("tenant=acme,tier=gold"));
    let tx = agent.tracer().transaction("job", "script").child_of(parent).begin();
    drop(capture_span("step"));
    capture_error(&std::fmt::Error);
    assert_eq!(sent_on().as_deref(), Some("tenant=acme,tier=gold"), "what is shown is not what is sent on");
    drop(tx);

    let events = agent.events();
    let tenant = json!({"baggage.tenant": "acme"}).as_object().cloned();
    assert_eq!(attributes(&events, "step"), [tenant.clone(), tenant]);
    assert_eq!(events.errors[0].labels.len(), 1);
}

#[test]
fn spans_share_what_they_show_so_that_a_stranger_cannot_make_each_of_them_large() {
    let agent = CheckedAgent::with(|options| options.max_queue_bytes(1 << 20));
    let members: Vec<String> = (0..8).map(|number| format!("k{number}={}", "x".repeat(1_000))).collect();
    let parent = TraceContext::from_headers(&caller(&members.join(",")));
    let tx = agent.tracer().transaction("job", "script").child_of(parent).begin();

    for _ in 0..400 {
        drop(capture_span("step"));
    }
    drop(capture_span("last"));
    drop(tx);

    // 400 copies of 8 kB would be more than the queue may hold.
    let events = agent.events();
    assert_eq!((events.spans.len(), events.transactions.len()), (401, 1));
    assert_eq!(attributes(&events, "last")[1].as_ref().unwrap().len(), 8);
    assert_eq!(agent.stats().dropped(), 0);
}

#[test]
fn with_nothing_to_attach_events_show_none() {
    let agent = CheckedAgent::with(|options| options.baggage_to_attach(Vec::<String>::new()));
    let parent = TraceContext::from_headers(&caller("tenant=acme"));
    let tx = agent.tracer().transaction("job", "script").child_of(parent).begin();
    drop(capture_span("step"));
    drop(tx);

    assert_eq!(attributes(&agent.events(), "step"), [None, None]);
}

#[test]
fn what_the_application_says_in_its_own_header_stays_and_ours_is_added() {
    let agent = CheckedAgent::new();
    let _tx = agent.tracer().transaction("job", "script").begin();
    set_baggage("tenant", "acme");
    set_baggage("tier", "gold");
    let mut headers = HeaderMap::new();
    headers.append("baggage", "tier=bronze;p=1, not a member".parse().unwrap());
    headers.append("baggage", "sentry-trace_id=7".parse().unwrap());

    inject(&mut headers);

    let all: Vec<_> = headers.get_all("baggage").iter().collect();
    assert_eq!(all, ["tier=bronze;p=1, not a member,sentry-trace_id=7,tenant=acme"]);
}

#[tokio::test]
async fn baggage_travels_through_a_service_to_those_it_calls_also_without_a_trace() {
    let agent = CheckedAgent::new();
    let seen: Arc<Mutex<Vec<Option<String>>>> = Arc::default();
    let behind = {
        let seen = Arc::clone(&seen);
        Router::new().fallback(move |headers: HeaderMap| async move {
            let value = headers.get("baggage").map(|value| value.to_str().unwrap().to_owned());
            seen.lock().unwrap().push(value);
        })
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, behind).await });
    let client =
        reqwest_middleware::ClientBuilder::new(reqwest::Client::builder().no_proxy().build().unwrap())
            .with(ApmMiddleware::new())
            .build();
    let call = move || {
        let (client, url) = (client.clone(), url.clone());
        async move { client.get(url).send().in_span("call").await.map(|_| ()).map_err(|error| error.to_string()) }
    };
    let service = Router::new().route("/", get(call)).layer(ApmLayer::new().tracer(agent.tracer()));

    for (traceparent, members) in [(true, "tenant=acme"), (false, "tenant=foo"), (true, "")] {
        let mut request = Request::get("/").header("baggage", members);
        if traceparent {
            request = request.header("traceparent", PARENT);
        }
        let answer = service.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200);
    }

    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen, [Some("tenant=acme".to_owned()), Some("tenant=foo".to_owned()), None]);
}
