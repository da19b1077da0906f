//! `shop-front`: an axum service that calls `shop-back`. Our layer stands among those that services have anyway.

use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use elastic_apm::Tracer;
use elastic_apm::axum::ApmLayer;
use elastic_apm::prelude::*;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::TimeoutLayer;

use crate::back::Reservation;
use crate::panics::INTENDED;
use crate::warehouse::{Warehouse, WarehouseError};

/// Slower requests are answered with 504.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Redeeming this coupon panics.
pub(crate) const BAD_COUPON: &str = "HALF-PRICE";

/// The routes, traced.
pub(crate) fn router(tracer: Tracer, warehouse: Warehouse) -> Router {
    // From the outside in. Our layer may stand anywhere; below the one that catches panics it knows their message.
    let layers = ServiceBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(CatchPanicLayer::new())
        .layer(ApmLayer::new().tracer(tracer))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, TIMEOUT));
    Router::new()
        .route("/products/{item}", get(product))
        .route("/search", get(search))
        .route("/orders", post(order))
        .route("/coupons/{code}", post(redeem))
        .route("/reports/stock", get(stock_report))
        .layer(layers)
        .with_state(warehouse)
}

async fn product(State(warehouse): State<Warehouse>, Path(item): Path<String>) -> Result<String, Failure> {
    let stock = warehouse.stock(&item).await.map_err(Failure::captured)?;
    let stock = stock.ok_or(Failure::NotFound)?;
    Ok(render(&item, stock.pieces))
}

/// A synchronous function with a span around it.
#[capture_span(name = "render page", type = "template", labels(pieces = pieces))]
fn render(item: &str, pieces: u32) -> String {
    format!("<h1>{item}</h1><p>{pieces} in stock</p>")
}

#[derive(Deserialize)]
struct Search {
    q: String,
}

async fn search(Query(Search { q }): Query<Search>) -> String {
    label("query", q.clone());
    // Futures take a span with `.in_span`; what is dropped on a time-out ends its span too.
    let hits =
        look_through_catalogue(&q).in_span(span("look through catalogue").label("letters", q.len())).await;
    // For a block of synchronous code, a guard.
    let _rank = capture_span("rank hits");
    format!("{hits} hits for {q}")
}

/// The wider the search, the longer it takes.
async fn look_through_catalogue(q: &str) -> usize {
    let millis = if q == "everything" { 2_000 } else { 15 * q.len() as u64 };
    tokio::time::sleep(Duration::from_millis(millis)).await;
    q.len()
}

#[derive(Deserialize)]
struct Order {
    customer: String,
    item: String,
    pieces: u32,
}

#[derive(Serialize)]
struct Receipt {
    total_cents: u32,
}

async fn order(
    State(warehouse): State<Warehouse>,
    Json(order): Json<Order>,
) -> Result<(StatusCode, Json<Receipt>), Failure> {
    set_user_context(User::new().id(&order.customer));
    set_custom_context("basket", serde_json::json!([{ "item": order.item, "pieces": order.pieces }]));
    label("pieces", order.pieces);
    let stock = warehouse.stock(&order.item).await.map_err(Failure::captured)?.ok_or(Failure::NotFound)?;
    if stock.pieces < order.pieces {
        return Err(Failure::SoldOut);
    }
    let reservation = Reservation { item: order.item, pieces: order.pieces };
    warehouse.reserve(&reservation).await.map_err(Failure::captured)?;
    let total_cents = charge(order.pieces).in_span(span("charge card").span_type("app.payment")).await;
    Ok((StatusCode::CREATED, Json(Receipt { total_cents })))
}

async fn charge(pieces: u32) -> u32 {
    tokio::time::sleep(Duration::from_millis(25)).await;
    1_250 * pieces
}

async fn redeem(Path(code): Path<String>) -> String {
    assert!(code != BAD_COUPON, "{INTENDED}");
    format!("{code} accepted")
}

/// What the nightly job asks for, item after item.
async fn stock_report(State(warehouse): State<Warehouse>) -> Result<Json<Vec<Reservation>>, Failure> {
    let mut lines = Vec::new();
    for item in ["teapot", "mug", "kettle"] {
        let stock = warehouse.stock(item).await.map_err(Failure::captured)?.ok_or(Failure::NotFound)?;
        lines.push(Reservation { item: item.to_owned(), pieces: stock.pieces });
    }
    Ok(Json(lines))
}

/// What a handler answers where it cannot do its work.
enum Failure {
    NotFound,
    SoldOut,
    Warehouse(WarehouseError),
}

impl Failure {
    /// Our own failure, not the caller's: reported, with its causes.
    fn captured(error: WarehouseError) -> Self {
        capture_error(&error);
        Self::Warehouse(error)
    }
}

impl axum::response::IntoResponse for Failure {
    fn into_response(self) -> axum::response::Response {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND.into_response(),
            Self::SoldOut => StatusCode::CONFLICT.into_response(),
            Self::Warehouse(error) => error.into_response(),
        }
    }
}
