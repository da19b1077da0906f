//! The JSON API of the page: reads the store, knows nothing of the intake protocol.

pub(crate) mod config;
pub(crate) mod guard;
pub(crate) mod live;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use elastic_apm_intake::TraceId;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::protocol::faults::Fault;
use crate::state::App;
use crate::store::{ServiceSummary, Stats, Trace, TraceSummary};
use crate::waterfall::Waterfall;

const DEFAULT_TRACES: usize = 100;
const MOST_TRACES: usize = 1_000;
const DEFAULT_ROWS: usize = 5_000;

/// Narrows `GET /api/traces`.
#[derive(Debug, Deserialize)]
pub(crate) struct TraceQuery {
    limit: Option<usize>,
    service: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct TraceList {
    traces: Vec<TraceSummary>,
    /// Traces in the store, listed or not.
    total: usize,
}

/// Narrows `GET /api/traces/{id}`.
#[derive(Debug, Deserialize)]
pub(crate) struct RowQuery {
    rows: Option<usize>,
}

#[derive(Debug, Serialize)]
pub(crate) struct TraceDetail {
    #[serde(flatten)]
    waterfall: Waterfall,
    /// Rows of the whole waterfall; `rows` holds the first of them.
    rows_total: usize,
}

/// The switch as it stands: `{"fault": null}` when off.
#[derive(Debug, Serialize)]
pub(crate) struct FaultState {
    fault: Option<Fault>,
}

pub(crate) async fn traces(State(app): State<App>, Query(query): Query<TraceQuery>) -> Json<TraceList> {
    let traces = app.store.traces();
    let wanted = |trace: &&Arc<Trace>| match query.service.as_deref() {
        None | Some("") => true,
        Some(wanted) => trace.services().iter().any(|service| service == wanted),
    };
    let limit = query.limit.unwrap_or(DEFAULT_TRACES).min(MOST_TRACES);
    let listed = traces.iter().filter(wanted).take(limit).map(|trace| trace.summary()).collect();
    Json(TraceList { traces: listed, total: traces.len() })
}

pub(crate) async fn trace(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<RowQuery>,
) -> Response {
    let trace = id.parse::<TraceId>().ok().and_then(|id| app.store.trace(id));
    let Some(trace) = trace else {
        return refuse(StatusCode::NOT_FOUND, "no such trace");
    };
    let mut waterfall = trace.waterfall();
    let rows_total = waterfall.rows.len();
    waterfall.rows.truncate(query.rows.unwrap_or(DEFAULT_ROWS));
    Json(TraceDetail { waterfall, rows_total }).into_response()
}

pub(crate) async fn clear(State(app): State<App>) -> StatusCode {
    app.store.clear();
    StatusCode::NO_CONTENT
}

pub(crate) async fn services(State(app): State<App>) -> Json<Vec<ServiceSummary>> {
    Json(app.store.services())
}

pub(crate) async fn stats(State(app): State<App>) -> Json<Stats> {
    Json(app.store.stats())
}

pub(crate) async fn faults(State(app): State<App>) -> Json<FaultState> {
    Json(FaultState { fault: app.faults.current() })
}

pub(crate) async fn set_fault(State(app): State<App>, Json(fault): Json<Fault>) -> Response {
    if !(200..600).contains(&fault.status) {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "`status` must be between 200 and 599");
    }
    app.faults.set(Some(fault).filter(Fault::is_on));
    Json(FaultState { fault: app.faults.current() }).into_response()
}

pub(crate) async fn clear_fault(State(app): State<App>) -> StatusCode {
    app.faults.set(None);
    StatusCode::NO_CONTENT
}

/// A refusal in the form `{"error": message}`.
fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(serde_json::json!({ "error": message }))).into_response()
}
