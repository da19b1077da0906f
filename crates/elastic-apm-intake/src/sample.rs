//! The measured values of a metricset.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::number::Finite;
use crate::object::Object;
use crate::text::Keyword;

/// Metric names with what was measured, in order.
///
/// The characters `*` and `"` of a name are written as `_`: the server would refuse the metricset. A value that is
/// not finite is not written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples(Vec<(Keyword, Sample)>);

impl Samples {
    /// No samples.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Sets a sample; one of the same name is replaced.
    pub fn insert(&mut self, name: impl Into<Keyword>, sample: impl Into<Sample>) {
        let name = name.into();
        let sample = sample.into();
        let on_wire = name_on_wire(&name);
        match self.0.iter_mut().find(|(other, _)| name_on_wire(other) == on_wire) {
            Some(entry) => entry.1 = sample,
            None => self.0.push((name, sample)),
        }
    }

    /// The sample of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Sample> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, sample)| sample)
    }

    /// How many samples there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and samples, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Sample)> {
        self.0.iter().map(|(name, sample)| (name.as_str(), sample))
    }
}

impl<K: Into<Keyword>, V: Into<Sample>> Extend<(K, V)> for Samples {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, samples: I) {
        for (name, sample) in samples {
            self.insert(name, sample);
        }
    }
}

impl<K: Into<Keyword>, V: Into<Sample>> FromIterator<(K, V)> for Samples {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(samples: I) -> Self {
        let mut all = Self::new();
        all.extend(samples);
        all
    }
}

/// The name as it is written.
fn name_on_wire(name: &Keyword) -> std::borrow::Cow<'_, str> {
    let name = name.on_wire();
    if name.contains(['*', '"']) { name.replace(['*', '"'], "_").into() } else { name }
}

/// One measured value, and what it means.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What was measured.
    pub value: SampleValue,
    /// What kind of metric it is (`type` on the wire); an unknown word is read as absent.
    pub kind: Option<MetricKind>,
    /// The unit, such as `byte`, `percent` (0 to 1) or `ms`.
    pub unit: Option<Keyword>,
}

/// What was measured: one number, or their distribution.
#[derive(Clone, Debug, PartialEq)]
pub enum SampleValue {
    /// One number.
    Number(f64),
    /// How often each value was seen.
    Histogram(Histogram),
}

/// Values, ascending, with how often each was seen.
///
/// Of two lists of different length the longer one's tail is not written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// The values of the buckets.
    pub values: Vec<f64>,
    /// How often each was seen.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// The buckets that can be written.
    fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        self.values.iter().copied().zip(self.counts.iter().copied()).filter(|(value, _)| value.is_finite())
    }
}

/// What kind of metric a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricKind {
    /// A value that goes up and down.
    Gauge,
    /// A value that only adds up, as the difference to the last report.
    Counter,
    /// A distribution.
    Histogram,
    /// A count with a sum.
    Summary,
}

impl MetricKind {
    fn from_wire(word: &str) -> Option<Self> {
        match word {
            "gauge" => Some(Self::Gauge),
            "counter" => Some(Self::Counter),
            "histogram" => Some(Self::Histogram),
            "summary" => Some(Self::Summary),
            _ => None,
        }
    }
}

impl Sample {
    /// A number of no particular kind.
    #[must_use]
    pub const fn number(number: f64) -> Self {
        Self { value: SampleValue::Number(number), kind: None, unit: None }
    }

    /// A value that goes up and down.
    #[must_use]
    pub const fn gauge(number: f64) -> Self {
        Self { value: SampleValue::Number(number), kind: Some(MetricKind::Gauge), unit: None }
    }

    /// A value that only adds up, as the difference to the last report.
    #[must_use]
    pub const fn counter(number: f64) -> Self {
        Self { value: SampleValue::Number(number), kind: Some(MetricKind::Counter), unit: None }
    }

    /// A distribution: values, ascending, with how often each was seen.
    #[must_use]
    pub const fn histogram(values: Vec<f64>, counts: Vec<u64>) -> Self {
        let histogram = Histogram { values, counts };
        Self { value: SampleValue::Histogram(histogram), kind: Some(MetricKind::Histogram), unit: None }
    }

    fn is_writable(&self) -> bool {
        match &self.value {
            SampleValue::Number(number) => number.is_finite(),
            SampleValue::Histogram(_) => true,
        }
    }
}

