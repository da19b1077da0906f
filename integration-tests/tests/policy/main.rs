//! What becomes of spans, and what Elastic computes from them: limits, compression, statistics, breakdown.

mod breakdown;
mod compression;
mod dropped;
mod races;
mod random_programs;
mod random_trees;

use std::time::Duration;

use elastic_apm::intake::TransactionEvent;
use elastic_apm::testing::Events;
use elastic_apm::{Outcome, SpanBuilder, Transaction, TransactionRef, span};

/// A query of the database `shop`.
fn query(statement: &'static str) -> SpanBuilder {
    span(statement).span_type("db.mysql.query").exit().service_target("mysql", "shop")
}

/// Runs a query below what is current; it takes so many milliseconds, says it.
fn run(statement: &'static str, millis: u64) {
    run_with(query(statement), millis);
}

fn run_with(builder: SpanBuilder, millis: u64) {
    builder.enter().set_duration(Duration::from_millis(millis));
}

fn fail(builder: SpanBuilder) {
    builder.enter().set_outcome(Outcome::Failure);
}

/// `(started, dropped)`
fn count(transaction: &TransactionEvent) -> (u32, u32) {
    (transaction.span_count.started, transaction.span_count.dropped)
}

/// The only transaction.
#[track_caller]
fn only(events: &Events) -> &TransactionEvent {
    assert_eq!(events.transactions.len(), 1, "{:?}", events.transactions);
    &events.transactions[0]
}

/// Runs `work` with the transaction current.
fn inside<T>(transaction: &TransactionRef, work: impl FnOnce() -> T) -> T {
    let mut context = transaction.context();
    let _entered = context.enter();
    work()
}

/// A transaction that is not current.
fn started(agent: &elastic_apm_integration_tests::CheckedAgent) -> Transaction {
    agent.tracer().transaction("job", "script").start()
}
