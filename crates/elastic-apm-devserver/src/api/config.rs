//! Central configuration, as the page and tests set it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use super::refuse;
use crate::protocol::configurations::Options;
use crate::state::App;

/// What is set, by service.
#[derive(Debug, Serialize)]
pub(crate) struct ConfigState {
    services: BTreeMap<String, Options>,
}

pub(crate) async fn all(State(app): State<App>) -> Json<ConfigState> {
    Json(ConfigState { services: app.configurations.all() })
}

/// Replaces the options of a service. Numbers and booleans become the texts that agents get.
pub(crate) async fn set(
    State(app): State<App>,
    Path(service): Path<String>,
    Json(options): Json<Map<String, Value>>,
) -> Response {
    let text = |(name, value): (String, Value)| match value {
        Value::String(text) => Some((name, text)),
        Value::Bool(_) | Value::Number(_) => Some((name, value.to_string())),
        _ => None,
    };
    let Some(options) = options.into_iter().map(text).collect::<Option<Options>>() else {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "values must be texts, numbers or booleans");
    };
    app.configurations.set(service, options);
    Json(ConfigState { services: app.configurations.all() }).into_response()
}

pub(crate) async fn delete(State(app): State<App>, Path(service): Path<String>) -> StatusCode {
    app.configurations.set(service, Options::new());
    StatusCode::NO_CONTENT
}
