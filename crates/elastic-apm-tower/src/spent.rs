//! Futures that were polled once too often.

/// The caller's error. A request that is not traced meets it with the service's own panic.
#[cold]
pub(crate) fn polled_after_completion() -> ! {
    panic!("the response future was polled after it had answered")
}
