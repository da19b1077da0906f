//! The machine, the container and the Kubernetes pod.

use elastic_apm_intake::{Container, Keyword, Kubernetes, Named, Pod, System};

use super::container::Discovered;
use super::host_name;
use crate::config::{Config, Environment};

pub(super) fn collect(config: &Config, environment: &Environment, discovered: Discovered) -> System {
    let Discovered { container_id, pod_uid } = discovered;
    let hostname = host_name::detect(environment);
    let host = config.hostname.clone().map(Keyword::from).or_else(|| hostname.clone());
    System {
        detected_hostname: hostname,
        configured_hostname: config.hostname.clone().map(Keyword::from),
        architecture: Some(Keyword::from_static(std::env::consts::ARCH)),
        platform: Some(Keyword::from_static(platform(std::env::consts::OS))),
        container: container_id.map(|id| Container { id: Some(id.into()) }),
        kubernetes: kubernetes(environment, pod_uid, host),
        ..System::default()
    }
}

/// Elastic's agents call macOS by its kernel.
fn platform(os: &'static str) -> &'static str {
    if os == "macos" { "darwin" } else { os }
}

/// What the deployment passes on, over what was discovered; a pod's host name is its name.
fn kubernetes(
    environment: &Environment,
    pod_uid: Option<String>,
    host: Option<Keyword>,
) -> Option<Kubernetes> {
    let variable = |name| {
        let text = environment.get(name)?.trim();
        (!text.is_empty()).then(|| Keyword::copied(text))
    };
    let host = host.filter(|_| pod_uid.is_some());
    let name = variable("KUBERNETES_POD_NAME").or(host);
    let uid = variable("KUBERNETES_POD_UID").or(pod_uid.map(Keyword::from));
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

        let kubernetes = kubernetes(&environment.into_iter().collect(), None, None).unwrap();

        assert_eq!(
            serde_json::to_value(&kubernetes).unwrap(),
            serde_json::json!({"namespace": "shop", "node": {"name": "node-1"}, "pod": {"name": "web-7"}})
        );
    }

    #[test]
    fn what_kubernetes_sets_for_every_container_is_not_enough() {
        let environment = [("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("KUBERNETES_PORT", "443")];

        assert_eq!(kubernetes(&environment.into_iter().collect(), None, Some("web".into())), None);
    }

    #[test]
    fn a_discovered_pod_takes_its_name_from_the_host_and_gives_way_to_the_variables() {
        let uid = || Some("90d81341-92de-11e7-8cf2-507b9d4141fa".to_owned());

        let found = kubernetes(&Environment::empty(), uid(), Some("web-7".into())).unwrap().pod.unwrap();
        assert_eq!((found.name.as_deref(), found.uid.as_deref()), (Some("web-7"), uid().as_deref()));

        let environment = [("KUBERNETES_POD_NAME", "web"), ("KUBERNETES_POD_UID", "1")].into_iter().collect();
        let told = kubernetes(&environment, uid(), Some("web-7".into())).unwrap().pod.unwrap();
        assert_eq!((told.name.as_deref(), told.uid.as_deref()), (Some("web"), Some("1")));
    }

    #[test]
    fn platforms_have_elastics_names() {
        assert_eq!(platform("macos"), "darwin");
        assert_eq!(platform("linux"), "linux");
    }
}
