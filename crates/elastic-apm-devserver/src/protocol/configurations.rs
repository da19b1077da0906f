//! What is set for the agents of each service, as an operator would set it in Kibana.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Options by name. Values are texts, as on the wire.
pub(crate) type Options = BTreeMap<String, String>;

/// The ETag of a service for which nothing is set.
const NOTHING: &str = "-";

/// The options of all services.
#[derive(Debug, Default)]
pub(crate) struct Configurations(Mutex<BTreeMap<String, Options>>);

impl Configurations {
    /// Replaces what is set for a service; no options delete it.
    pub(crate) fn set(&self, service: String, options: Options) {
        if options.is_empty() {
            self.lock().remove(&service);
        } else {
            self.lock().insert(service, options);
        }
    }

    /// What is set for a service; empty where nothing is.
    pub(crate) fn of(&self, service: &str) -> Options {
        self.lock().get(service).cloned().unwrap_or_default()
    }

    /// Everything that is set, by service.
    pub(crate) fn all(&self) -> BTreeMap<String, Options> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Options>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A name for exactly these options.
pub(crate) fn etag(options: &Options) -> String {
    if options.is_empty() {
        return NOTHING.to_owned();
    }
    let mut hasher = DefaultHasher::new();
    options.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> Options {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn no_options_delete_what_was_set() {
        let configurations = Configurations::default();

        configurations.set("shop".to_owned(), options(&[("recording", "false")]));
        configurations.set("shop".to_owned(), Options::new());

        assert!(configurations.all().is_empty() && configurations.of("shop").is_empty());
    }

    #[test]
    fn the_etag_changes_with_the_options_and_only_with_them() {
        let half = options(&[("transaction_sample_rate", "0.5")]);

        assert_eq!(etag(&half), etag(&half.clone()));
        assert_ne!(etag(&half), etag(&options(&[("transaction_sample_rate", "0.6")])));
        assert_eq!(etag(&Options::new()), "-");
    }
}
