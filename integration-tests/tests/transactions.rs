//! What a transaction says of itself: how it ends, whose child it is, whether it is sampled, how many spans it has.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Barrier};
use std::task::{Context, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use elastic_apm::intake::{SpanEvent, SpanLink, TransactionEvent};
use elastic_apm::testing::Events;
use elastic_apm::{
    FutureExt, LabelValue, Outcome, TaskContext, TraceContext, TraceParent, TransactionOptions, User,
    capture_error, capture_span, current_trace_context, inject, label, set_custom_context,
    set_transaction_name, set_transaction_outcome, set_transaction_result, set_user_context, span,
    trace_parent_header,
};
use elastic_apm_integration_tests::CheckedAgent;
use http::{HeaderMap, HeaderValue};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
const SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const UNSAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

fn only(events: &Events) -> &TransactionEvent {
    assert_eq!(events.transactions.len(), 1, "{}", events.tree());
    &events.transactions[0]
}

fn end(event: &TransactionEvent) -> (Option<&str>, Option<Outcome>) {
    (event.result.as_deref(), event.outcome)
}

// How it ends.

#[test]
fn a_transaction_carries_the_name_type_and_result_it_was_given() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");

    tx.end_with("nightly", "done");

    let events = agent.events();
    let job = only(&events);
    assert_eq!((job.name.as_deref(), job.kind.as_str()), (Some("nightly"), "script"));
    assert_eq!(end(job), (Some("done"), Some(Outcome::Success)));
}

#[test]
fn the_users_name_and_result_win_over_those_given_at_the_end() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    set_transaction_name("mine");
    set_transaction_result("my result");

    tx.end_with("theirs", "their result");

    let events = agent.events();
    assert_eq!(
        (only(&events).name.as_deref(), only(&events).result.as_deref()),
        (Some("mine"), Some("my result"))
    );
}

#[test]
fn an_empty_type_is_custom_and_a_missing_result_stays_missing() {
    let agent = CheckedAgent::new();

    drop(agent.tracer().begin_transaction(""));

    let events = agent.events();
    assert_eq!((only(&events).kind.as_str(), only(&events).result.as_deref()), ("custom", None));
}

#[tokio::test]
async fn run_succeeds_whatever_it_returns() {
    let agent = CheckedAgent::new();

    let returned: Result<(), &str> =
        agent.tracer().transaction("job", "script").run(async { Err("kept") }).await;

    assert_eq!(returned, Err("kept"));
    assert_eq!(end(only(&agent.events())), (Some("success"), Some(Outcome::Success)));
}

#[tokio::test]
async fn try_run_succeeds_with_ok_and_fails_with_err() {
    let agent = CheckedAgent::new();
    let tracer = agent.tracer();

    let good = tracer.transaction("good", "script").try_run(async { Ok::<_, String>(1) }).await;
    let bad = tracer.transaction("bad", "script").try_run(async { Err::<i32, _>("no".to_owned()) }).await;

    assert_eq!((good, bad), (Ok(1), Err("no".to_owned())));
    let events = agent.events();
    assert_eq!(end(events.transaction("good")), (Some("success"), Some(Outcome::Success)));
    assert_eq!(end(events.transaction("bad")), (Some("failure"), Some(Outcome::Failure)));
    assert_eq!(events.errors.len(), 0, "an `Err` is no error event");
}

#[tokio::test]
async fn the_result_and_outcome_set_inside_win_over_err_and_panic() {
    let agent = CheckedAgent::new();
    let tracer = agent.tracer();
    let set = || {
        set_transaction_result("partial");
        set_transaction_outcome(Outcome::Success);
    };

    let failed = tracer.transaction("err", "script").try_run(async move {
        set();
        Err::<(), _>("no")
    });
    let panicked = tracer.transaction("panic", "script").run(async move {
        set();
        panic!("boom");
    });
    failed.await.unwrap_err();
    tokio::spawn(panicked).await.unwrap_err();

    let events = agent.events();
    for name in ["err", "panic"] {
        assert_eq!(end(events.transaction(name)), (Some("partial"), Some(Outcome::Success)), "{name}");
    }
}

