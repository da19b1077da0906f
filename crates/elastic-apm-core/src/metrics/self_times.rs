//! The self times within one transaction, by type and subtype of span.
//!
//! A span's self time is what of its duration no child of it covers. Kinds are few, so a short list is searched.

use elastic_apm_intake::{Keyword, MetricsetSpan};
use smallvec::SmallVec;

/// Kinds of spans with their number and their own time.
#[derive(Debug, Default)]
pub(crate) struct SelfTimes(SmallVec<[SelfTime; 2]>);

/// The spans of one kind.
#[derive(Debug)]
pub(crate) struct SelfTime {
    pub(crate) of: MetricsetSpan,
    pub(crate) time: Time,
}

/// How many spans there were, and how long they took together without their children.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Time {
    pub(crate) count: u64,
    pub(crate) micros: u64,
}

impl Time {
    pub(super) fn add(&mut self, other: Time) {
        self.count += other.count;
        // Times that are told have no limit.
        self.micros = self.micros.saturating_add(other.micros);
    }
}

impl SelfTimes {
    /// How many kinds are told apart in one transaction; more than that is a mistake in somebody's types of spans.
    const MAX_KINDS: usize = 100;

    /// Adds one span.
    pub(crate) fn add(&mut self, kind: &Keyword, subtype: Option<&Keyword>, micros: u64) {
        self.add_all(kind, subtype, Time { count: 1, micros });
    }

    /// Adds several spans of one kind.
    pub(crate) fn add_all(&mut self, kind: &Keyword, subtype: Option<&Keyword>, time: Time) {
        let is_full = self.0.len() >= Self::MAX_KINDS;
        let known = self.0.iter_mut().find(|known| {
            same(known.of.kind.as_ref(), Some(kind)) && same(known.of.subtype.as_ref(), subtype)
        });
        match known {
            Some(known) => known.time.add(time),
            None if is_full => {}
            None => {
                let of = MetricsetSpan { kind: Some(kind.clone()), subtype: subtype.cloned() };
                self.0.push(SelfTime { of, time });
            }
        }
    }

    /// How much memory they hold outside of themselves.
    pub(crate) fn bytes(&self) -> usize {
        let places = if self.0.spilled() { self.0.capacity() * size_of::<SelfTime>() } else { 0 };
        let texts = self.0.iter().flat_map(|known| [&known.of.kind, &known.of.subtype]).flatten();
        places + texts.map(Keyword::heap_bytes).sum::<usize>()
    }

    /// Takes them out one by one.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = SelfTime> + use<'_> {
        self.0.drain(..)
    }
}

/// Most are told apart by their length.
#[inline]
fn same(known: Option<&Keyword>, other: Option<&Keyword>) -> bool {
    match (known, other) {
        (Some(known), Some(other)) => known.len() == other.len() && known == other,
        (None, None) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_added_up_by_type_and_subtype() {
        let (db, mysql, redis) = (Keyword::from("db"), Keyword::from("mysql"), Keyword::from("redis"));
        let mut times = SelfTimes::default();
        for (subtype, micros) in [(Some(&mysql), 5), (Some(&redis), 7), (Some(&mysql), 11), (None, 1)] {
            times.add(&db, subtype, micros);
        }

        let found: Vec<_> = times.drain().map(|known| (known.of.subtype, known.time)).collect();
        assert_eq!(
            found,
            [
                (Some(mysql), Time { count: 2, micros: 16 }),
                (Some(redis), Time { count: 1, micros: 7 }),
                (None, Time { count: 1, micros: 1 }),
            ]
        );
    }

    #[test]
    fn the_kinds_of_one_transaction_are_bounded() {
        let mut times = SelfTimes::default();
        for number in 0..1_000 {
            times.add(&Keyword::from(format!("type {number}")), None, 1);
        }

        assert_eq!(times.drain().count(), SelfTimes::MAX_KINDS);
    }
}
