//! The front's way to `shop-back`: a reqwest client, wrapped by one line, and what can go wrong on the way.

use std::error::Error;
use std::fmt;

use axum::response::{IntoResponse, Response};
use elastic_apm::reqwest::ApmMiddleware;
use http::StatusCode;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};

use crate::back::{Reservation, Stock};

/// A client whose requests are traced and carry the trace to whom they reach.
pub(crate) fn traced_client() -> reqwest::Result<ClientWithMiddleware> {
    // Without the proxy that the environment may name: everything here is on this machine.
    let plain = reqwest::Client::builder().no_proxy().build()?;
    Ok(ClientBuilder::new(plain).with(ApmMiddleware::new()).build())
}

/// The service `shop-back`, seen by its caller.
#[derive(Clone, Debug)]
pub(crate) struct Warehouse {
    http: ClientWithMiddleware,
    url: String,
}

impl Warehouse {
    pub(crate) fn new(http: ClientWithMiddleware, url: &str) -> Self {
        Self { http, url: url.to_owned() }
    }

    /// How much there is of an item; `None` where it is unknown.
    pub(crate) async fn stock(&self, item: &str) -> Result<Option<Stock>, WarehouseError> {
        let response = self.http.get(format!("{}/stock/{item}", self.url)).send().await?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::OK => Ok(Some(response.json().await?)),
            status => Err(WarehouseError::Refused(status)),
        }
    }

    /// Puts some pieces aside.
    pub(crate) async fn reserve(&self, reservation: &Reservation) -> Result<(), WarehouseError> {
        let response = self.http.post(format!("{}/reservations", self.url)).json(reservation).send().await?;
        match response.status() {
            status if status.is_success() => Ok(()),
            status => Err(WarehouseError::Refused(status)),
        }
    }
}

/// Why the warehouse gave no answer that is of use.
#[derive(Debug)]
pub(crate) enum WarehouseError {
    Refused(StatusCode),
    Unreachable(reqwest_middleware::Error),
}

impl fmt::Display for WarehouseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(status) => write!(f, "the warehouse answered {status}"),
            Self::Unreachable(_) => f.write_str("the warehouse cannot be reached"),
        }
    }
}

impl Error for WarehouseError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused(_) => None,
            Self::Unreachable(error) => Some(error),
        }
    }
}

impl From<reqwest_middleware::Error> for WarehouseError {
    fn from(error: reqwest_middleware::Error) -> Self {
        Self::Unreachable(error)
    }
}

impl From<reqwest::Error> for WarehouseError {
    fn from(error: reqwest::Error) -> Self {
        Self::Unreachable(error.into())
    }
}

impl IntoResponse for WarehouseError {
    fn into_response(self) -> Response {
        (StatusCode::BAD_GATEWAY, self.to_string()).into_response()
    }
}
