//! Which path leads where.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, put};
use tower_http::compression::CompressionLayer;

use crate::api::{self, config, guard, live};
use crate::page;
use crate::protocol::{central, info, intake};
use crate::state::App;

/// The largest body of a request that is not an event stream.
const SMALL_BODY: usize = 64 * 1024;

/// All routes of one server.
pub(crate) fn router(app: App) -> Router {
    let agents = Router::new()
        .route("/", get(info::info))
        .route("/intake/v2/events", any(intake::events))
        .route("/config/v1/agents", any(central::agents));
    let api = Router::new()
        .route("/api/traces", get(api::traces).delete(api::clear))
        .route("/api/traces/{id}", get(api::trace))
        .route("/api/services", get(api::services))
        .route("/api/stats", get(api::stats))
        .route("/api/faults", get(api::faults).post(api::set_fault).delete(api::clear_fault))
        .route("/api/config", get(config::all))
        .route("/api/config/{service}", put(config::set).delete(config::delete))
        .route("/api/events", get(live::events))
        .layer(from_fn_with_state(app.clone(), guard::local_names_only));
    // A real server compresses no answer to an agent; what goes to browsers may be large.
    let browsers = api.merge(page::routes()).layer(CompressionLayer::new());
    agents.merge(browsers).fallback(info::not_found).layer(DefaultBodyLimit::max(SMALL_BODY)).with_state(app)
}