#[tokio::test]
async fn a_panic_is_a_failure_reported_once_unhandled_with_its_message_and_passed_on() {
    let agent = CheckedAgent::new();
    let tracer = agent.tracer();
    let (a, b) = (2, 3);

    let literal =
        tokio::spawn(tracer.transaction("literal", "script").run(async { panic!("plain boom") })).await;
    let formatted = tokio::spawn(tracer.transaction("formatted", "script").run(async move {
        tokio::task::yield_now().await;
        panic!("{a} is not {b}")
    }))
    .await;
    let odd =
        tokio::spawn(tracer.transaction("odd", "script").run(async { std::panic::panic_any(7_u8) })).await;

    assert_eq!(literal.unwrap_err().into_panic().downcast_ref(), Some(&"plain boom"));
    assert_eq!(formatted.unwrap_err().into_panic().downcast_ref(), Some(&"2 is not 3".to_owned()));
    assert_eq!(odd.unwrap_err().into_panic().downcast_ref(), Some(&7_u8));
    let events = agent.events();
    assert_eq!(events.errors.len(), 3);
    for (name, message) in [
        ("literal", "plain boom"),
        ("formatted", "2 is not 3"),
        ("odd", "panic with a payload that is not a string"),
    ] {
        let job = events.transaction(name);
        assert_eq!(end(job), (Some("failure"), Some(Outcome::Failure)), "{name}");
        let error =
            events.errors.iter().find(|error| error.parent.unwrap().transaction_id == Some(job.id)).unwrap();
        let exception = error.exception.as_ref().unwrap();
        assert_eq!((exception.message.as_deref(), exception.handled), (Some(message), Some(false)));
    }
}

#[test]
fn a_panic_through_a_scope_is_a_failure_of_span_and_transaction() {
    let agent = CheckedAgent::new();

    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let tx = agent.tracer().begin_transaction("script");
        tx.set_name("job");
        let _span = capture_span("step");
        panic!("boom");
    }));

    assert!(panicked.is_err());
    assert_eq!(agent.events().tree(), "transaction job [failure]\n  span step [failure]\n");
}

#[test]
fn a_run_that_is_dropped_midway_is_cancelled_with_an_unknown_outcome() {
    let agent = CheckedAgent::new();
    let tracer = agent.tracer();
    let poll = |future: std::pin::Pin<&mut dyn Future<Output = ()>>| {
        assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_pending());
    };

    poll(pin!(tracer.transaction("plain", "script").run(std::future::pending())));
    poll(pin!(tracer.transaction("after an error", "script").run(async {
        capture_error(&std::fmt::Error);
        std::future::pending().await
    })));
    poll(pin!(tracer.transaction("decided", "script").run(async {
        set_transaction_result("given up");
        set_transaction_outcome(Outcome::Failure);
        std::future::pending().await
    })));

    let events = agent.events();
    for name in ["plain", "after an error"] {
        assert_eq!(end(events.transaction(name)), (Some("cancelled"), Some(Outcome::Unknown)), "{name}");
    }
    assert_eq!(end(events.transaction("decided")), (Some("given up"), Some(Outcome::Failure)));
}

#[tokio::test]
async fn an_aborted_task_is_cancelled() {
    let agent = CheckedAgent::new();
    let (started, has_started) = tokio::sync::oneshot::channel();
    let task = tokio::spawn(agent.tracer().transaction("job", "script").run(async move {
        started.send(()).unwrap();
        std::future::pending::<()>().await;
    }));

    has_started.await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());

    assert_eq!(end(only(&agent.events())), (Some("cancelled"), Some(Outcome::Unknown)));
}

#[test]
fn a_run_that_is_never_polled_leaves_nothing() {
    let agent = CheckedAgent::new();

    drop(agent.tracer().transaction("job", "script").run(async { unreachable!("never polled") }));

    assert_eq!(agent.stats().recorded(), 0);
}

#[test]
fn an_error_captured_makes_a_failure_unless_the_user_says_otherwise() {
    let agent = CheckedAgent::new();

    for outcome in [None, Some(Outcome::Success), Some(Outcome::Unknown)] {
        let tx = agent.tracer().begin_transaction("script");
        capture_error(&std::fmt::Error);
        outcome.into_iter().for_each(set_transaction_outcome);
        tx.end_with("job", "done");
    }

    let outcomes: Vec<_> = agent.events().transactions.iter().filter_map(|event| event.outcome).collect();
    assert_eq!(outcomes, [Outcome::Failure, Outcome::Success, Outcome::Unknown]);
}

#[test]
fn a_discarded_transaction_is_not_sent() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");

    tx.discard();
    drop(tx);

    assert_eq!(agent.stats().recorded(), 0);
}

