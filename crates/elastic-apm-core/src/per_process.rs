//! Values that a process makes for itself: a child that was forked off does not use those of its parent.
//!
//! A fork copies memory and one thread. What the other threads were in the middle of stays as it was in the child, for ever:
//! half-written slots, locks that are held, connections that nobody drives. So a child leaves all of that alone, drops none of it, and starts
//! anew when it first needs it. To ask whether one is a child costs a load.

use std::fmt;
use std::sync::OnceLock;

/// The process that something was made in.
#[derive(Clone)]
pub(crate) struct Birthplace(Option<forkguard::Guard>);

impl Birthplace {
    /// This process.
    pub(crate) fn here() -> Self {
        // Refused only when the C library is out of memory; then nothing tells a child from its parent.
        Birthplace(forkguard::Guard::try_new().ok())
    }

    /// Whether this process is a child, or a child's child, of that one.
    #[inline]
    pub(crate) fn is_elsewhere(&self) -> bool {
        // A guard tells once; its clone always tells.
        self.0.clone().is_some_and(|mut guard| guard.detected_fork())
    }
}

impl fmt::Debug for Birthplace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Birthplace").field("is_elsewhere", &self.is_elsewhere()).finish()
    }
}

/// One value in each process, made when it is first needed.
#[derive(Debug)]
pub(crate) struct PerProcess<T> {
    birthplace: Birthplace,
    value: OnceLock<T>,
    /// What a child uses instead.
    child: OnceLock<Box<PerProcess<T>>>,
}

impl<T> PerProcess<T> {
    /// No value yet, in any process.
    pub(crate) fn new() -> Self {
        PerProcess { birthplace: Birthplace::here(), value: OnceLock::new(), child: OnceLock::new() }
    }

    /// A value of this process.
    pub(crate) fn of(value: T) -> Self {
        let this = PerProcess::new();
        // It is empty.
        let _ = this.value.set(value);
        this
    }

    /// The value of this process, if it has one.
    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        self.here().value.get()
    }

    /// The value of this process; `make` makes the first.
    #[inline]
    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        self.here().value.get_or_init(make)
    }

    #[inline]
    fn here(&self) -> &Self {
        let mut here = self;
        while here.birthplace.is_elsewhere() {
            here = here.child.get_or_init(|| Box::new(PerProcess::new()));
        }
        here
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        if self.birthplace.is_elsewhere() {
            std::mem::forget(self.value.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_process_that_it_was_made_in_a_value_is_made_once() {
        let value = PerProcess::new();

        assert_eq!(value.get(), None);
        assert_eq!((*value.get_or_init(|| 1), *value.get_or_init(|| 2)), (1, 1));
        assert_eq!((value.get(), *PerProcess::of(3).get_or_init(|| 4)), (Some(&1), 3));
        assert!(!Birthplace::here().is_elsewhere());
    }
}
