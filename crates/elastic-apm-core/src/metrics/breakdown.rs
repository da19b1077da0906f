//! Breakdown metrics: the self times of all transactions since the last report, as metricsets.
//!
//! Filled and emptied on the agent's thread. Bounded: what would be one combination too many is left out.

use std::collections::BTreeMap;

use elastic_apm_intake::{Keyword, Metricset, MetricsetTransaction, Sample};

use super::self_times::{SelfTime, SelfTimes};

/// How often spans of a kind occurred in transactions of a name, and how long they took.
#[derive(Debug, Default)]
pub(crate) struct Breakdown {
    /// By name and type.
    times: BTreeMap<(Option<Keyword>, Keyword), Vec<SelfTime>>,
    /// The combinations of transaction and span in there.
    combinations: usize,
    left_out: u64,
}

impl Breakdown {
    /// How many combinations of transaction and span are told apart, as in Elastic's agents.
    const MAX_KEYS: usize = 1_000;
    const COUNT: Keyword = Keyword::from_static("span.self_time.count");
    const SUM: Keyword = Keyword::from_static("span.self_time.sum.us");

    /// Takes in the self times of one transaction of this name and type.
    pub(crate) fn add(&mut self, name: Option<Keyword>, kind: Keyword, times: &mut SelfTimes) {
        let transaction = (name.map(as_sent), as_sent(kind));
        if self.combinations >= Self::MAX_KEYS && !self.times.contains_key(&transaction) {
            // Not even its name is kept.
            self.left_out += times.drain().count() as u64;
            return;
        }
        let known = self.times.entry(transaction).or_default();
        for mut new in times.drain() {
            new.of.kind = new.of.kind.map(as_sent);
            new.of.subtype = new.of.subtype.map(as_sent);
            match known.iter_mut().find(|known| known.of == new.of) {
                Some(known) => known.time.add(new.time),
                None if self.combinations >= Self::MAX_KEYS => self.left_out += 1,
                None => {
                    self.combinations += 1;
                    known.push(new);
                }
            }
        }
    }

    /// Takes out everything as metricsets of this moment, and how many combinations were left out.
    pub(crate) fn report(&mut self, timestamp: u64) -> (impl Iterator<Item = Metricset> + use<>, u64) {
        let Breakdown { times, left_out, .. } = std::mem::take(self);
        let all = times.into_iter().flat_map(|(transaction, times)| {
            times.into_iter().map(move |SelfTime { of, time }| (transaction.clone(), of, time))
        });
        let metricsets = all.map(move |((name, kind), span, time)| {
            let samples = [
                (Self::COUNT, Sample::number(time.count as f64)),
                (Self::SUM, Sample::number(time.micros as f64)),
            ];
            Metricset {
                timestamp,
                transaction: Some(MetricsetTransaction { name, kind: Some(kind) }),
                span: Some(span),
                samples: samples.into_iter().collect(),
                ..Metricset::default()
            }
        });
        (metricsets, left_out)
    }

    /// Whether there is nothing to report.
    pub(crate) fn is_empty(&self) -> bool {
        self.combinations == 0 && self.left_out == 0
    }
}

/// As much of a name as is sent: no more has to be kept until then, and names that are sent alike are one.
fn as_sent(mut name: Keyword) -> Keyword {
    name.shorten_to(Keyword::LIMIT);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(kind: &str, micros: u64) -> SelfTimes {
        let mut times = SelfTimes::default();
        times.add(&Keyword::from(kind.to_owned()), None, micros);
        times
    }

    fn request() -> Keyword {
        Keyword::from("request")
    }

    #[test]
    fn transactions_of_one_name_are_added_up() {
        let mut breakdown = Breakdown::default();
        let (name, other) = (Keyword::from("GET /"), Keyword::from("GET /other"));
        breakdown.add(Some(name.clone()), request(), &mut times("db", 5));
        breakdown.add(Some(name), request(), &mut times("db", 6));
        breakdown.add(Some(other), request(), &mut times("db", 7));

        let (metricsets, _) = breakdown.report(1);
        let mut sums: Vec<_> =
            metricsets.map(|set| set.samples.get("span.self_time.sum.us").cloned()).collect();
        sums.sort_by_key(|sum| format!("{sum:?}"));
        assert_eq!(sums, [Some(Sample::number(11.0)), Some(Sample::number(7.0))]);
        assert!(breakdown.is_empty());
    }

    #[test]
    fn of_names_as_much_is_kept_as_is_sent_and_those_that_are_sent_alike_are_one() {
        let mut breakdown = Breakdown::default();
        for end in ["a", "b"] {
            let long = format!("{}{end}", "é".repeat(100_000));
            breakdown.add(Some(long.clone().into()), long.clone().into(), &mut times(&long, 5));
        }

        let (metricsets, _) = breakdown.report(1);
        let metricsets: Vec<_> = metricsets.collect();
        assert_eq!(metricsets.len(), 1);
        let (transaction, span) =
            (metricsets[0].transaction.clone().unwrap(), metricsets[0].span.clone().unwrap());
        for text in [transaction.name, transaction.kind, span.kind].into_iter().flatten() {
            assert_eq!(text.chars().count(), Keyword::LIMIT);
        }
    }

    #[test]
    fn one_combination_too_many_is_left_out_and_counted() {
        let mut breakdown = Breakdown::default();
        for number in 0..Breakdown::MAX_KEYS + 3 {
            breakdown.add(Some(format!("job {number}").into()), request(), &mut times("db", 1));
        }
        breakdown.add(Some("job 0".into()), request(), &mut times("db", 1));

        let (metricsets, left_out) = breakdown.report(1);
        assert_eq!((metricsets.count(), left_out), (Breakdown::MAX_KEYS, 3));
    }
}
