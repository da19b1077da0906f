//! What holds of every way to send a request: reqwest 0.13 and 0.12, each by its middleware and by `send_traced`, and hyper-util.

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use elastic_apm::{CallOptions, FutureExt, Outcome, TraceContext, span};
use elastic_apm_integration_tests::CheckedAgent;
use http::HeaderMap;
use tokio::net::TcpListener;

use crate::clients::Client;
use crate::{PARENT, Server, TRACE, context, in_job, only, status, traceparent};

with_every_client! {
    a_call_is_an_exit_span_with_name_url_destination_and_target
    the_server_becomes_a_child_of_the_span
    own_headers_are_replaced_and_never_doubled
    baggage_is_passed_on_beside_the_senders_own
    a_status_of_400_and_above_is_a_failure
    a_redirect_belongs_to_the_call
    credentials_in_the_url_never_leave
    an_ipv6_address_has_brackets_in_names_and_none_as_an_address
    below_a_call_another_one_has_no_span_and_no_destination
    answers_and_errors_are_those_without_us
    without_a_transaction_nothing_is_injected
    an_unsampled_transaction_sends_its_own_id_and_flag_00
    a_call_over_the_limit_sends_the_id_of_its_nearest_reported_ancestor
    below_an_exit_span_of_another_type_there_is_no_span_and_its_id_is_sent
    a_request_may_name_its_span
    a_request_may_want_no_span
    a_request_may_say_which_attempt_it_is
}

async fn a_call_is_an_exit_span_with_name_url_destination_and_target(client: Client) {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let url = server.url("/200?a=1&b=two%20words");

    in_job(&agent, client.get(&url)).await.unwrap();

    let events = agent.events();
    let span = only(&events);
    assert_eq!((span.name.as_str(), span.kind.as_str()), (&*format!("GET {}", server.host), "external"));
    assert_eq!((span.subtype.as_deref(), span.outcome), (Some("http"), Some(Outcome::Success)));
    let http = context(span).http.as_ref().unwrap();
    assert_eq!(http.url.as_deref(), Some(&*url));
    assert_eq!((http.method.as_deref(), http.status_code), (Some("GET"), Some(200)));
    let (address, port) = server.host.split_once(':').unwrap();
    let destination = context(span).destination.as_ref().unwrap();
    assert_eq!((destination.address.as_deref(), destination.port), (Some(address), port.parse().ok()));
    assert_eq!(destination.service.as_ref().unwrap().resource, *server.host);
    let target = context(span).service.as_ref().unwrap().target.as_ref().unwrap();
    assert_eq!((target.kind.as_deref(), target.name.as_deref()), (Some("http"), Some(&*server.host)));
}

async fn the_server_becomes_a_child_of_the_span(client: Client) {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, client.get(&server.url("/200"))).await.unwrap();

    let events = agent.events();
    assert_eq!(server.seen("traceparent"), [traceparent(&events, only(&events).id, "01")]);
    assert_eq!(server.seen("tracestate"), [["es=s:1"]]);
}

async fn own_headers_are_replaced_and_never_doubled(client: Client) {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let mut own = HeaderMap::new();
    own.append("traceparent", "00-11111111111111111111111111111111-2222222222222222-01".parse().unwrap());
    own.append("traceparent", "second".parse().unwrap());
    own.append("tracestate", "mine=1".parse().unwrap());

    in_job(&agent, client.send(&server.url("/200"), own, CallOptions::new())).await.unwrap();

    let events = agent.events();
    assert_eq!(server.seen("traceparent"), [traceparent(&events, only(&events).id, "01")]);
    assert_eq!(server.seen("tracestate"), [["es=s:1"]]);
}

async fn baggage_is_passed_on_beside_the_senders_own(client: Client) {
    let server = Server::of_statuses().await;
    let mut received = HeaderMap::new();
    received.insert("traceparent", format!("00-{TRACE}-{PARENT}-00").parse().unwrap());
    received.insert("baggage", "tenant=acme%20inc;ttl=5, region=eu".parse().unwrap());
    let parent = || TraceContext::from_headers(&received);

    let agent = CheckedAgent::new();
    let job = |parent: Option<TraceContext>| agent.tracer().transaction("job", "script").child_of(parent);
    job(parent()).run(client.get(&server.url("/200"))).await.unwrap();
    let own =
        HeaderMap::from_iter([(http::HeaderName::from_static("baggage"), "region=us".parse().unwrap())]);
    job(parent()).run(client.send(&server.url("/200"), own, CallOptions::new())).await.unwrap();
    job(None).run(client.get(&server.url("/200"))).await.unwrap();

    // Also where nothing is sampled: it is the application's, not the agent's.
    let sent: Vec<_> = server.seen("baggage").into_iter().map(|values| values.join(",")).collect();
    assert_eq!(sent, ["tenant=acme%20inc;ttl=5,region=eu", "region=us,tenant=acme%20inc;ttl=5", ""]);
}

async fn a_status_of_400_and_above_is_a_failure(client: Client) {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, async {
        for code in [204, 399, 400, 599] {
            assert_eq!(client.get(&server.url(&format!("/{code}"))).await.unwrap().status, code);
        }
    })
    .await;

    let events = agent.events();
    let found: Vec<_> =
        events.spans.iter().map(|span| (status(span).unwrap(), span.outcome.unwrap())).collect();
    let (good, bad) = (Outcome::Success, Outcome::Failure);
    assert_eq!(found, [(204, good), (399, good), (400, bad), (599, bad)]);
}

