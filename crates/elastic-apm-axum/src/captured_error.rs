//! The error behind a response, in axum's terms.

use std::error::Error;

use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use elastic_apm_tower::server;
use http::StatusCode;

/// The error behind a response, as a part of it: the layer reports it once, with its whole `source()` chain.
///
/// For error types that become responses, which otherwise leave nothing but a status. It belongs to what was current where it was
/// made, else to the request's transaction. Without a layer, or where nothing is recorded, nothing happens. A response made
/// by other means carries it as the extension [`elastic_apm_tower::CapturedError`].
///
/// ```
/// use axum::http::StatusCode;
/// use axum::response::{IntoResponse, Response};
/// use elastic_apm_axum::CapturedError;
///
/// struct AppError(std::io::Error);
///
/// impl IntoResponse for AppError {
///     fn into_response(self) -> Response {
///         (StatusCode::INTERNAL_SERVER_ERROR, CapturedError::new(self.0), "out of order").into_response()
///     }
/// }
/// # AppError(std::io::Error::other("disk on fire")).into_response();
/// ```
///
/// On its own it answers 500 with an empty body, and every error becomes one by `?`:
///
/// ```
/// use elastic_apm_axum::CapturedError;
///
/// async fn motd() -> Result<String, CapturedError> {
///     Ok(std::fs::read_to_string("/etc/motd")?)
/// }
/// # let _ = axum::Router::<()>::new().route("/", axum::routing::get(motd));
/// ```
#[derive(Clone, Debug)]
pub struct CapturedError {
    error: server::CapturedError,
}

impl CapturedError {
    /// Takes an error, or whatever becomes one: a boxed error, an `anyhow::Error`, a text.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        CapturedError { error: server::CapturedError::new(error) }
    }
}

impl IntoResponseParts for CapturedError {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Self::Error> {
        response.extensions_mut().insert(self.error);
        Ok(response)
    }
}

impl IntoResponse for CapturedError {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self, ()).into_response()
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for CapturedError {
    fn from(error: E) -> Self {
        CapturedError::new(error)
    }
}
