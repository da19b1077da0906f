//! Who sent an event: what the metadata line of its stream says.

use std::sync::Arc;

use elastic_apm_intake::Metadata;
use serde_json::value::RawValue;

/// The sender of a stream: its metadata, shared by all events of all streams that began with the same line.
#[derive(Debug)]
pub struct Source {
    metadata: Metadata,
    document: Box<RawValue>,
}

impl Source {
    /// The service's name; never empty in a stream that was accepted.
    pub fn service(&self) -> &str {
        &self.metadata.service.name
    }

    /// The decoded metadata.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The metadata object as it was sent.
    pub fn document(&self) -> &RawValue {
        &self.document
    }

    /// The agent's name and version, such as `rust/0.1.0`.
    pub fn agent(&self) -> String {
        let agent = &self.metadata.service.agent;
        format!("{}/{}", agent.name, agent.version)
    }

    /// Bytes this source is charged with.
    pub(crate) fn cost(&self) -> usize {
        size_of::<Self>() + 2 * self.document.get().len()
    }
}

/// Keeps one [`Source`] per distinct metadata line that is still in use.
#[derive(Debug, Default)]
pub(crate) struct Sources(Vec<Arc<Source>>);

impl Sources {
    /// The known source with this document, else a new one.
    pub(crate) fn intern(&mut self, metadata: Metadata, document: Box<RawValue>) -> Arc<Source> {
        if let Some(known) = self.0.iter().find(|source| source.document.get() == document.get()) {
            return Arc::clone(known);
        }
        self.0.retain(|source| Arc::strong_count(source) > 1);
        let source = Arc::new(Source { metadata, document });
        self.0.push(Arc::clone(&source));
        source
    }

    /// Forgets sources without events.
    pub(crate) fn sweep(&mut self) {
        self.0.retain(|source| Arc::strong_count(source) > 1);
    }

    /// Bytes of all of them.
    pub(crate) fn cost(&self) -> usize {
        self.0.iter().map(|source| source.cost()).sum()
    }
}
