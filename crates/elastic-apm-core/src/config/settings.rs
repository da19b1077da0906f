//! The live settings: readers take a snapshot, a writer replaces it as a whole.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use super::options::Settings;

impl Settings {
    /// Whether anything that happens now leaves events behind.
    pub(crate) fn reports(&self) -> bool {
        self.recording && !self.context_propagation_only
    }
}

/// A cheap handle to the settings in force. Clones see the same ones.
///
/// Read it once per transaction and keep the snapshot, so that one transaction sees one state.
#[derive(Clone, Debug)]
pub(crate) struct Dynamic {
    current: Arc<ArcSwap<Settings>>,
}

impl Dynamic {
    /// Begins with the settings of the start.
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self { current: Arc::new(ArcSwap::new(settings)) }
    }

    /// Looks at the settings for a moment, without touching a shared counter.
    pub(crate) fn load(&self) -> Guard<Arc<Settings>> {
        self.current.load()
    }

    /// Takes a snapshot to keep.
    pub(crate) fn snapshot(&self) -> Arc<Settings> {
        self.current.load_full()
    }

    /// Replaces the settings for everyone who reads from now on.
    ///
    /// Called on the agent's own thread only, so that no change overtakes another.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = Settings::clone(&self.current.load());
        change(&mut settings);
        self.current.store(Arc::new(settings));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ConfigBuilder, Environment, resolve};
    use super::*;

    #[test]
    fn a_snapshot_outlives_a_change_and_clones_see_it() {
        let start = resolve(ConfigBuilder::default(), &Environment::empty()).config.settings;
        let dynamic = Dynamic::new(start);
        let snapshot = dynamic.snapshot();

        dynamic.clone().change(|settings| settings.recording = false);

        assert!(snapshot.recording);
        assert!(!dynamic.load().recording);
    }
}
