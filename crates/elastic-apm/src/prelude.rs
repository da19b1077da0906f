//! What most files that describe their own work need: `use elastic_apm::prelude::*;`.
//!
//! Functions on whatever is current, the attributes of the same names, the methods of [`FutureExt`](crate::FutureExt) and
//! [`StreamExt`](crate::StreamExt), and the few types that their arguments have. Other traits of these names stay usable beside them. No module named after a crate is here, so that `axum` and `tower` still mean those crates.
//!
//! ```
//! use elastic_apm::prelude::*;
//!
//! async fn fetch(user_id: u64) -> Result<(), std::io::Error> {
//!     label("user", user_id);
//!     async { Ok(()) }.in_span(span("SELECT FROM users").span_type("db.postgresql.query")).await
//! }
//! # drop(fetch(1));
//! ```

pub use elastic_apm_core::{
    Agent, FutureExt as _, Outcome, StreamExt as _, TraceContext, User, capture_error, capture_message,
    capture_span, current_span, current_transaction, inject, label, propagate, set_custom_context,
    set_transaction_name, set_transaction_outcome, set_transaction_result, set_user_context, span,
    transaction,
};

#[cfg(feature = "macros")]
pub use elastic_apm_macros::{capture_span, transaction};
