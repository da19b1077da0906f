//! A trace as a tree in the order a waterfall draws it.
//!
//! Pure: a trace in, rows out. How rows are drawn is the business of the page and of [`crate::render_waterfall`].

mod row;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::HashMap;
use std::sync::Arc;

use elastic_apm_intake::SpanId;
use serde::Serialize;

pub use self::row::{ErrorRow, Row, RowKind};
use crate::store::{Record, Trace, TraceSummary};

/// The rows of one trace, parents before their children, siblings by start.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Waterfall {
    /// The trace at a glance.
    pub summary: TraceSummary,
    /// Where the time axis begins: the earliest start, in microseconds since the Unix epoch.
    pub start_us: u64,
    /// How long the time axis is, in microseconds; at least 1.
    pub extent_us: u64,
    /// Transactions and spans.
    pub rows: Vec<Row>,
    /// Errors whose parent has not arrived.
    pub errors: Vec<ErrorRow>,
}

impl Waterfall {
    pub(crate) fn of(trace: &Trace) -> Self {
        let timed: Vec<_> = trace.events().iter().filter(|record| record.is_timed()).cloned().collect();
        let placed = tree::arrange(&timed);
        let start_us = placed.iter().map(|place| place.start_us).min().unwrap_or(trace.summary().start_us);
        let end_us =
            placed.iter().map(|place| place.start_us.saturating_add(timed[place.index].duration_us())).max();
        let mut rows: Vec<_> =
            placed.iter().map(|place| Row::new(Arc::clone(&timed[place.index]), place, start_us)).collect();
        let errors = attach_errors(trace, &mut rows);
        Self {
            summary: trace.summary(),
            start_us,
            extent_us: end_us.unwrap_or(start_us).saturating_sub(start_us).max(1),
            rows,
            errors,
        }
    }
}

/// Hangs each error on its parent's row, else on its transaction's; gives back those without either.
fn attach_errors(trace: &Trace, rows: &mut [Row]) -> Vec<ErrorRow> {
    let by_id: HashMap<SpanId, usize> =
        rows.iter().enumerate().rev().filter_map(|(index, row)| Some((row.record().id()?, index))).collect();
    let place = |error: &Record| {
        let parents = [error.parent_id(), error.transaction_id()];
        parents.into_iter().flatten().find_map(|id| by_id.get(&id).copied())
    };
    let mut unattached = Vec::new();
    for error in trace.errors() {
        let row = ErrorRow::new(Arc::clone(error));
        match place(error) {
            Some(index) => rows[index].errors.push(row),
            None => unattached.push(row),
        }
    }
    unattached
}
