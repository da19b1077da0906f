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

/// The name that the kernel knows where it can be read, else what the environment says. A fully qualified name would take a
/// resolver, which can hang.
fn hostname(environment: &Environment) -> Option<Keyword> {
    let file = |path| std::fs::read_to_string(path).ok();
    let variable = |name| environment.get(name).map(str::to_owned);
    let sources: [&dyn Fn() -> Option<String>; 5] = [
        &|| file("/proc/sys/kernel/hostname"),
        &|| variable("HOSTNAME"),
        &|| variable("HOST"),
        &|| variable("COMPUTERNAME"),
        &|| file("/etc/hostname"),
    ];
    let mut names = sources.iter().filter_map(|source| source());
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
        let environment = [("HOSTNAME", " Web-1.Example "), ("COMPUTERNAME", "PC")].into_iter().collect();

        let name = hostname(&environment).unwrap();

        let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname");
        let expected = kernel.map_or("web-1.example".to_owned(), |name| name.trim().to_lowercase());
        assert_eq!(name.as_str(), expected);
    }

    #[test]
    fn platforms_have_elastics_names() {
        assert_eq!(platform("macos"), "darwin");
        assert_eq!(platform("linux"), "linux");
    }
}