#[test]
fn nothing_is_recorded_while_recording_is_off_or_the_agent_disabled() {
    for agent in
        [CheckedAgent::with(|options| options.recording(false)), CheckedAgent::with(|o| o.enabled(false))]
    {
        let tx = agent.tracer().begin_transaction("script");
        let step = capture_span("step");
        capture_error(&std::fmt::Error);

        assert!(!tx.is_recording() && !step.is_recording());
        assert_eq!((trace_parent_header(), agent.stats().recorded()), (None, 0));
    }
}

// When it was.

#[test]
fn a_start_time_in_the_past_is_kept_and_lengthens_the_duration() {
    let agent = CheckedAgent::new();
    let start = SystemTime::now() - Duration::from_secs(3);

    let tx = agent.tracer().begin_transaction(TransactionOptions::new("script").start_time(start));
    drop(capture_span("step"));
    tx.end_with("job", "done");

    let events = agent.events();
    let (job, step) = (only(&events), events.span("step"));
    assert_eq!(u128::from(job.timestamp), start.duration_since(UNIX_EPOCH).unwrap().as_micros());
    assert!(job.duration >= 3000.0 && job.duration < 600_000.0, "{}", job.duration);
    assert!(step.timestamp >= job.timestamp + 3_000_000, "a span starts when it starts");
}

#[test]
fn a_start_time_in_the_future_is_taken_as_now() {
    let agent = CheckedAgent::new();
    let start = SystemTime::now() + Duration::from_secs(3600);

    drop(agent.tracer().transaction("job", "script").start_time(start).start());

    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    assert!(u128::from(only(&agent.events()).timestamp) <= now);
}

#[test]
fn a_span_lies_within_its_transaction() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    drop(capture_span("step"));
    tx.end_with("job", "done");

    let events = agent.events();
    let micros = |start: u64, duration: f64| (start as f64, start as f64 + duration * 1000.0);
    let (start, end) = micros(only(&events).timestamp, only(&events).duration);
    let (span_start, span_end) = micros(events.span("step").timestamp, events.span("step").duration);
    assert!(start <= span_start && span_end <= end + 1.0, "{start} {span_start} {span_end} {end}");
}

// Whose child it is.

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
        assert_eq!((event.parent_id, event.sample_rate.map(|rate| rate.as_f64())), (None, Some(1.0)));
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

// Whether it is sampled, and what is sent on.

