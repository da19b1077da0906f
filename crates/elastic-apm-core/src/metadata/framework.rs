//! The framework that the service is made with: an integration says it when it serves the first request, and the reporter passes it on.

use std::sync::{Arc, OnceLock};

use elastic_apm_intake::{Keyword, Metadata, NameVersion};

/// What has been said of the framework. Clones are the same place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Framework(Arc<OnceLock<NameVersion>>);

impl Framework {
    /// Says which it is; whoever says it first is believed.
    #[inline]
    pub(crate) fn say(&self, name: &'static str, version: &'static str) {
        self.0.get_or_init(|| NameVersion {
            name: Some(Keyword::from_static(name)),
            version: Some(Keyword::from_static(version)),
        });
    }

    /// Fills in what nobody has configured, once there is anything to fill in; says whether it was settled.
    pub(crate) fn settle(&self, metadata: &mut Metadata) -> bool {
        let Some(said) = self.0.get() else { return false };
        let known = metadata.service.framework.get_or_insert_default();
        // What was configured may be another one: then its version is not this one's.
        if known.name.is_none() {
            let version = known.version.take().or_else(|| said.version.clone());
            *known = NameVersion { name: said.name.clone(), version };
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn settled(framework: &Framework, configured: [Option<&'static str>; 2]) -> Value {
        let [name, version] = configured.map(|text| text.map(Keyword::from));
        let mut metadata = Metadata::default();
        metadata.service.framework = Some(NameVersion { name, version });
        framework.settle(&mut metadata);
        serde_json::to_value(metadata.service.framework).unwrap()
    }

    #[test]
    fn the_first_word_counts() {
        let framework = Framework::default();
        assert!(!framework.settle(&mut Metadata::default()));
        framework.say("axum", "0.8");
        framework.say("other", "1");

        assert_eq!(settled(&framework, [None, None]), json!({"name": "axum", "version": "0.8"}));
    }

    #[test]
    fn what_is_configured_stays() {
        let framework = Framework::default();
        framework.say("axum", "0.8");

        assert_eq!(settled(&framework, [Some("loco"), None]), json!({"name": "loco"}));
        assert_eq!(settled(&framework, [None, Some("0.8.4")]), json!({"name": "axum", "version": "0.8.4"}));
    }
}
