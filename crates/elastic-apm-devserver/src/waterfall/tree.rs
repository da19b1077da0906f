//! Finds every row's parent, order and true start.
//!
//! Events come from several machines, late, twice or never. So a missing parent, a circle of parents and a
//! clock that is behind are all ordinary here.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use crate::store::Record;

/// Where one record stands in the waterfall.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Its index among the records that were given.
    pub(super) index: usize,
    pub(super) depth: usize,
    /// Its start with the clock difference taken out.
    pub(super) start_us: u64,
    /// What was added to its own clock.
    pub(super) skew_us: u64,
    /// It names a parent that is not there.
    pub(super) orphan: bool,
}

struct Family {
    children: Vec<Vec<usize>>,
    roots: Vec<usize>,
    orphan: Vec<bool>,
}

/// The places of all records, in waterfall order.
pub(super) fn arrange(records: &[Arc<Record>]) -> Vec<Place> {
    let mut family = Family::of(records);
    let mut places = Vec::with_capacity(records.len());
    let mut seen = vec![false; records.len()];
    let roots = std::mem::take(&mut family.roots);
    family.walk(records, &roots, &mut seen, &mut places);
    // What no root leads to is a circle of parents: enter each at its earliest member.
    let mut rest: Vec<_> = (0..records.len()).filter(|index| !seen[*index]).collect();
    rest.sort_by_key(|index| (records[*index].timestamp_us(), *index));
    for index in rest {
        if !seen[index] {
            family.orphan[index] = true;
            family.walk(records, &[index], &mut seen, &mut places);
        }
    }
    places
}

impl Family {
    fn of(records: &[Arc<Record>]) -> Self {
        let mut by_id = HashMap::new();
        for (index, record) in records.iter().enumerate() {
            if let Some(id) = record.id() {
                by_id.entry(id).or_insert(index);
            }
        }
        let mut family = Self {
            children: vec![Vec::new(); records.len()],
            roots: Vec::new(),
            orphan: vec![false; records.len()],
        };
        for (index, record) in records.iter().enumerate() {
            let find = |id| by_id.get(&id).copied().filter(|found| *found != index);
            let parent = record.parent_id().and_then(find);
            family.orphan[index] = parent.is_none() && record.parent_id().is_some();
            // A span whose parent was lost still belongs to its transaction.
            match parent.or_else(|| record.transaction_id().and_then(find)) {
                Some(parent) => family.children[parent].push(index),
                None => family.roots.push(index),
            }
        }
        let by_start = |index: &usize| {
            let record = &records[*index];
            (record.timestamp_us(), Reverse(record.duration_us()), record.seq())
        };
        family.roots.sort_by_key(|index| (family.orphan[*index], by_start(index)));
        family.children.iter_mut().for_each(|children| children.sort_by_key(by_start));
        family
    }

    fn walk(&self, records: &[Arc<Record>], roots: &[usize], seen: &mut [bool], places: &mut Vec<Place>) {
        let mut stack: Vec<_> = roots.iter().rev().map(|root| (*root, 0, None)).collect();
        while let Some((index, depth, parent)) = stack.pop() {
            if std::mem::replace(&mut seen[index], true) {
                continue;
            }
            let record = &*records[index];
            let skew_us = parent.map_or(0, |parent| skew(record, records, parent));
            let start_us = record.timestamp_us().saturating_add(skew_us);
            let place = Place { index, depth, start_us, skew_us, orphan: self.orphan[index] };
            places.push(place);
            stack.extend(self.children[index].iter().rev().map(|child| (*child, depth + 1, Some(place))));
        }
    }
}

/// How far this record's clock is behind its parent's.
///
/// Only where a trace enters another process can the clock change, so a span has the skew of its parent. A
/// transaction cannot begin before the call that caused it: if it seems to, it is moved into the middle
/// of that call. One that begins late is left alone, since queues do that too.
fn skew(record: &Record, records: &[Arc<Record>], parent: Place) -> u64 {
    let caller = &records[parent.index];
    if !record.is_transaction() {
        return parent.skew_us;
    }
    let early = parent.start_us.saturating_sub(record.timestamp_us());
    if early == 0 {
        return 0;
    }
    early + caller.duration_us().saturating_sub(record.duration_us()) / 2
}