fn rate(event: &TransactionEvent) -> Option<f64> {
    event.sample_rate.map(|rate| rate.as_f64())
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
            assert_eq!(step.sample_rate.map(|rate| rate.as_f64()), Some(told));
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
    set_user_context(User { id: Some("7".into()), ..User::default() });
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

// How many spans it has.

fn counts(event: &TransactionEvent) -> (u32, u32) {
    (event.span_count.started, event.span_count.dropped)
}

#[test]
fn spans_beyond_the_limit_are_counted_and_not_sent() {
    for (limit, started, dropped) in [(0, 0, 7), (1, 1, 6), (5, 5, 2), (7, 7, 0), (500, 7, 0)] {
        let agent = CheckedAgent::with(|options| options.transaction_max_spans(limit));
        let tx = agent.tracer().begin_transaction("script");

        for _ in 0..7 {
            drop(capture_span("step"));
        }
        tx.end_with("job", "done");

        let events = agent.events();
        assert_eq!(
            (counts(only(&events)), events.spans.len()),
            ((started, dropped), started as usize),
            "{limit}"
        );
    }
}

#[test]
fn the_limit_is_exact_when_many_threads_end_spans_at_once() {
    const THREADS: usize = 8;
    const EACH: usize = 200;
    let agent = CheckedAgent::with(|options| options.transaction_max_spans(333));
    let transaction = agent.tracer().transaction("job", "script").start();
    // All spans are started before any ends, so that only the check at the end can be exact.
    let all_started = Arc::new(Barrier::new(THREADS));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (mut context, all_started) = (transaction.context(), Arc::clone(&all_started));
            std::thread::spawn(move || {
                let _entered = context.enter();
                let spans: Vec<_> = (0..EACH).map(|_| span("step").start()).collect();
                all_started.wait();
                drop(spans);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }

    drop(transaction);

    let events = agent.events();
    assert_eq!((counts(only(&events)), events.spans.len()), ((333, (THREADS * EACH - 333) as u32), 333));
}

#[test]
fn a_span_over_the_limit_is_current_and_passes_on_the_id_of_what_is_reported() {
    let agent = CheckedAgent::with(|options| options.transaction_max_spans(1));
    let tx = agent.tracer().begin_transaction("script");
    drop(capture_span("reported"));

    let over = capture_span("over");
    let deeper = capture_span("deeper");
    let header = trace_parent_header();
    assert!(!over.is_recording() && !deeper.is_recording());
    capture_error(&std::fmt::Error);
    drop((deeper, over));
    let expected = tx.trace_parent().map(|parent| parent.to_string());
    tx.end_with("job", "done");

    assert_eq!(header, expected);
    let events = agent.events();
    assert_eq!(counts(only(&events)), (1, 2));
    assert_eq!(events.errors[0].parent.unwrap().parent_id, only(&events).id);
}

#[test]
fn a_span_that_ends_after_its_transaction_is_sent_and_not_counted() {
    let agent = CheckedAgent::new();
    let transaction = agent.tracer().transaction("job", "script").start();
    let (early, late) = (transaction.span("early").start(), transaction.span("late").start());

    drop(early);
    drop(transaction);
    drop(late);

    let events = agent.events();
    assert_eq!((counts(only(&events)), events.spans.len()), ((1, 0), 2));
}

#[test]
fn a_discarded_span_is_neither_sent_nor_counted() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    let step = capture_span("step");

    step.discard();
    drop(step);
    tx.end_with("job", "done");

    assert_eq!((counts(only(&agent.events())), agent.stats().recorded()), ((0, 0), 1));
}

// Spans and exit spans.

#[test]
fn a_dotted_span_type_is_split_and_an_empty_one_is_custom() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    for kind in ["", "app", "db.mysql", "db.mysql.query", "a.b.c.d"] {
        drop(span("step").span_type(kind).enter());
    }
    tx.end_with("job", "done");

    fn parts(span: &SpanEvent) -> (&str, Option<&str>, Option<&str>) {
        let action = span.extra.as_ref().and_then(|extra| extra.action.as_deref());
        (span.kind.as_str(), span.subtype.as_deref(), action)
    }
    let events = agent.events();
    let found: Vec<_> = events.spans.iter().map(parts).collect();
    assert_eq!(
        found,
        [
            ("custom", None, None),
            ("app", None, None),
            ("db", Some("mysql"), None),
            ("db", Some("mysql"), Some("query")),
            ("a", Some("b"), Some("c.d")),
        ]
    );
}

#[test]
fn below_an_exit_span_only_its_own_kind_is_recorded() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    let call = span("query").span_type("db.postgresql").exit().enter();

    drop(span("other type").span_type("external.http").enter());
    drop(span("other subtype").span_type("db.mysql").enter());
    drop(span("no type").enter());
    drop(span("a nested call").span_type("db.postgresql").exit().enter());
    drop(span("its own step").span_type("db.postgresql").enter());
    drop(call);
    tx.end_with("job", "done");

    let events = agent.events();
    assert_eq!(
        events.tree(),
        "transaction job [success]\n  span query [success]\n    span its own step [success]\n"
    );
    assert_eq!(counts(only(&events)), (2, 0));
}

#[test]
fn code_below_a_forbidden_span_still_has_a_parent() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    let call = span("query").span_type("db.postgresql").exit().enter();
    let forbidden = capture_span("forbidden");

    let header = trace_parent_header();

    assert_eq!(header, call.trace_parent().map(|parent| parent.to_string()));
    drop((forbidden, call, tx));
}

#[test]
fn a_context_may_be_entered_many_times_and_by_many_threads_at_once() {
    let agent = CheckedAgent::new();
    let transaction = agent.tracer().transaction("job", "script").start();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let mut context = transaction.context();
            scope.spawn(move || {
                for _ in 0..50 {
                    let _entered = context.enter();
                    drop(capture_span("step"));
                }
            });
        }
    });
    drop(transaction);

    let events = agent.events();
    assert_eq!((counts(only(&events)), events.spans.len()), ((200, 0), 200));
    assert!(events.spans.iter().all(|step| step.parent_id == only(&events).id));
}

#[tokio::test]
async fn the_default_of_a_builder_is_taken_over_by_what_the_run_sets() {
    let agent = CheckedAgent::new();

    let renamed = async {
        set_transaction_name("renamed");
        async {}.in_span("step").await;
        TaskContext::current()
    };
    drop(agent.tracer().transaction("first name", "script").label("k", "v").run(renamed).await);

    let events = agent.events();
    assert_eq!(only(&events).name.as_deref(), Some("renamed"));
    assert_eq!(only(&events).labels.get("k"), Some(&LabelValue::from("v")));
}
