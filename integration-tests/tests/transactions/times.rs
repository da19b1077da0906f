//! When a transaction was.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use elastic_apm::{TransactionOptions, capture_span};
use elastic_apm_integration_tests::CheckedAgent;

use crate::only;

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
