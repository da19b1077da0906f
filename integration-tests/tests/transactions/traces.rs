//! Whose child it is, whether it is sampled, and what is sent on.

use elastic_apm::intake::{SampleRate, SpanLink, TransactionEvent};
use elastic_apm::{
    LabelValue, Outcome, TraceContext, TraceParent, TransactionOptions, User, capture_error, capture_span,
    current_trace_context, inject, label, set_custom_context, set_user_context, span, trace_parent_header,
};
use elastic_apm_integration_tests::CheckedAgent;
use http::{HeaderMap, HeaderValue};

use crate::{PARENT, SAMPLED, TRACE, UNSAMPLED, end, only};

fn headers(traceparents: &[&str], tracestate: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in traceparents {
        headers.append("traceparent", HeaderValue::from_str(value).unwrap());
    }
    if !tracestate.is_empty() {
        headers.append("tracestate", HeaderValue::from_str(tracestate).unwrap());
    }
    headers
}

fn parent_of(event: &TransactionEvent) -> (String, Option<String>) {
    (event.trace_id.to_string(), event.parent_id.map(|id| id.to_string()))
}

#[test]
fn a_transaction_is_the_child_of_a_string_of_headers_and_of_a_traceparent() {
    let agent = CheckedAgent::new();
    let tracer = agent.tracer();
    let parent: TraceParent = SAMPLED.parse().unwrap();

    drop(tracer.transaction("string", "job").child_of(TraceContext::parse(SAMPLED).ok()).start());
    drop(
        tracer
            .transaction("headers", "job")
            .child_of(TraceContext::from_headers(&headers(&[SAMPLED], "")))
            .start(),
    );
    drop(tracer.transaction("traceparent", "job").child_of(TraceContext::from(parent)).start());
    drop(
        tracer.begin_transaction(TransactionOptions::new("job").child_of(TraceContext::parse(SAMPLED).ok())),
    );

    let events = agent.events();
    assert_eq!(events.transactions.len(), 4);
    for event in &events.transactions {
        assert_eq!(parent_of(event), (TRACE.to_owned(), Some(PARENT.to_owned())));
        assert_ne!(event.id.to_string(), PARENT);
    }
}

