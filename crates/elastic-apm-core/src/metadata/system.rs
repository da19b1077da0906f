//! The machine and, where the deployment passes them on, the names of the Kubernetes pod.

use elastic_apm_intake::{Keyword, Kubernetes, Named, Pod, System};

use crate::config::{Config, Environment};

pub(super) fn collect(config: &Config, environment: &Environment) -> System {
    System {
        detected_hostname: hostname(environment),
        configured_hostname: config.hostname.clone().map(Keyword::from),
        architecture: Some(Keyword::from_static(std::env::consts::ARCH)),
        platform: Some(Keyword::from_static(platform(std::env::consts::OS))),
        kubernetes: kubernetes(environment),
        ..System::default()
    }
}

/// The name that the kernel knows, else what the environment says. A fully qualified name would take a resolver, which can
/// hang.
fn hostname(environment: &Environment) -> Option<Keyword> {
    let kernel = gethostname::gethostname();
    let variables = ["HOSTNAME", "HOST"].into_iter().filter_map(|name| environment.get(name).map(Into::into));
    let mut names = std::iter::once(kernel.to_string_lossy()).chain(variables);
    names.find_map(|name| {
        let name = name.trim().to_lowercase();
        (!name.is_empty()).then(|| Keyword::from(name))
    })
}

/// Elastic's agents call macOS by its kernel.
fn platform(os: &'static str) -> &'static str {
    if os == "macos" { "darwin" } else { os }
}

fn kubernetes(environment: &Environment) -> Option<Kubernetes> {
    let variable = |name| {
        let text = environment.get(name)?.trim();
        (!text.is_empty()).then(|| Keyword::copied(text))
    };
    let (name, uid) = (variable("KUBERNETES_POD_NAME"), variable("KUBERNETES_POD_UID"));
    let node = variable("KUBERNETES_NODE_NAME");
    let kubernetes = Kubernetes {
        namespace: variable("KUBERNETES_NAMESPACE"),
        node: node.map(|name| Named { name: Some(name) }),
        pod: (name.is_some() || uid.is_some()).then_some(Pod { name, uid }),
    };
    (kubernetes != Kubernetes::default()).then_some(kubernetes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_the_pod_are_passed_on() {
        let environment = [
            ("KUBERNETES_NAMESPACE", "shop"),
            ("KUBERNETES_NODE_NAME", "node-1"),
            ("KUBERNETES_POD_NAME", "web-7"),
            ("KUBERNETES_POD_UID", " "),
        ];

        let kubernetes = kubernetes(&environment.into_iter().collect()).unwrap();

        assert_eq!(
            serde_json::to_value(&kubernetes).unwrap(),
            serde_json::json!({"namespace": "shop", "node": {"name": "node-1"}, "pod": {"name": "web-7"}})
        );
    }

    #[test]
    fn what_kubernetes_sets_for_every_container_is_not_enough() {
        let environment = [("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("KUBERNETES_PORT", "443")];

        assert_eq!(kubernetes(&environment.into_iter().collect()), None);
    }

    #[test]
    fn the_host_name_is_lower_case_and_trimmed() {
        let name = hostname(&Environment::empty()).unwrap();

        let kernel = gethostname::gethostname().into_string().unwrap();
        assert_eq!(name.as_str(), kernel.trim().to_lowercase());
    }

    #[test]
    fn platforms_have_elastics_names() {
        assert_eq!(platform("macos"), "darwin");
        assert_eq!(platform("linux"), "linux");
    }
}