async fn a_redirect_belongs_to_the_call(client: Client) {
    let agent = CheckedAgent::new();
    let router = Router::new()
        .route("/from", get(|| async { Redirect::temporary("/to") }))
        .route("/to", get(|| async { "there" }));
    let server = Server::with(router).await;

    in_job(&agent, client.get(&server.url("/from"))).await.unwrap();

    let events = agent.events();
    // hyper-util leaves redirects to its caller.
    let follows = !matches!(client, Client::HyperUtil);
    let (requests, code) = if follows { (2, 200) } else { (1, 307) };
    assert_eq!((status(only(&events)), only(&events).outcome), (Some(code), Some(Outcome::Success)));
    assert_eq!(context(only(&events)).http.as_ref().unwrap().url.as_deref(), Some(&*server.url("/from")));
    assert_eq!(server.seen("traceparent"), vec![traceparent(&events, only(&events).id, "01"); requests]);
}

async fn credentials_in_the_url_never_leave(client: Client) {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, client.get(&format!("http://joe:hunter2@{}/200", server.host))).await.unwrap();

    let events = agent.events();
    assert_eq!(only(&events).name, *format!("GET {}", server.host));
    assert_eq!(context(only(&events)).http.as_ref().unwrap().url.as_deref(), Some(&*server.url("/200")));
    assert!(!events.lines.iter().any(|line| line.contains("hunter2") || line.contains("joe")));
}

async fn an_ipv6_address_has_brackets_in_names_and_none_as_an_address(client: Client) {
    // Nobody need listen there, and machines without IPv6 have an error for it too.
    let agent = CheckedAgent::new();

    in_job(&agent, client.get("http://[::1]:1/")).await.unwrap_err();

    let events = agent.events();
    let span = only(&events);
    assert_eq!((span.name.as_str(), span.outcome), ("GET [::1]:1", Some(Outcome::Failure)));
    let destination = context(span).destination.as_ref().unwrap();
    assert_eq!((destination.address.as_deref(), destination.port), (Some("::1"), Some(1)));
    assert_eq!(destination.service.as_ref().unwrap().resource, "[::1]:1");
}

async fn below_a_call_another_one_has_no_span_and_no_destination(client: Client) {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let call = async {
        let own = span("GET a gateway").span_type("external.http").exit();
        let steps = async {
            drop(span("connect").span_type("external.http").start());
            client.get(&server.url("/200")).await
        };
        steps.in_span(own).await
    };

    in_job(&agent, call).await.unwrap();

    let events = agent.events();
    let own = events.span("GET a gateway");
    assert_eq!(events.spans.len(), 2, "{}", events.tree());
    assert_eq!((events.span("connect").parent_id, &events.span("connect").context), (own.id, &None));
    assert_eq!(server.seen("traceparent"), [traceparent(&events, own.id, "01")]);
}

async fn answers_and_errors_are_those_without_us(client: Client) {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();

    for url in [server.url("/200"), server.url("/404"), server.url("/204"), format!("http://{closed}/")] {
        let plain = client.plain(&url).await;
        assert_eq!(in_job(&agent, client.get(&url)).await, plain, "{url}");
    }
}

async fn without_a_transaction_nothing_is_injected(client: Client) {
    let server = Server::of_statuses().await;

    client.get(&server.url("/200")).await.unwrap();

    assert_eq!(server.seen("traceparent"), [[""; 0]]);
}

async fn an_unsampled_transaction_sends_its_own_id_and_flag_00(client: Client) {
    let agent = CheckedAgent::with(|options| options.transaction_sample_rate(0.0));
    let server = Server::of_statuses().await;

    in_job(&agent, client.get(&server.url("/200"))).await.unwrap();

    let events = agent.events();
    assert_eq!(events.spans.len(), 0);
    assert_eq!(server.seen("traceparent"), [traceparent(&events, events.transactions[0].id, "00")]);
    assert_eq!(server.seen("tracestate"), [["es=s:0"]]);
}

async fn a_call_over_the_limit_sends_the_id_of_its_nearest_reported_ancestor(client: Client) {
    let agent = CheckedAgent::with(|options| options.transaction_max_spans(1));
    let server = Server::of_statuses().await;

    in_job(&agent, async { client.get(&server.url("/200")).await }.in_span("the only one")).await.unwrap();

    let events = agent.events();
    assert_eq!(server.seen("traceparent"), [traceparent(&events, only(&events).id, "01")]);
}

async fn below_an_exit_span_of_another_type_there_is_no_span_and_its_id_is_sent(client: Client) {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let query = async {
        let query = span("GET /_search").span_type("db.elasticsearch").exit();
        async { client.get(&server.url("/404")).await }.in_span(query).await
    };

    in_job(&agent, query).await.unwrap();

    let events = agent.events();
    assert_eq!((only(&events).kind.as_str(), only(&events).outcome), ("db", Some(Outcome::Success)));
    assert_eq!(server.seen("traceparent"), [traceparent(&events, only(&events).id, "01")]);
}

async fn a_request_may_name_its_span(client: Client) {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let options = CallOptions::new().span_name("GET /users/{id}");

    in_job(&agent, client.send(&server.url("/200"), HeaderMap::new(), options)).await.unwrap();

    assert_eq!(only(&agent.events()).name, "GET /users/{id}");
}

async fn a_request_may_want_no_span(client: Client) {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let options = CallOptions::new().without_span();

    in_job(&agent, client.send(&server.url("/200"), HeaderMap::new(), options)).await.unwrap();

    let events = agent.events();
    assert_eq!(events.spans.len(), 0);
    assert_eq!(server.seen("traceparent"), [traceparent(&events, events.transactions[0].id, "01")]);
}

async fn a_request_may_say_which_attempt_it_is(client: Client) {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let options = CallOptions::new().attempt(3);

    in_job(&agent, client.send(&server.url("/200"), HeaderMap::new(), options)).await.unwrap();

    assert_eq!(only(&agent.events()).labels.get("attempt"), Some(&3.into()));
}
