//! A call that does nothing is explained by one debug line of the agent's log.

use std::time::Duration;

use elastic_apm::{
    Agent, TransactionOptions, User, capture_span, current_span, label, set_baggage, set_custom_context,
    set_transaction_name, set_user_context,
};
use elastic_apm_integration_tests::CheckedAgent;
use elastic_apm_integration_tests::agent_log::AgentLog;

/// The debug lines of an agent after `work`.
fn explained(agent: &CheckedAgent, work: impl FnOnce()) -> Vec<String> {
    let before = agent.log_lines().len();
    work();
    let lines = agent.log_lines().split_off(before).into_iter();
    // The agent's own thread finds out about the server at any time.
    lines.filter(|line| line.starts_with("DEBUG") && !line.contains("APM Server")).collect()
}

#[track_caller]
fn assert_says(lines: &[String], expected: &[&str]) {
    let matching =
        lines.len() == expected.len() && lines.iter().zip(expected).all(|(line, part)| line.contains(part));
    assert!(matching, "{lines:#?}\nshould say {expected:#?}");
}

#[test]
fn without_a_current_transaction() {
    let log = AgentLog::new();
    let agent = log
        .build_default(Agent::builder().without_env().server_url("http://127.0.0.1:1").central_config(false));

    let before = log.lines().len();
    label("key", 1);
    set_transaction_name("nobody");
    set_user_context(User::new());
    set_baggage("key", "value");
    let lines = log.lines().split_off(before);
    drop(capture_span("nowhere"));

    let said: Vec<_> =
        lines.iter().filter(|line| line.contains("no transaction is current")).cloned().collect();
    assert_says(
        &said,
        &["label ignored", "set_transaction_name ignored", "set_user_context ignored", "set_baggage ignored"],
    );
    agent.shutdown(Duration::ZERO);
}

#[test]
fn in_an_unsampled_transaction() {
    let agent = CheckedAgent::with(|options| options.transaction_sample_rate(0.0));
    let _tx = agent.tracer().begin_transaction("script");

    let lines = explained(&agent, || {
        label("key", 1);
        set_user_context(User::new());
        set_custom_context("key", 1);
        set_transaction_name("kept");
    });

    assert_says(
        &lines,
        &["label ignored: transaction", "set_user_context ignored", "set_custom_context ignored"],
    );
    assert!(lines.iter().all(|line| line.ends_with("is not sampled")), "{lines:#?}");
}

#[test]
fn after_the_end() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    let span = capture_span("step");
    let kept = current_span();
    drop(span);
    agent.agent().end_transaction("job", "success");

    let lines = explained(&agent, || {
        kept.label("late", 1);
        tx.label("late", 1);
        tx.set_name("late");
        assert_eq!(agent.agent().end_transaction("job", "success"), None);
        assert_eq!(agent.agent().end_transaction("job", "success"), None);
    });

    let twice = "end_transaction ignored: no running transaction of this agent is current";
    let expected = ["label ignored: span", "label ignored: transaction", "set_name ignored", twice, twice];
    assert_says(&lines, &expected);
}

#[test]
fn above_the_limit_of_spans() {
    let agent = CheckedAgent::with(|options| options.transaction_max_spans(0));
    let _tx = agent.tracer().begin_transaction("script");
    let span = capture_span("one too many");

    let lines = explained(&agent, || span.label("key", 1));

    assert_says(&lines, &["is one too many: see transaction_max_spans"]);
}

#[test]
fn a_scope_left_before_the_one_inside_it() {
    let agent = CheckedAgent::new();
    let _tx = agent.tracer().begin_transaction("script");
    let (outer, inner) = (capture_span("outer"), capture_span("inner"));
    let (outer_id, inner_id) = (outer.id().unwrap(), inner.id().unwrap());

    let lines = explained(&agent, || drop(outer));
    let afterwards = explained(&agent, || drop(inner));

    let expected = format!("the scope of {outer_id} was left before that of {inner_id}, which stays current");
    assert_says(&lines, &[&expected]);
    assert_says(&afterwards, &[]);
}

#[test]
fn baggage_and_links_that_find_no_room() {
    let agent = CheckedAgent::new();
    let parent = elastic_apm::TraceParent::new(
        elastic_apm::TraceId::from_bytes([1; 16]),
        elastic_apm::SpanId::from_bytes([1; 8]),
        true,
    );
    let tx = agent.tracer().begin_transaction(TransactionOptions::new("batch").links(vec![parent; 1_000]));

    let lines = explained(&agent, || {
        set_baggage("no token", "1");
        set_baggage("huge", &"x".repeat(10_000));
        tx.add_link(parent);
    });

    assert_says(&lines, &["no HTTP token", "no room left", "1000 of them at most"]);
}
