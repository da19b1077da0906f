//! `transaction_max_spans`: a place for each span that will be reported.
//!
//! Never one too many, also when many start at once. Knows no span.

use crate::sync::atomic::{AtomicU32, Ordering};

/// The places that are taken.
#[derive(Debug)]
pub(crate) struct SpanLimit(AtomicU32);

impl SpanLimit {
    pub(crate) fn new() -> Self {
        SpanLimit(AtomicU32::new(0))
    }

    /// Whether no place is left.
    #[inline]
    pub(crate) fn is_reached(&self, max: usize) -> bool {
        self.0.load(Ordering::Relaxed) as usize >= max
    }

    /// Takes a place, if there is one. Where one is given back while another is refused, it may be found free only by the next.
    #[inline]
    pub(crate) fn take(&self, max: usize) -> bool {
        // An addition is cheaper than an exchange that depends on what there was, and nearly all find a place.
        let has_place = (self.0.fetch_add(1, Ordering::Relaxed) as usize) < max;
        if !has_place {
            self.give_back();
        }
        has_place
    }

    /// Gives a place back that was taken: its span is not reported after all.
    pub(crate) fn give_back(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_place_is_left_once_all_are_taken() {
        let limit = SpanLimit::new();

        assert_eq!([limit.take(2), limit.take(2), limit.take(2)], [true, true, false]);
        assert!(limit.is_reached(2) && !limit.is_reached(3));
    }

    #[test]
    fn a_place_that_was_given_back_can_be_taken_again() {
        let limit = SpanLimit::new();
        assert!(limit.take(1));

        limit.give_back();

        assert!(limit.take(1) && !limit.take(1));
    }

    #[test]
    fn a_limit_of_zero_leaves_no_place() {
        assert!(!SpanLimit::new().take(0));
    }
}
