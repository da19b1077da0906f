//! Errors and messages, reported where they occur.

use std::error::Error;

use elastic_apm_intake::{ErrorId, LongText};

use crate::trace::error::{ErrorBuilder, MessageBuilder, in_sight};

/// Reports an error with its whole `source()` chain, in what is current or else by the default agent.
///
/// Of a box give what is in it: `capture_error(&*boxed)`, for `anyhow::Error` and `eyre::Report` too. Returns the error's id, or
/// `None` where nothing is recorded. [`error`] says more of it.
///
/// ```
/// if let Err(error) = "12a".parse::<u32>() {
///     elastic_apm_core::capture_error(&error);
/// }
/// ```
pub fn capture_error<E: Error + ?Sized>(error: &E) -> Option<ErrorId> {
    self::error(error).capture()
}

/// Reports a message that is no error type. Returns the error's id, or `None` where nothing is recorded. [`message`] says more of
/// it.
pub fn capture_message(message: impl Into<LongText>) -> Option<ErrorId> {
    self::message(message).capture()
}

/// Describes an error, with its whole `source()` chain, in what is current or else by the default agent.
///
/// ```
/// fn give_up(error: &(dyn std::error::Error + Send + Sync)) {
///     elastic_apm_core::error(error).handled(false).culprit("shop::pay").label("attempt", 3).capture();
/// }
/// # give_up(&std::fmt::Error);
/// ```
pub fn error<E: Error + ?Sized>(error: &E) -> ErrorBuilder {
    ErrorBuilder::new(in_sight(), error)
}

/// Describes a message that is no error type, in what is current or else by the default agent.
///
/// ```
/// # let order = 7;
/// elastic_apm_core::message(format!("order {order} is late"))
///     .param_message("order {order} is late")
///     .level("warning")
///     .logger_name("shop::orders")
///     .capture();
/// ```
pub fn message(message: impl Into<LongText>) -> MessageBuilder {
    MessageBuilder::new(in_sight(), message)
}
