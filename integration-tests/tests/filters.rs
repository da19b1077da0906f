//! What the application has to say of events before they are sent: what filters see, change and leave out.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use elastic_apm::intake::{ErrorEvent, SpanEvent, TransactionEvent};
use elastic_apm::testing::RecordingAgent;
use elastic_apm::tower::ApmLayer;
use elastic_apm::{DropReason, Tracer, capture_error, capture_message, capture_span, label};
use elastic_apm_integration_tests::{CheckedAgent, PATIENCE};
use http::{Request, Response};
use tower::{Layer, ServiceExt, service_fn};

/// One event of each kind.
fn record(tracer: &Tracer) {
    tracer.transaction("job", "script").run_sync(|| {
        label("tenant", "acme");
        let _span = capture_span("step");
        capture_error(&fmt::Error);
    });
}

#[test]
fn what_a_filter_changes_is_sent_changed() {
    let agent = CheckedAgent::with(|options| {
        options
            .filter(|transaction: &mut TransactionEvent| {
                transaction.name = Some("changed".into());
                true
            })
            .filter(|span: &mut SpanEvent| {
                span.labels.insert("filtered", true);
                true
            })
            .filter(|error: &mut ErrorEvent| {
                error.labels = Default::default();
                true
            })
    });

    record(&agent.tracer());

    let events = agent.events();
    assert_eq!(events.transactions[0].name.as_deref(), Some("changed"));
    assert_eq!(events.span("step").labels.len(), 1);
    assert!(events.errors[0].labels.is_empty());
}

#[test]
fn what_a_filter_leaves_out_is_not_sent_and_counted_and_nothing_is_lost() {
    // Not checked: the transaction counts spans that are not sent.
    let agent =
        RecordingAgent::with(|options| options.filter(|span: &mut SpanEvent| span.name != "SELECT 1"));

    agent.tracer().transaction("job", "script").run_sync(|| {
        drop(capture_span("SELECT 1"));
        drop(capture_span("SELECT FROM orders"));
        drop(capture_span("SELECT 1"));
    });

    assert!(agent.agent().flush(PATIENCE), "nothing was lost");
    let stats = agent.stats();
    assert_eq!((stats.recorded(), stats.sent(), stats.dropped_for(DropReason::Filtered)), (4, 2, 2));
    assert_eq!(agent.events().spans.len(), 1);
}

#[test]
fn filters_of_a_kind_run_in_order_until_one_leaves_the_event_out() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let watch = |number: u32, keeps: bool| {
        let seen = Arc::clone(&seen);
        move |span: &mut SpanEvent| {
            seen.lock().unwrap().push(format!("{number} {}", span.name));
            span.name = format!("{} {number}", span.name).into();
            keeps
        }
    };
    let agent = RecordingAgent::with(|options| {
        options
            .filter(watch(1, true))
            .filter(|_: &mut ErrorEvent| true)
            .filter(watch(2, false))
            .filter(watch(3, true))
    });

    record(&agent.tracer());

    assert!(agent.events().spans.is_empty());
    assert_eq!(*seen.lock().unwrap(), ["1 step", "2 step 1"]);
}

#[test]
fn a_filter_that_panics_costs_the_event_it_looked_at_and_is_warned_of_once() {
    let agent = CheckedAgent::with(|options| {
        options.filter(|error: &mut ErrorEvent| {
            let log = error.log.as_ref().expect("on purpose: no message");
            log.message != "unwanted"
        })
    });

    agent.tracer().transaction("job", "script").run_sync(|| {
        capture_error(&fmt::Error);
        capture_message("wanted");
        capture_error(&fmt::Error);
        capture_message("unwanted");
    });

    // What it answers depends on whether the events were lost before it was asked.
    let _ = agent.agent().flush(PATIENCE);
    let sent = agent.events().errors;
    let stats = agent.stats();
    assert_eq!(
        (stats.dropped_for(DropReason::FilterFailed), stats.dropped_for(DropReason::Filtered)),
        (2, 1)
    );
    assert_eq!(stats.recorded(), stats.sent() + stats.dropped());
    let warnings: Vec<_> =
        agent.log_lines().into_iter().filter(|line| line.contains("a filter panicked")).collect();
    assert_eq!(warnings.iter().filter(|line| line.starts_with("WARN")).count(), 1, "{warnings:?}");
    assert_eq!(sent[0].log.as_ref().unwrap().message, "wanted");
}

#[test]
fn a_filter_sees_named_frames() {
    let seen: Arc<OnceLock<ErrorEvent>> = Arc::default();
    let copy = Arc::clone(&seen);
    let agent = CheckedAgent::with(|options| {
        options.filter(move |error: &mut ErrorEvent| copy.set(error.clone()).is_ok())
    });

    record(&agent.tracer());

    let sent = agent.events().errors.remove(0);
    assert_eq!(seen.get(), Some(&sent), "what it saw is what was sent");
    assert_eq!(sent.culprit.as_deref(), Some("filters::record"));
    assert_eq!(
        sent.exception.as_ref().unwrap().stacktrace[0].function.as_deref(),
        Some("record::{{closure}}")
    );
}

