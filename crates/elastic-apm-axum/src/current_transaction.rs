//! The extractor of a request's transaction.

use std::convert::Infallible;
use std::ops::Deref;

use axum::extract::{FromRequestParts, MatchedPath};
use elastic_apm_core::{Transaction, TransactionRef};
use elastic_apm_tower::server;
use http::request::Parts;

/// The transaction of the request, as an argument of a handler: to name, describe or discard it.
///
/// Dereferences to [`TransactionRef`]. It never fails: where the request is not traced every call is a no-op. Taken by a handler it
/// also tells a layer outside of the router, which cannot know it, the name of the route.
///
/// ```
/// use axum::{Router, routing::get};
/// use elastic_apm_axum::{ApmLayer, CurrentTransaction};
///
/// async fn show(transaction: CurrentTransaction) -> &'static str {
///     transaction.label("tenant", "acme");
///     "hello"
/// }
///
/// async fn health(transaction: CurrentTransaction) {
///     transaction.discard();
/// }
///
/// let app: Router = Router::new().route("/", get(show)).route("/health", get(health)).layer(ApmLayer::new());
/// # drop(app);
/// ```
#[derive(Clone, Debug)]
pub struct CurrentTransaction {
    transaction: TransactionRef,
}

impl<S: Sync> FromRequestParts<S> for CurrentTransaction {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let Some(current) = parts.extensions.get::<server::CurrentTransaction>() else {
            return Ok(CurrentTransaction { transaction: TransactionRef::clone(&Transaction::noop()) });
        };
        if let Some(route) = parts.extensions.get::<MatchedPath>() {
            current.set_route(&parts.method, route.as_str());
        }
        Ok(CurrentTransaction { transaction: TransactionRef::clone(current) })
    }
}

impl Deref for CurrentTransaction {
    type Target = TransactionRef;

    fn deref(&self) -> &TransactionRef {
        &self.transaction
    }
}
