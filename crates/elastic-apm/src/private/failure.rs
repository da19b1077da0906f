//! Whether a returned value is an `Err`, decided by its type where the macro sees only the type's name.
//!
//! `(&Returned(&value)).is_failure()` finds [`FailsAsResult`] for a `Result` and, one reference further away,
//! [`NeverFails`] for anything else that happens to be called `…Result`.

/// A value that a function returned.
pub struct Returned<'a, T>(pub &'a T);

/// A `Result` fails by its `Err`.
pub trait FailsAsResult {
    fn is_failure(&self) -> bool;
}

impl<T, E> FailsAsResult for Returned<'_, Result<T, E>> {
    #[inline]
    fn is_failure(&self) -> bool {
        self.0.is_err()
    }
}

/// Other values do not fail.
pub trait NeverFails {
    fn is_failure(&self) -> bool;
}

impl<T> NeverFails for &Returned<'_, T> {
    #[inline]
    fn is_failure(&self) -> bool {
        false
    }
}