#[tokio::test]
async fn a_filter_sees_no_secrets() {
    let seen: Arc<OnceLock<TransactionEvent>> = Arc::default();
    let copy = Arc::clone(&seen);
    let agent = CheckedAgent::with(|options| {
        options.filter(move |transaction: &mut TransactionEvent| copy.set(transaction.clone()).is_ok())
    });
    let service =
        service_fn(|_: Request<String>| async { Ok::<_, fmt::Error>(Response::new(String::new())) });
    let request =
        Request::get("/").header("authorization", "Bearer 1234").header("x-kept", "yes").body(String::new());

    drop(ApmLayer::new().tracer(agent.tracer()).layer(service).oneshot(request.unwrap()).await.unwrap());

    assert_eq!(agent.events().transactions.len(), 1);
    let headers = seen.get().unwrap().context.as_ref().unwrap().request.as_ref().unwrap().headers.clone();
    let sent: Vec<_> = headers.iter().map(|(name, values)| (name, values[0].as_str())).collect();
    assert_eq!(sent, [("authorization", "[REDACTED]"), ("x-kept", "yes")]);
}

#[test]
fn what_a_filter_records_itself_is_ignored() {
    let tracer: Arc<OnceLock<Tracer>> = Arc::default();
    let own = Arc::clone(&tracer);
    let agent = CheckedAgent::with(|options| {
        options
            .filter(move |_: &mut TransactionEvent| {
                let tracer = own.get().unwrap();
                record(tracer);
                tracer.capture_message("in a filter");
                assert!(!tracer.is_recording());
                true
            })
            .filter(|_: &mut ErrorEvent| capture_error(&fmt::Error).is_none())
    });
    tracer.set(agent.tracer()).unwrap();

    record(&agent.tracer());

    assert_eq!(agent.events().transactions.len(), 1);
    assert_eq!(agent.stats().recorded(), 3);
}

#[test]
fn a_filter_that_waits_for_its_own_agent_is_not_kept_waiting() {
    static AGENT: OnceLock<RecordingAgent> = OnceLock::new();
    let answers: Arc<Mutex<Vec<bool>>> = Arc::default();
    let given = Arc::clone(&answers);
    let agent = AGENT.get_or_init(|| {
        RecordingAgent::with(|options| {
            options.filter(move |_: &mut TransactionEvent| {
                given.lock().unwrap().push(AGENT.get().unwrap().agent().flush(PATIENCE));
                true
            })
        })
    });
    let start = Instant::now();

    record(&agent.tracer());

    assert_eq!(agent.events().transactions.len(), 1);
    assert!(start.elapsed() < PATIENCE);
    assert_eq!(*answers.lock().unwrap(), [false]);
}

#[test]
fn an_event_that_a_filter_blows_up_is_cut_like_any_other() {
    let agent = CheckedAgent::with(|options| {
        options.filter(|error: &mut ErrorEvent| {
            let custom = error.context.get_or_insert_default().custom.get_or_insert_default();
            custom.insert("blob".to_owned(), "x".repeat(2_000_000).into());
            true
        })
    });

    record(&agent.tracer());

    let custom = agent.events().errors[0].context.clone().unwrap().custom.unwrap();
    assert_eq!(custom["blob"].as_str().unwrap().chars().count(), 100_000);
}

#[test]
fn filters_run_one_event_at_a_time_and_never_on_the_applications_threads() {
    let (at_once, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let names: Arc<Mutex<Vec<String>>> = Arc::default();
    let (running, peak, threads) = (Arc::clone(&at_once), Arc::clone(&most), Arc::clone(&names));
    let agent = CheckedAgent::with(|options| {
        options.filter(move |_: &mut SpanEvent| {
            peak.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            threads.lock().unwrap().push(std::thread::current().name().unwrap_or_default().to_owned());
            running.fetch_sub(1, Ordering::SeqCst);
            true
        })
    });

    std::thread::scope(|scope| {
        for _ in 0..4 {
            let tracer = agent.tracer();
            scope.spawn(move || (0..25).for_each(|_| record(&tracer)));
        }
    });

    assert_eq!(agent.events().spans.len(), 100);
    assert_eq!(most.load(Ordering::SeqCst), 1);
    assert!(names.lock().unwrap().iter().all(|name| name == "elastic-apm"));
}

#[test]
fn filters_are_asked_at_shutdown_too() {
    let agent = RecordingAgent::with(|options| options.filter(|_: &mut TransactionEvent| false));
    record(&agent.tracer());

    assert!(agent.agent().shutdown(Duration::from_secs(30)), "what is left out is not lost");

    assert_eq!(agent.stats().dropped_for(DropReason::Filtered), 1);
}
