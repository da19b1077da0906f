//! The baggage of a running transaction: carried, changed, and shown on what is recorded.
//!
//! Nearly no transaction has any, so that costs one look at a flag. A stranger decides how much there is: what events show of it is
//! made once and shared by them. How baggage travels in headers is not known here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use elastic_apm_intake::{JsonObject, Labels, Otel};

use crate::config::Settings;
use crate::propagation::Baggage;

/// What a transaction hands on to those it calls.
#[derive(Default)]
pub(crate) struct CarriedBaggage {
    /// Whether there is any.
    is_set: AtomicBool,
    carried: Mutex<Carried>,
}

#[derive(Default)]
struct Carried {
    baggage: Baggage,
    /// What events show of it, once the first of them has asked.
    shown: Option<Arc<JsonObject>>,
}

impl CarriedBaggage {
    pub(crate) fn new(baggage: Baggage) -> Self {
        let is_set = AtomicBool::new(!baggage.is_empty());
        CarriedBaggage { is_set, carried: Mutex::new(Carried { baggage, shown: None }) }
    }

    #[inline]
    fn look<T>(&self, look: impl FnOnce(&mut Carried) -> T) -> Option<T> {
        if !self.is_set.load(Ordering::Acquire) {
            return None;
        }
        Some(look(&mut self.carried.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// What there is now.
    #[inline]
    pub(crate) fn get(&self) -> Baggage {
        self.look(|carried| carried.baggage.clone()).unwrap_or_default()
    }

    pub(crate) fn update<T>(&self, change: impl FnOnce(&mut Baggage) -> T) -> T {
        let mut carried = self.carried.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut carried.baggage);
        carried.shown = None;
        self.is_set.store(!carried.baggage.is_empty(), Ordering::Release);
        changed
    }

    /// What a transaction or span that is created now shows of it: attributes called `baggage.<key>`.
    #[inline]
    pub(crate) fn attributes(&self, settings: &Settings) -> Option<Otel> {
        let shown = self.look(|carried| carried.shown(settings))?;
        (!shown.is_empty()).then(|| Otel { attributes: Some(shown), ..Otel::default() })
    }

    /// Puts what an error shows of it among its labels: errors have no attributes.
    pub(crate) fn label(&self, labels: &mut Labels, settings: &Settings) {
        let Some(shown) = self.look(|carried| carried.shown(settings)) else { return };
        for (key, value) in &*shown {
            labels.insert(key.clone(), value.as_str().unwrap_or_default());
        }
    }
}

impl Carried {
    /// Those members that `baggage_to_attach` names.
    fn shown(&mut self, settings: &Settings) -> Arc<JsonObject> {
        let wanted = |(key, _): &(&str, &str)| settings.baggage_to_attach.matches_any(key);
        let attribute = |(key, value): (&str, &str)| (format!("baggage.{key}"), value.into());
        let shown = || Arc::new(self.baggage.iter().filter(wanted).map(attribute).collect());
        Arc::clone(self.shown.get_or_insert_with(shown))
    }
}
