//! Whether a span has to be reported because others refer to it by its id, or may vanish.
//!
//! One of the two, decided once: a span that was sent on, or has a child or an error, is not compressed and not dropped; one that
//! has vanished is not named to anybody. So everyone's parent exists. Knows no span.

use crate::sync::atomic::{AtomicU8, Ordering};

const OPEN: u8 = 0;
const REFERRED_TO: u8 = 1;
const GONE: u8 = 2;

/// The fate of one span.
#[derive(Debug)]
pub(crate) struct Fate(AtomicU8);

impl Fate {
    pub(crate) fn new() -> Self {
        Fate(AtomicU8::new(OPEN))
    }

    /// Says that somebody will refer to the span, and whether he may: from then on it is reported. `false` where it is gone.
    #[inline]
    pub(crate) fn refer(&self) -> bool {
        self.0.load(Ordering::Relaxed) == REFERRED_TO || self.decide(REFERRED_TO)
    }

    /// Says that the span will not be reported, and whether that is possible. `false` where somebody refers to it.
    pub(crate) fn vanish(&self) -> bool {
        self.decide(GONE)
    }

    /// Whether somebody refers to it, as far as is known.
    pub(crate) fn is_referred_to(&self) -> bool {
        self.0.load(Ordering::Relaxed) == REFERRED_TO
    }

    fn decide(&self, fate: u8) -> bool {
        match self.0.compare_exchange(OPEN, fate, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => true,
            Err(decided) => decided == fate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_referred_to_cannot_vanish() {
        let fate = Fate::new();

        assert!(fate.refer() && fate.refer());
        assert!(!fate.vanish() && fate.is_referred_to());
    }

    #[test]
    fn who_has_vanished_cannot_be_referred_to() {
        let fate = Fate::new();

        assert!(fate.vanish());
        assert!(!fate.refer() && !fate.is_referred_to());
    }
}
