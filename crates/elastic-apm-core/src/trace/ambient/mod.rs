//! The free functions on whatever is current: silent no-ops where nothing is.
//!
//! | module | functions about |
//! |---|---|
//! | `transaction` | transactions, and what is said of the current one |
//! | `span` | spans, and the current one |
//! | `errors` | errors and messages |
//! | `trace` | ids, headers and baggage |

mod errors;
mod span;
mod trace;
mod transaction;

pub use errors::{capture_error, capture_message, error, message};
pub use span::{capture_span, current_span, span};
pub use trace::{
    TraceIds, baggage, current_trace_context, current_trace_ids, ensure_parent_id, inject, remove_baggage,
    set_baggage, span_id, trace_id, trace_parent_header, transaction_id,
};
pub use transaction::{
    current_transaction, is_recording, label, set_custom_context, set_transaction_name,
    set_transaction_name_if_unset, set_transaction_outcome, set_transaction_outcome_if_unset,
    set_transaction_result, set_transaction_result_if_unset, set_user_context, transaction,
};
