//! The service behind an exit span, by Elastic's own cases.

use elastic_apm::intake::{
    Db, Destination, DestinationService, Message, Named, Service, ServiceTarget, SpanContext, SpanEvent,
    SpanHttp,
};
use elastic_apm::testing::RecordingAgent;
use elastic_apm::{Keyword, SpanBuilder, span};
use elastic_apm_integration_tests::{CheckedAgent, spec};
use serde_json::Value;

#[test]
fn targets_and_resources_are_inferred_as_elastics_cases_say() {
    let Some(data) = spec::data("service_resource_inference") else { return };
    let path = data.join("json-specs/service_resource_inference.json");
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();

    for case in &cases {
        let why = case["failure_message"].as_str().unwrap();
        let event = recorded(&case["span"]);
        let context = event.context.as_deref();
        let service = context.and_then(|context| context.destination.as_ref()?.service.as_ref());
        let target = context.and_then(|context| context.service.as_ref()?.target.as_ref());

        assert_eq!(
            service.map(|service| service.resource.as_str()),
            case["expected_resource"].as_str(),
            "{why}"
        );
        let expected = &case["expected_service_target"];
        assert_eq!(target.and_then(|target| target.kind.as_deref()), expected["type"].as_str(), "{why}");
        assert_eq!(target.and_then(|target| target.name.as_deref()), expected["name"].as_str(), "{why}");
    }
    println!("service_resource_inference.json: {} cases ran", cases.len());
    assert!(cases.len() >= 16);
}

#[test]
fn a_target_that_the_user_sets_wins_over_what_the_context_says() {
    let event = query(|span| span.set_service_target("redis", "sessions"));

    let context = event.context.unwrap();
    assert_eq!(context.destination.unwrap().service.unwrap().resource, "redis/sessions");
    assert_eq!(context.db.unwrap().instance.as_deref(), Some("shop"));
}

#[test]
fn a_target_that_is_set_to_nothing_shows_no_service() {
    let event = query(|span| span.set_service_target("", ""));

    let context = event.context.unwrap();
    assert_eq!((context.service, context.destination), (None, None));
}

#[test]
fn a_span_that_is_no_call_takes_no_target() {
    let agent = RecordingAgent::new();
    {
        let _transaction = agent.tracer().begin_transaction("script");
        span("step").enter().set_service_target("mysql", "shop");
    }

    assert_eq!(agent.events().spans[0].context, None);
}

#[test]
fn the_users_target_wins_whether_it_is_set_before_or_after_what_an_integration_says() {
    let db = |context: &mut SpanContext| {
        context.db = Some(Box::new(Db { instance: Some("shop".into()), ..Db::default() }));
    };
    let http = |context: &mut SpanContext| {
        context.http = Some(SpanHttp { url: Some("http://shop:8080/".into()), ..SpanHttp::default() });
    };
    let message = |context: &mut SpanContext| {
        context.message = Some(Box::new(Message { queue: Some("orders".into()), ..Message::default() }));
    };
    let changes: [fn(&mut SpanContext); 3] = [db, http, message];
    for change in changes {
        let before = called(SpanBuilder::exit, |span| {
            span.set_service_target("redis", "sessions");
            span.update_context(change);
        });
        let after = called(SpanBuilder::exit, |span| {
            span.update_context(change);
            span.set_service_target("redis", "sessions");
        });
        let first =
            called(|call| call.service_target("redis", "sessions"), |span| span.update_context(change));
        let last = called(
            |call| call.service_target("mysql", "old"),
            |span| {
                span.update_context(change);
                span.set_service_target("redis", "sessions");
            },
        );

        for event in [before, after, first, last] {
            assert_eq!(seen(&event), (Some("redis/sessions"), Some("redis"), Some("sessions")));
        }
    }
}

#[test]
fn a_target_that_is_set_in_part_is_known_by_that_part() {
    for (kind, name, expected) in [
        ("redis", "", (Some("redis"), Some("redis"), None)),
        ("", "sessions", (Some("sessions"), None, Some("sessions"))),
        ("", "", (None, None, None)),
    ] {
        let late = query(|span| span.set_service_target(kind, name));
        let early = called(|call| call.service_target(kind, name), |_| {});

        assert_eq!(seen(&late), expected, "{kind:?} {name:?}");
        assert_eq!(seen(&early), expected, "{kind:?} {name:?}");
    }
}

#[test]
fn a_target_that_was_set_to_nothing_can_be_set_again() {
    let event = query(|span| {
        span.set_service_target("", "");
        span.set_service_target("redis", "sessions");
    });

    assert_eq!(seen(&event), (Some("redis/sessions"), Some("redis"), Some("sessions")));
}

