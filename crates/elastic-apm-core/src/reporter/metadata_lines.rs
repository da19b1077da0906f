//! The line that opens every request, in the form that the server's version asks for.

use elastic_apm_intake::{Metadata, write_line};

use super::version::Version;
use crate::metadata::Framework;

/// The metadata as lines.
pub(super) struct MetadataLines {
    metadata: Metadata,
    /// Where an integration says which framework it serves; `None` once that is in the lines, or was configured.
    framework: Option<Framework>,
    lines: Lines,
}

/// One line for each kind of server.
struct Lines {
    whole: Vec<u8>,
    without_activation_method: Vec<u8>,
    with_one_host_name: Vec<u8>,
}

impl MetadataLines {
    /// Writes the lines.
    pub(super) fn new(metadata: &Metadata, framework: &Framework) -> Self {
        let configured = metadata.service.framework.as_ref().is_some_and(|known| known.name.is_some());
        MetadataLines {
            lines: Lines::write(metadata),
            framework: (!configured).then(|| framework.clone()),
            metadata: metadata.clone(),
        }
    }

    /// The line for a server of this version, by what is known now; an unknown one gets the whole.
    pub(super) fn for_version(&mut self, version: Option<Version>) -> &[u8] {
        if self.framework.as_ref().is_some_and(|framework| framework.settle(&mut self.metadata)) {
            self.framework = None;
            self.lines = Lines::write(&self.metadata);
        }
        match version {
            Some(version) if !version.takes_activation_method() => &self.lines.without_activation_method,
            Some(version) if !version.tells_host_names_apart() => &self.lines.with_one_host_name,
            _ => &self.lines.whole,
        }
    }
}

impl Lines {
    fn write(metadata: &Metadata) -> Self {
        Lines {
            whole: line(metadata, |_| {}),
            without_activation_method: line(metadata, |metadata| {
                metadata.service.agent.activation_method = None;
            }),
            with_one_host_name: line(metadata, |metadata| {
                if let Some(system) = &mut metadata.system {
                    let detected = system.detected_hostname.take();
                    system.hostname = system.configured_hostname.take().or(detected);
                }
            }),
        }
    }
}

fn line(metadata: &Metadata, change: impl FnOnce(&mut Metadata)) -> Vec<u8> {
    let mut metadata = metadata.clone();
    change(&mut metadata);
    let mut line = Vec::new();
    write_line(&metadata, &mut line);
    line
}

#[cfg(test)]
mod tests {
    use elastic_apm_intake::{Keyword, System};
    use serde_json::{Value, json};

    use super::*;

    fn system(version: Option<&str>, configured: Option<&'static str>) -> Value {
        let system = System {
            detected_hostname: Some("found".into()),
            configured_hostname: configured.map(Keyword::from),
            ..System::default()
        };
        let metadata = Metadata { system: Some(system), ..Metadata::default() };
        let mut lines = MetadataLines::new(&metadata, &Framework::default());
        let line = lines.for_version(version.and_then(Version::parse));
        serde_json::from_slice::<Value>(line).unwrap()["metadata"]["system"].take()
    }

    #[test]
    fn servers_before_7_4_know_one_host_name() {
        for version in [None, Some("7.4.0"), Some("8.7.0"), Some("9.1.0")] {
            assert_eq!(
                system(version, Some("told")),
                json!({"detected_hostname": "found", "configured_hostname": "told"}),
                "{version:?}"
            );
        }
        for version in [Some("7.3.9"), Some("6.8.0")] {
            assert_eq!(system(version, Some("told")), json!({"hostname": "told"}));
            assert_eq!(system(version, None), json!({"hostname": "found"}));
        }
    }
}
