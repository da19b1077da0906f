//! An error with everything that caused it, as a nested exception.

use std::error::Error;

use elastic_apm_intake::Exception;

use super::printing::Printing;
use super::type_path::TypePath;

/// How many causes are followed: far more than real chains have, and the end of a cyclic one.
const MAX_CAUSES: usize = 50;

/// The error and its causes, each with `limit` characters of its message; `None` where this thread is printing errors inside one
/// another already.
pub(super) fn exception_of<E: Error + ?Sized>(error: &E, limit: usize) -> Option<Exception> {
    let printing = Printing::begin()?;
    let mut causes = Vec::new();
    let mut source = printing.source(error);
    while let Some(cause) = source.filter(|_| causes.len() < MAX_CAUSES) {
        causes.push(cause);
        source = printing.source(cause);
    }
    // Each cause nests in the one it explains, so the chain is built from its end.
    let cause = causes.into_iter().rev().fold(None, |inner, cause| {
        Some(Exception { cause: inner.into_iter().collect(), ..link(&printing, cause, None, limit) })
    });
    let link = link(&printing, error, TypePath::of::<E>(), limit);
    Some(Exception { handled: Some(true), cause: cause.into_iter().collect(), ..link })
}

/// One error of the chain, without its cause. Where the type is not known, its `Debug` form is asked.
fn link<E: Error + ?Sized>(
    printing: &Printing,
    error: &E,
    path: Option<TypePath>,
    limit: usize,
) -> Exception {
    let message = printing.message(error, limit);
    let TypePath { module, kind } =
        path.unwrap_or_else(|| TypePath::of_debug(&printing.opening(error), &message));
    Exception { message: Some(message), kind, module, ..Exception::default() }
}
