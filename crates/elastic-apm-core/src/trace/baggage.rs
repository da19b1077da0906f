//! The baggage of a running transaction: carried, changed, and shown on what is recorded.
//!
//! Nearly no transaction has any, so that costs one look at a flag. How baggage travels in headers is not known here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use elastic_apm_intake::{JsonObject, Labels, Otel};

use crate::config::Settings;
use crate::propagation::Baggage;

/// What a transaction hands on to those it calls.
#[derive(Default)]
pub(crate) struct CarriedBaggage {
    /// Whether there is any.
    is_set: AtomicBool,
    baggage: Mutex<Baggage>,
}

impl CarriedBaggage {
    pub(crate) fn new(baggage: Baggage) -> Self {
        CarriedBaggage { is_set: AtomicBool::new(!baggage.is_empty()), baggage: Mutex::new(baggage) }
    }

    /// What there is now.
    #[inline]
    pub(crate) fn get(&self) -> Baggage {
        if self.is_set.load(Ordering::Acquire) { self.copy() } else { Baggage::default() }
    }

    #[cold]
    fn copy(&self) -> Baggage {
        self.baggage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn update<T>(&self, change: impl FnOnce(&mut Baggage) -> T) -> T {
        let mut baggage = self.baggage.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut baggage);
        self.is_set.store(!baggage.is_empty(), Ordering::Release);
        changed
    }

    /// What a transaction or span that is created now shows of it: attributes called `baggage.<key>`.
    #[inline]
    pub(crate) fn attributes(&self, settings: &Settings) -> Option<Otel> {
        let baggage = self.get();
        if baggage.is_empty() { None } else { attributes(&baggage, settings) }
    }

    /// Puts what an error shows of it among its labels: errors have no attributes.
    pub(crate) fn label(&self, labels: &mut Labels, settings: &Settings) {
        for (key, value) in attached(&self.get(), settings) {
            labels.insert(key, value);
        }
    }
}

#[cold]
fn attributes(baggage: &Baggage, settings: &Settings) -> Option<Otel> {
    let attributes: JsonObject =
        attached(baggage, settings).map(|(key, value)| (key, value.to_owned().into())).collect();
    (!attributes.is_empty()).then(|| Otel { attributes: Some(attributes), ..Otel::default() })
}

/// Those members that `baggage_to_attach` names.
fn attached<'a>(baggage: &'a Baggage, settings: &'a Settings) -> impl Iterator<Item = (String, &'a str)> {
    let wanted = |(key, _): &(&str, &str)| settings.baggage_to_attach.matches_any(key);
    baggage.iter().filter(wanted).map(|(key, value)| (format!("baggage.{key}"), value))
}
