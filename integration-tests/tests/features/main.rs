//! Elastic's own Gherkin features, run against the agent: outcomes, credentials, user agent.
//!
//! `gherkin` reads the files; `outcome` and `request` know what the steps mean. Features of what is not built
//! (Azure metadata, the OpenTelemetry bridge) and scenarios about gRPC are not run.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail as the test does")]

mod gherkin;
mod outcome;
mod request;

use elastic_apm_integration_tests::spec;

use crate::gherkin::Scenario;

/// The scenarios of a feature, or `None` after saying that they are skipped.
fn scenarios(feature: &str) -> Option<Vec<Scenario>> {
    let path =
        spec::data(&format!("the feature {feature}"))?.join("gherkin").join(format!("{feature}.feature"));
    Some(gherkin::scenarios(&std::fs::read_to_string(path).unwrap()))
}

#[tokio::test]
async fn outcomes_are_decided_as_elastics_feature_says() {
    let Some(scenarios) = scenarios("outcome") else { return };
    let (grpc, ours): (Vec<_>, Vec<_>) = scenarios.into_iter().partition(|scenario| scenario.has_tag("grpc"));

    for scenario in &ours {
        outcome::World::default().run(scenario).await;
    }

    assert_eq!(ours.len(), 13, "six scenarios and the rows of one outline");
    println!("outcome.feature: {} scenarios ran; {} about gRPC, which is not traced", ours.len(), grpc.len());
}

#[test]
fn credentials_are_sent_as_elastics_feature_says() {
    let Some(scenarios) = scenarios("api_key") else { return };

    scenarios.iter().for_each(request::run);

    assert_eq!(scenarios.len(), 3);
    println!("api_key.feature: {} scenarios ran", scenarios.len());
}

#[test]
fn the_user_agent_is_formed_as_elastics_feature_says() {
    let Some(scenarios) = scenarios("user_agent") else { return };

    scenarios.iter().for_each(request::run);

    assert_eq!(scenarios.len(), 5, "three scenarios and the rows of one outline");
    println!("user_agent.feature: {} scenarios ran", scenarios.len());
}
