//! `err`: reports the `Err` of a returned `Result`, whatever kind of error it holds.
//!
//! `(&&&&Failed(error)).report()` takes the first that fits, by the number of references: an error type; something that
//! dereferences to one, as `anyhow::Error` and `Box<dyn Error>` do; something to display, such as a `String`. What is left
//! does not compile, and says why.

use std::error::Error;
use std::fmt::Display;
use std::ops::Deref;

use elastic_apm_core::{capture_error, capture_message};

/// The return type of a function marked `err`.
#[diagnostic::on_unimplemented(
    message = "`err` needs a function that returns a `Result`, not `{Self}`",
    label = "this function has no `Err` to report"
)]
pub trait AsResult {
    type Error;

    fn as_error(&self) -> Option<&Self::Error>;
}

impl<T, E> AsResult for Result<T, E> {
    type Error = E;

    #[inline]
    fn as_error(&self) -> Option<&E> {
        self.as_ref().err()
    }
}

/// The error in `result`, if it is one.
#[inline]
pub fn error_of<R: AsResult>(result: &R) -> Option<&R::Error> {
    result.as_error()
}

/// An error that a function returned.
pub struct Failed<'a, E: ?Sized>(pub &'a E);

/// An error type: reported with its causes.
pub trait ReportError {
    fn report(&self);
}

impl<E: Error + ?Sized> ReportError for &&&Failed<'_, E> {
    fn report(&self) {
        capture_error(self.0);
    }
}

/// A container of an error: reported as what it contains.
pub trait ReportDeref {
    fn report(&self);
}

impl<E: Deref<Target: Error> + ?Sized> ReportDeref for &&Failed<'_, E> {
    fn report(&self) {
        capture_error(self.0.deref());
    }
}

/// Something readable: reported as a message.
pub trait ReportDisplay {
    fn report(&self);
}

impl<E: Display + ?Sized> ReportDisplay for &Failed<'_, E> {
    fn report(&self) {
        capture_message(self.0.to_string());
    }
}

/// Anything else, which [`Reportable`] refuses.
pub trait ReportAny<E: ?Sized> {
    fn report(&self)
    where
        E: Reportable;
}

impl<E: ?Sized> ReportAny<E> for Failed<'_, E> {
    fn report(&self)
    where
        E: Reportable,
    {
    }
}

/// Implemented by nothing: its message is the compiler's answer to an error that cannot be reported.
#[diagnostic::on_unimplemented(
    message = "`err` cannot report `{Self}`",
    label = "neither an error, nor a box of one, nor something to display",
    note = "implement `std::error::Error` for `{Self}`, or leave `err` away and call `capture_error` yourself"
)]
pub trait Reportable {}
