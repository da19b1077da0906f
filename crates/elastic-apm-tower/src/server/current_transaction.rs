//! The transaction of a request, as handlers find it.

use std::ops::Deref;

use elastic_apm_core::{Transaction, TransactionRef};
use http::Method;

use super::semantics;

/// The transaction of a request, in the request's extensions: to name, describe or discard it where the request is at hand.
///
/// Dereferences to [`TransactionRef`]. Absent where no agent records; that of an ignored request takes no notice of anything. For axum
/// there is an extractor of this name in `elastic-apm-axum`, which never fails.
///
/// ```
/// use elastic_apm_tower::server::CurrentTransaction;
/// use http::{Request, Response};
///
/// async fn health(request: Request<String>) -> Response<String> {
///     if let Some(transaction) = request.extensions().get::<CurrentTransaction>() {
///         transaction.discard();
///     }
///     Response::new("fine".to_owned())
/// }
/// # drop(health(Request::new(String::new())));
/// ```
#[derive(Clone, Debug)]
pub struct CurrentTransaction {
    transaction: TransactionRef,
}

impl CurrentTransaction {
    pub(super) fn new(transaction: TransactionRef) -> Self {
        CurrentTransaction { transaction }
    }

    /// What tells layers further inside that the request is to have none.
    pub(super) fn ignored() -> Self {
        CurrentTransaction { transaction: TransactionRef::clone(&Transaction::noop()) }
    }

    /// Names the transaction `METHOD route`, unless it has a name. For authors of integrations.
    pub fn set_route(&self, method: &Method, route: &str) {
        self.transaction.set_name_if_unset_with(|| semantics::name(method, route));
    }
}

impl Deref for CurrentTransaction {
    type Target = TransactionRef;

    fn deref(&self) -> &TransactionRef {
        &self.transaction
    }
}
