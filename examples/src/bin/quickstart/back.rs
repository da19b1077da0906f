//! `shop-back`: an axum service that knows the shelves. One layer, and a few spans of its own.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use elastic_apm::axum::ApmLayer;
use elastic_apm::{Tracer, capture_span, label};
use http::StatusCode;
use serde::{Deserialize, Serialize};

/// The shelves: item, pieces, and how many milliseconds away it is stored.
const SHELVES: [(&str, u32, u64); 5] =
    [("teapot", 7, 4), ("mug", 120, 6), ("kettle", 2, 9), ("samovar", 1, 220), ("honey", 14, 5)];

/// Always fails to be reserved.
pub(crate) const LOCKED_ITEM: &str = "samovar";

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Stock {
    pub(crate) pieces: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Reservation {
    pub(crate) item: String,
    pub(crate) pieces: u32,
}

/// The routes, traced.
pub(crate) fn router(tracer: Tracer) -> Router {
    Router::new()
        .route("/stock/{item}", get(stock))
        .route("/reservations", post(reserve))
        .layer(ApmLayer::new().tracer(tracer))
}

async fn stock(Path(item): Path<String>) -> Result<Json<Stock>, StatusCode> {
    let pieces = count_shelf(&item).await.ok_or(StatusCode::NOT_FOUND)?;
    Ok(Json(Stock { pieces }))
}

async fn reserve(Json(wanted): Json<Reservation>) -> Result<StatusCode, ReserveError> {
    label("item", wanted.item.clone());
    write_ledger(&wanted).await?;
    Ok(StatusCode::CREATED)
}

/// Goes and looks. The time it takes stands for a query.
#[capture_span(name = "count shelf", type = "app", subtype = "warehouse", labels(item = item))]
async fn count_shelf(item: &str) -> Option<u32> {
    let shelf = SHELVES.iter().find(|shelf| shelf.0 == item);
    tokio::time::sleep(Duration::from_millis(shelf.map_or(2, |shelf| shelf.2))).await;
    shelf.map(|shelf| shelf.1)
}

/// `err` reports what is returned as an `Err`, inside the span.
#[capture_span(name = "write ledger", type = "app", subtype = "warehouse", err)]
async fn write_ledger(wanted: &Reservation) -> Result<(), ReserveError> {
    tokio::time::sleep(Duration::from_millis(8)).await;
    if wanted.item == LOCKED_ITEM {
        return Err(ReserveError { item: wanted.item.clone(), cause: LedgerLocked });
    }
    Ok(())
}

/// Why an item cannot be reserved.
#[derive(Debug)]
struct ReserveError {
    item: String,
    cause: LedgerLocked,
}

#[derive(Debug)]
struct LedgerLocked;

impl fmt::Display for ReserveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot reserve {}", self.item)
    }
}

impl Error for ReserveError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

impl IntoResponse for ReserveError {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}

impl fmt::Display for LedgerLocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the ledger is locked for stock-taking")
    }
}

impl Error for LedgerLocked {}
