//! Errors whose own code panics, never ends, or reports errors itself; and errors at the wrong time.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use elastic_apm::intake::ErrorEvent;
use elastic_apm::testing::RecordingAgent;
use elastic_apm::{DropReason, Outcome, Span, capture_error, capture_message, capture_span, error, message};
use elastic_apm_integration_tests::CheckedAgent;

use crate::recorded;

/// An error that is nothing but its functions.
struct Hostile {
    display: fn(&mut fmt::Formatter<'_>) -> fmt::Result,
    source: fn() -> Option<&'static (dyn Error + 'static)>,
}

impl Default for Hostile {
    fn default() -> Self {
        Hostile { display: |f| f.write_str("hostile"), source: || None }
    }
}

impl fmt::Display for Hostile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.display)(f)
    }
}

impl fmt::Debug for Hostile {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("on purpose, in Debug")
    }
}

impl Error for Hostile {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        (self.source)()
    }
}

fn message_of(error: &ErrorEvent) -> &str {
    error.exception.as_ref().unwrap().message.as_deref().unwrap()
}

#[test]
fn a_panic_of_the_errors_own_code_costs_no_more_than_what_it_would_have_said() {
    let boxed: Box<dyn Error> = Box::new(Hostile::default());
    let display = Hostile { display: |_| panic!("on purpose, in Display"), ..Hostile::default() };
    let source = Hostile { source: || panic!("on purpose, in source"), ..Hostile::default() };

    let events = recorded(|| {
        capture_error(&*boxed);
        capture_error(&display);
        capture_error(&source);
    });

    let sent: Vec<_> = events.errors.iter().map(message_of).collect();
    assert_eq!(sent, ["hostile", "[panicked while it was printed]", "hostile"]);
    assert_eq!(events.errors[0].exception.as_ref().unwrap().kind, None, "Debug did not say");
    assert_eq!(events.errors[1].exception.as_ref().unwrap().kind.as_deref(), Some("Hostile"));
    assert!(events.errors[2].exception.as_ref().unwrap().cause.is_empty());
}

#[test]
fn a_message_without_end_ends() {
    let endless = Hostile {
        display: |f| {
            loop {
                f.write_str("and so on, ")?;
            }
        },
        ..Hostile::default()
    };

    let events = recorded(|| {
        capture_error(&endless);
    });

    let message = message_of(&events.errors[0]);
    assert_eq!((message.chars().count(), message.ends_with('…')), (10_000, true));
}

#[test]
fn an_error_that_reports_itself_while_it_is_printed_does_so_twice_and_not_for_ever() {
    #[derive(Debug)]
    struct Selfish;
    impl fmt::Display for Selfish {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            capture_error(self);
            f.write_str("me")
        }
    }
    impl Error for Selfish {}
    let agent = CheckedAgent::new();

    agent.tracer().transaction("job", "script").run_sync(|| capture_error(&Selfish));

    assert_eq!(agent.events().errors.iter().map(message_of).collect::<Vec<_>>(), ["me", "me"]);
    assert!(agent.log_lines().iter().any(|line| line.starts_with("DEBUG error ignored")));
}

#[test]
fn an_error_may_end_its_own_transaction_while_it_is_printed() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    let ends = Hostile {
        display: |f| {
            elastic_apm::set_transaction_name("job");
            f.write_str("ending")
        },
        ..Hostile::default()
    };

    let described = tx.error(&ends).label("mine", 1);
    tx.end();
    described.capture();

    let events = agent.events();
    let parent = events.errors[0].parent.unwrap();
    assert_eq!(Some(parent.parent_id), Some(events.transaction("job").id));
    assert_eq!(events.errors[0].labels.len(), 1);
    assert_eq!(events.transaction("job").outcome, Some(Outcome::Success), "it had ended before");
}

#[test]
fn an_error_of_an_unsampled_transaction_is_sent_as_such() {
    let agent = CheckedAgent::with(|options| options.transaction_sample_rate(0.0));

    agent.tracer().transaction("job", "script").run_sync(|| {
        let _span = capture_span("not recorded");
        elastic_apm::label("not", "recorded");
        error(&fmt::Error).label("own", 1).capture();
    });

    let events = agent.events();
    let (error, job) = (&events.errors[0], events.transaction("job"));
    assert_eq!(error.parent.unwrap().parent_id, job.id);
    assert!(!error.transaction.as_ref().unwrap().sampled);
    assert_eq!(error.labels.len(), 1, "what is said of the error itself is kept");
    assert_eq!(job.outcome, Some(Outcome::Failure));
}

#[test]
fn an_error_in_a_span_above_the_limit_belongs_to_the_nearest_span_that_is_sent() {
    let agent = CheckedAgent::with(|options| options.transaction_max_spans(1));

    agent.tracer().transaction("job", "script").run_sync(|| {
        let _first = capture_span("first");
        let dropped = capture_span("one too many");
        capture_error(&fmt::Error);
        dropped.capture_error(&fmt::Error);
    });

    let events = agent.events();
    let first = events.span("first").id;
    assert_eq!(
        events.errors.iter().map(|error| error.parent.unwrap().parent_id).collect::<Vec<_>>(),
        [first, first]
    );
}

#[test]
fn handles_that_record_nothing_report_in_what_is_current() {
    let events = recorded(|| {
        Span::noop().capture_error(&fmt::Error);
        elastic_apm::Transaction::noop().capture_message("of a transaction that is none");
    });

    let job = events.transaction("job").id;
    assert_eq!(events.errors.len(), 2);
    for error in &events.errors {
        assert_eq!(error.parent.unwrap().parent_id, job);
    }
}

#[test]
fn where_nothing_records_no_code_of_the_error_runs() {
    let panics = Hostile { display: |_| panic!("it ran"), source: || panic!("it ran") };
    let agent = RecordingAgent::with(|options| options.recording(false));

    let described =
        agent.tracer().error(&panics).handled(false).code(1).label("a", 1).custom("b", 2).culprit("c");
    assert!(!described.is_recording());
    assert_eq!(described.capture(), None);
    assert_eq!(agent.tracer().message("m").level("info").param_message("t").capture(), None);

    assert_eq!(agent.stats().recorded(), 0);
}

#[test]
fn after_shutdown_an_error_is_counted_as_dropped() {
    let agent = RecordingAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    agent.agent().shutdown(Duration::from_secs(30));

    capture_error(&fmt::Error);
    tx.capture_message("too late");
    agent.tracer().capture_error(&fmt::Error);

    assert_eq!(agent.stats().dropped_for(DropReason::AfterShutdown), 3);
}

#[test]
fn what_is_said_of_it_may_be_as_hostile_as_it_likes() {
    let long = "x".repeat(1_000_000);

    let events = recorded(|| {
        let mut described = error(&fmt::Error);
        for number in 0..500 {
            described = described.label(format!("key.{number}*\""), number);
        }
        described.label(long.clone(), f64::NAN).culprit(long.clone()).code(&long[..2000]).capture();
        message(long.clone())
            .param_message(long.clone())
            .level(long.clone())
            .logger_name(long.clone())
            .capture();
        capture_message("");
    });

    assert_eq!(events.errors.len(), 3);
    assert_eq!(events.errors[0].culprit.as_ref().unwrap().chars().count(), 1024);
    assert_eq!(events.errors[1].log.as_ref().unwrap().param_message.as_ref().unwrap().chars().count(), 1024);
}