#[test]
fn a_resource_that_an_integration_names_stays_unless_the_user_sets_a_target() {
    let names = |span: &elastic_apm::Span| {
        span.update_context(|context| {
            let service = DestinationService { resource: "named".into(), ..DestinationService::default() };
            context.destination = Some(Destination { service: Some(service), ..Destination::default() });
        });
    };

    let named = query(names);
    let replaced = query(|span| {
        names(span);
        span.set_service_target("redis", "sessions");
    });

    assert_eq!(seen(&named), (Some("named"), Some("mysql"), Some("shop")));
    assert_eq!(seen(&replaced), (Some("redis/sessions"), Some("redis"), Some("sessions")));
}

#[test]
fn a_step_of_a_call_has_no_target_of_its_own() {
    let agent = CheckedAgent::new();
    {
        let _transaction = agent.tracer().begin_transaction("script");
        let _call = span("call").span_type("db.mysql").service_target("mysql", "shop").enter();
        let step = span("step").span_type("db.mysql").enter();
        step.set_service_target("redis", "sessions");
        // A call within the call is not recorded.
        drop(span("inner").span_type("db.mysql").service_target("redis", "sessions").enter());
    }

    let events = agent.events();
    assert_eq!(seen(events.span("step")), (None, None, None));
    assert_eq!((events.spans.len(), seen(events.span("call")).0), (2, Some("mysql/shop")));
}

/// Resource, type and name of the service that a span shows.
fn seen(event: &SpanEvent) -> (Option<&str>, Option<&str>, Option<&str>) {
    let context = event.context.as_deref();
    let service = context.and_then(|context| context.destination.as_ref()?.service.as_ref());
    let target = context.and_then(|context| context.service.as_ref()?.target.as_ref());
    (
        service.map(|service| service.resource.as_str()),
        target.and_then(|target| target.kind.as_deref()),
        target.and_then(|target| target.name.as_deref()),
    )
}

/// The event of a call that `describe` describes, and on which `change` was called.
fn called(
    describe: impl FnOnce(SpanBuilder) -> SpanBuilder,
    change: impl FnOnce(&elastic_apm::Span),
) -> SpanEvent {
    let agent = CheckedAgent::new();
    {
        let _transaction = agent.tracer().begin_transaction("script");
        change(&describe(span("call").span_type("db.mysql")).enter());
    }
    agent.events().spans.remove(0)
}

/// A database call on which `change` was called.
fn query(change: impl FnOnce(&elastic_apm::Span)) -> SpanEvent {
    let agent = RecordingAgent::new();
    {
        let _transaction = agent.tracer().begin_transaction("script");
        let span = span("SELECT FROM orders").span_type("db.mysql").exit().enter();
        let db = Db { instance: Some("shop".into()), ..Db::default() };
        span.update_context(|context| context.db = Some(Box::new(db)));
        change(&span);
    }
    agent.events().spans.remove(0)
}

/// The event of a span as a case describes it.
#[expect(clippy::unwrap_used, reason = "a test's helpers fail as the test does")]
fn recorded(case: &Value) -> SpanEvent {
    let text = |value: &Value| value.as_str().map(Keyword::copied);
    let agent = RecordingAgent::new();
    {
        let _transaction = agent.tracer().begin_transaction("script");
        let mut builder = span("case").span_type(Keyword::copied(case["type"].as_str().unwrap()));
        if let Some(subtype) = case["subtype"].as_str() {
            builder = builder.subtype(Keyword::copied(subtype));
        }
        if case["exit"] == "true" {
            builder = builder.exit();
        }
        let given = &case["context"];
        let target = &given["service"]["target"];
        let context = SpanContext {
            service: target.is_object().then(|| {
                let target = ServiceTarget { kind: text(&target["type"]), name: text(&target["name"]) };
                Box::new(Service::with_target(target))
            }),
            http: given["http"]
                .is_object()
                .then(|| SpanHttp { url: text(&given["http"]["url"]), ..SpanHttp::default() }),
            db: given["db"].is_object().then(|| {
                let (instance, kind) = (text(&given["db"]["instance"]), text(&given["db"]["type"]));
                Box::new(Db { instance, kind, ..Db::default() })
            }),
            message: given["message"].is_object().then(|| {
                let queue = given["message"]["queue"].is_object();
                let queue = queue.then(|| Named { name: text(&given["message"]["queue"]["name"]) });
                Box::new(Message { queue, ..Message::default() })
            }),
            ..SpanContext::default()
        };
        builder.start().update_context(|empty| *empty = context);
    }
    agent.events().spans.remove(0)
}
