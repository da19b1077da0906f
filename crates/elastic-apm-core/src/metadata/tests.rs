use serde_json::{Value, json};

use super::*;
use crate::config::{ConfigBuilder, resolve};

fn collected(code: ConfigBuilder, environment: &Environment) -> Value {
    serde_json::to_value(collect(&resolve(code, environment).config, environment)).unwrap()
}

#[test]
fn the_service_is_what_was_configured() {
    let code = ConfigBuilder::default()
        .service_name("checkout")
        .service_version("1.2.3")
        .environment("production")
        .service_node_name("node-7");

    let mut service = collected(code, &Environment::empty())["service"].take();

    // Whatever builds the tests.
    service["language"].as_object_mut().unwrap().remove("version");
    service.as_object_mut().unwrap().remove("runtime");
    assert_eq!(
        service,
        json!({
            "name": "checkout",
            "version": "1.2.3",
            "environment": "production",
            "node": {"configured_name": "node-7"},
            "agent": {
                "name": "rust",
                "version": env!("CARGO_PKG_VERSION"),
                "activation_method": "programmatic-self-attach",
            },
            "language": {"name": "rust"},
        })
    );
}

#[test]
fn what_is_not_configured_is_left_out() {
    let metadata = collected(ConfigBuilder::default(), &Environment::empty());

    for field in ["version", "environment", "node"] {
        assert_eq!(metadata["service"].get(field), None, "{field}");
    }
    assert_eq!(metadata["system"].get("configured_hostname"), None);
    assert_eq!(metadata["system"].get("kubernetes"), None);
    assert_eq!(metadata.get("labels"), None);
}

#[test]
fn the_process_is_this_one() {
    let process = &collected(ConfigBuilder::default(), &Environment::empty())["process"];

    let executable = std::env::current_exe().unwrap();
    assert_eq!(process["pid"], std::process::id());
    assert_eq!(process["title"], executable.file_name().unwrap().to_str().unwrap());
    assert_eq!(process.get("argv"), None);
}

#[test]
fn arguments_are_sent_on_request_only() {
    let metadata = collected(ConfigBuilder::default().include_process_args(true), &Environment::empty());

    assert_eq!(metadata["process"]["argv"].as_array().unwrap().len(), std::env::args_os().count());
}

#[test]
fn a_configured_host_name_stands_beside_the_detected_one() {
    let environment = [("HOSTNAME", "detected")].into_iter().collect();

    let system = &collected(ConfigBuilder::default().hostname("web-1"), &environment)["system"];

    assert_eq!(system["configured_hostname"], "web-1");
    assert!(system["detected_hostname"].is_string());
    assert_eq!(system["architecture"], std::env::consts::ARCH);
}

#[test]
fn global_labels_are_strings() {
    let code = ConfigBuilder::default().global_labels([("team", "shop"), ("tier", "1")]);

    assert_eq!(collected(code, &Environment::empty())["labels"], json!({"team": "shop", "tier": "1"}));
}