#[test]
fn garbage_duplicates_and_nothing_start_a_new_trace_and_ignore_the_tracestate() {
    let agent = CheckedAgent::new();
    let cases: [&[&str]; 7] = [
        &[],
        &["garbage"],
        &["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"],
        &["00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"],
        &["00-00000000000000000000000000000000-b7ad6b7169203331-01"],
        &["ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
        &[SAMPLED, SAMPLED],
    ];

    for traceparents in cases {
        let context = TraceContext::from_headers(&headers(traceparents, "es=s:0.25,other=abc"));
        let _tx = agent.tracer().transaction("job", "script").child_of(context).begin();
        let sent_on = current_trace_context().unwrap();
        assert_eq!(sent_on.tracestate().to_string(), "es=s:1", "{traceparents:?}");
    }

    let events = agent.events();
    assert_eq!(events.transactions.len(), cases.len());
    for event in &events.transactions {
        assert_eq!((event.parent_id, event.sample_rate.map(SampleRate::as_f64)), (None, Some(1.0)));
        assert_ne!(event.trace_id.to_string(), TRACE);
    }
}

#[test]
fn links_are_kept_in_order() {
    let agent = CheckedAgent::new();
    let parent: TraceParent = SAMPLED.parse().unwrap();
    let link =
        |byte| SpanLink { trace_id: parent.trace_id(), span_id: elastic_apm::SpanId::from_bytes([byte; 8]) };

    drop(agent.tracer().transaction("job", "script").links([link(1), link(2)]).links([link(3)]).start());

    assert_eq!(only(&agent.events()).links, [link(1), link(2), link(3)]);
}

fn rate(event: &TransactionEvent) -> Option<f64> {
    event.sample_rate.map(SampleRate::as_f64)
}

#[test]
fn the_callers_flag_and_rate_are_followed_and_the_tracestate_sent_on_untouched() {
    // traceparent's flags, tracestate in; sampled, rate on the event, flags and tracestate out.
    let cases = [
        ("01", "", true, None, "01", None),
        ("01", "es=s:0.25,other=abc", true, Some(0.25), "01", Some("es=s:0.25,other=abc")),
        ("01", "other=abc,es=s:0.25", true, Some(0.25), "01", Some("other=abc,es=s:0.25")),
        ("01", "other=abc", true, None, "01", Some("other=abc")),
        ("01", "es=s:2", true, None, "01", Some("es=s:2")),
        ("01", "es=s:abc;n:1", true, None, "01", Some("es=s:abc;n:1")),
        ("01", "not a member", true, None, "01", None),
        ("00", "es=s:0", false, Some(0.0), "00", Some("es=s:0")),
        ("00", "", false, Some(0.0), "00", None),
        ("03", "", true, None, "03", None),
        ("02", "", false, Some(0.0), "02", None),
        ("ff", "", true, None, "03", None),
        ("fd", "", true, None, "01", None),
    ];

    for (flags, tracestate, sampled, event_rate, flags_out, tracestate_out) in cases {
        // The agent's own rate counts for the traces that start here, not for these.
        let agent =
            CheckedAgent::with(|options| options.transaction_sample_rate(if sampled { 0.0 } else { 1.0 }));
        let incoming = headers(&[&format!("00-{TRACE}-{PARENT}-{flags}")], tracestate);
        let mut outgoing = HeaderMap::new();
        let tx = agent
            .tracer()
            .transaction("job", "script")
            .child_of(TraceContext::from_headers(&incoming))
            .begin();
        let id = tx.id().unwrap();
        inject(&mut outgoing);
        drop(tx);

        let events = agent.events();
        let case = format!("{flags} {tracestate}");
        assert_eq!((only(&events).sampled, rate(only(&events))), (sampled, event_rate), "{case}");
        assert_eq!(outgoing["traceparent"], format!("00-{TRACE}-{id}-{flags_out}"), "{case}");
        assert_eq!(outgoing.get("tracestate").map(|value| value.to_str().unwrap()), tracestate_out, "{case}");
    }
}

#[test]
fn several_tracestate_headers_are_sent_on_as_one() {
    let agent = CheckedAgent::new();
    let mut incoming = headers(&[SAMPLED], "a=1");
    incoming.append("tracestate", HeaderValue::from_static(""));
    incoming.append("tracestate", HeaderValue::from_static("es=s:0.5 , b=2"));
    let mut outgoing = headers(&[UNSAMPLED, UNSAMPLED], "stale=1");

    let _tx =
        agent.tracer().transaction("job", "script").child_of(TraceContext::from_headers(&incoming)).begin();
    inject(&mut outgoing);

    let values: Vec<_> = outgoing.get_all("tracestate").iter().collect();
    assert_eq!(values, ["a=1,es=s:0.5,b=2"]);
    assert_eq!(outgoing.get_all("traceparent").iter().count(), 1, "replaced, never appended");
}

#[test]
fn a_root_tells_its_rounded_rate_to_events_and_to_those_it_calls() {
    for (configured, told) in [(1.0, "1"), (0.999_99, "1"), (0.555_55, "0.5556"), (0.9, "0.9")] {
        let agent = CheckedAgent::with(|options| options.transaction_sample_rate(configured));
        let mut seen = [false; 2];
        // The dice decide, so until one of each kind has come, or 400 of one kind.
        for _ in 0..400 {
            let tx = agent.tracer().begin_transaction("script");
            drop(capture_span("step"));
            let expected = if tx.is_sampled() { format!("es=s:{told}") } else { "es=s:0".to_owned() };
            let context = current_trace_context().unwrap();
            assert_eq!(context.tracestate().to_string(), expected);
            assert_eq!(context.traceparent().flags(), u8::from(tx.is_sampled()));
            seen[usize::from(tx.is_sampled())] = true;
            if seen == [true; 2] {
                break;
            }
        }

        assert!(seen[1]);
        assert_eq!(seen[0], told != "1", "a rate of {told}");
        let events = agent.events();
        let told: f64 = told.parse().unwrap();
        for event in &events.transactions {
            assert_eq!(rate(event), Some(if event.sampled { told } else { 0.0 }));
        }
        for step in &events.spans {
            assert_eq!(step.sample_rate.map(SampleRate::as_f64), Some(told));
        }
    }
}

#[test]
fn an_unsampled_transaction_is_bare_and_has_no_spans() {
    let agent = CheckedAgent::with(|options| options.transaction_sample_rate(0.0));
    let tx = agent.tracer().begin_transaction(TransactionOptions::new("script").label("early", 1));
    let mut headers = HeaderMap::new();
    struct Unwanted;
    impl From<Unwanted> for LabelValue {
        fn from(_: Unwanted) -> Self {
            unreachable!("nobody wants the value")
        }
    }

    label("key", Unwanted);
    tx.label("key", Unwanted);
    set_user_context(User::new().id(7));
    set_custom_context("key", 1);
    let step = span("step").label("key", Unwanted).enter();
    let inside = trace_parent_header();
    step.label("key", Unwanted);
    inject(&mut headers);
    drop(step);
    let id = tx.id().unwrap();
    tx.end_with("job", "done");

    let events = agent.events();
    let job = only(&events);
    assert_eq!((job.sampled, rate(job), job.name.as_deref()), (false, Some(0.0), Some("job")));
    assert_eq!(end(job), (Some("done"), Some(Outcome::Success)));
    assert_eq!((job.span_count.started, job.span_count.dropped, events.spans.len()), (0, 0, 0));
    let expected = format!("00-{}-{id}-00", job.trace_id);
    assert_eq!(inside.as_deref(), Some(&*expected));
    assert_eq!(headers["traceparent"], expected);
    assert_eq!(headers["tracestate"], "es=s:0");
}

#[test]
fn an_error_in_an_unsampled_transaction_is_sent_and_says_so() {
    let agent = CheckedAgent::with(|options| options.transaction_sample_rate(0.0));
    let tx = agent.tracer().begin_transaction("script");
    let id = tx.id();

    capture_error(&std::fmt::Error);
    tx.end_with("job", "done");

    let events = agent.events();
    assert_eq!(events.errors[0].parent.unwrap().transaction_id, id);
    assert!(!events.errors[0].transaction.as_ref().unwrap().sampled);
    assert_eq!(only(&events).outcome, Some(Outcome::Failure));
}
