//! The line that opens every request, in the form that the server's version asks for.

use elastic_apm_intake::{Metadata, write_line};

use super::version::Version;

/// The metadata as lines.
pub(super) struct MetadataLines {
    whole: Vec<u8>,
    without_activation_method: Vec<u8>,
}

impl MetadataLines {
    /// Writes the lines.
    pub(super) fn new(mut metadata: Metadata) -> Self {
        let whole = line(&metadata);
        metadata.service.agent.activation_method = None;
        MetadataLines { whole, without_activation_method: line(&metadata) }
    }

    /// The line for a server of this version; an unknown one gets the whole.
    pub(super) fn for_version(&self, version: Option<Version>) -> &[u8] {
        if version.is_none_or(Version::takes_activation_method) {
            &self.whole
        } else {
            &self.without_activation_method
        }
    }
}

fn line(metadata: &Metadata) -> Vec<u8> {
    let mut line = Vec::new();
    write_line(metadata, &mut line);
    line
}
