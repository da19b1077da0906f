//! The traces of one round: whether the job's is whole, and which others are worth a look.

use std::sync::Arc;

use elastic_apm::{Outcome, TraceId};
use elastic_apm_devserver::{Row, RowKind, Store, Trace, Waterfall};

use crate::agents::{BACK, FRONT, JOB};
use crate::job;

/// Whether everything is there: the job's transaction at the top, the front's below the job, the back's below the front.
pub(crate) fn is_whole(trace: &Trace) -> bool {
    let waterfall = trace.waterfall();
    let rows = &waterfall.rows;
    let root = rows.first().is_some_and(|row| row.service == JOB && row.name == job::NAME);
    let below = |service: &str, caller: &str| {
        let mut served = transactions(&waterfall, service).peekable();
        served.peek().is_some()
            && served.all(|row| parent(rows, row).is_some_and(|row| row.service == caller))
    };
    root && waterfall.summary.complete && below(FRONT, JOB) && below(BACK, FRONT)
}

fn transactions<'a>(waterfall: &'a Waterfall, service: &'a str) -> impl Iterator<Item = &'a Row> {
    waterfall.rows.iter().filter(move |row| row.kind == RowKind::Transaction && row.service == service)
}

fn parent<'a>(rows: &'a [Row], row: &Row) -> Option<&'a Row> {
    let id = row.parent_id.as_deref()?;
    rows.iter().find(|row| row.id == id)
}

/// Traces that a newcomer should open, each with a few words; the job's first.
pub(crate) fn worth_a_look(store: &Store, job: Option<TraceId>) -> Vec<(&'static str, TraceId)> {
    let traces = store.traces();
    let failed = |name: &str| traces.iter().find(|trace| is_failure(trace, name)).map(|trace| trace.id());
    [
        ("the job", job.filter(|id| store.trace(*id).is_some())),
        ("an error", failed("POST /orders")),
        ("a panic", failed("POST /coupons/{code}")),
        ("a timeout", failed("GET /search")),
    ]
    .into_iter()
    .filter_map(|(words, id)| Some((words, id?)))
    .collect()
}

fn is_failure(trace: &Arc<Trace>, name: &str) -> bool {
    let Some(root) = trace.root().filter(|root| root.service() == FRONT) else { return false };
    root.transaction().is_some_and(|transaction| {
        transaction.name.as_deref() == Some(name) && transaction.outcome == Some(Outcome::Failure)
    })
}