impl From<f64> for Sample {
    fn from(number: f64) -> Self {
        Self::number(number)
    }
}

impl Serialize for Samples {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, sample) in self.0.iter().filter(|(_, sample)| sample.is_writable()) {
            map.serialize_entry(&name_on_wire(name), sample)?;
        }
        map.end()
    }
}

impl Serialize for Sample {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::begin(serializer)?;
        match &self.value {
            SampleValue::Number(number) => object.field("value", &Finite(*number))?,
            SampleValue::Histogram(histogram) => {
                object.field("values", &Sequence(|| histogram.buckets().map(|(value, _)| Finite(value))))?;
                object.field("counts", &Sequence(|| histogram.buckets().map(|(_, count)| count)))?;
            }
        }
        object.option("type", &self.kind)?;
        object.option("unit", &self.unit)?;
        object.end()
    }
}

/// An array that is made while it is written.
struct Sequence<F>(F);

impl<F: Fn() -> I, I: Iterator<Item: Serialize>> Serialize for Sequence<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(None)?;
        for element in (self.0)() {
            sequence.serialize_element(&element)?;
        }
        sequence.end()
    }
}

impl<'de> Deserialize<'de> for Samples {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SamplesVisitor;

        impl<'de> Visitor<'de> for SamplesVisitor {
            type Value = Samples;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of samples")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Samples, A::Error> {
                let mut samples = Samples::new();
                // Kept as sent, repeated names too: looking each one up would be quadratic in what a stranger sends.
                while let Some((name, sample)) = map.next_entry::<Keyword, Option<Sample>>()? {
                    if let Some(sample) = sample {
                        samples.0.push((name, sample));
                    }
                }
                Ok(samples)
            }
        }

        deserializer.deserialize_map(SamplesVisitor)
    }
}

/// The sample in the shape of the wire.
#[derive(serde::Deserialize)]
#[serde(expecting = "an object")]
struct SampleReader {
    value: Option<f64>,
    values: Option<Vec<f64>>,
    counts: Option<Vec<u64>>,
    #[serde(rename = "type")]
    kind: Option<Keyword>,
    unit: Option<Keyword>,
}

impl<'de> Deserialize<'de> for Sample {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let sample = SampleReader::deserialize(deserializer)?;
        let value = match (sample.value, sample.values, sample.counts) {
            (_, Some(values), Some(counts)) if values.len() == counts.len() => {
                SampleValue::Histogram(Histogram { values, counts })
            }
            (Some(number), None, None) => SampleValue::Number(number),
            (None, None, None) => return Err(de::Error::custom("a sample needs `value` or `values`")),
            _ => return Err(de::Error::custom("`values` and `counts` must be of the same length")),
        };
        let kind = sample.kind.and_then(|word| MetricKind::from_wire(&word));
        Ok(Self { value, kind, unit: sample.unit })
    }
}

#[cfg(test)]
mod tests {
    use super::{Sample, Samples};

    #[test]
    fn names_the_server_refuses_are_rewritten() {
        let samples: Samples = [("a*b", 1.0), ("a\"b", 2.0), ("a.b", 0.5)].into_iter().collect();

        let written = serde_json::to_string(&samples).unwrap();

        assert_eq!(written, r#"{"a_b":{"value":2},"a.b":{"value":0.5}}"#);
    }

    #[test]
    fn values_that_are_not_finite_are_not_written() {
        let mut samples: Samples = [("nan", f64::NAN), ("inf", f64::INFINITY)].into_iter().collect();
        samples.insert("h", Sample::histogram(vec![1.0, f64::NAN, 2.5], vec![3, 4, 5, 6]));

        let written = serde_json::to_string(&samples).unwrap();

        assert_eq!(written, r#"{"h":{"values":[1,2.5],"counts":[3,5],"type":"histogram"}}"#);
    }

    #[test]
    fn a_sample_without_a_value_is_refused() {
        for sample in [r#"{}"#, r#"{"values":[1]}"#, r#"{"values":[1],"counts":[]}"#, r#"{"counts":[]}"#] {
            assert!(serde_json::from_str::<Sample>(sample).is_err(), "{sample}");
        }
    }

    #[test]
    fn an_unknown_kind_is_read_as_absent() {
        let sample: Sample = serde_json::from_str(r#"{"value":1,"type":"rate","unit":"byte"}"#).unwrap();

        assert_eq!(sample.kind, None);
    }
}
