//! Layers without a tracer of their own ask for the process's default agent at each request.
//!
//! A test binary of its own: there is one default agent per process.

use axum::body::Body;
use axum::routing::get;
use axum::{Router, http::Request};
use elastic_apm::{Agent, LogLevel, trace_id};
use elastic_apm_integration_tests::PATIENCE;
use elastic_apm_integration_tests::fault_server::FaultServer;
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt, service_fn};

#[tokio::test]
async fn layers_may_be_built_before_the_agent_and_outlive_it() {
    async fn traced() -> String {
        trace_id().is_some().to_string()
    }
    let router = Router::new().route("/", get(traced)).layer(elastic_apm::axum::ApmLayer::new());
    let plain = elastic_apm::tower::ApmLayer::new().layer(service_fn(|_: Request<Body>| async {
        Ok::<_, std::convert::Infallible>(http::Response::new(Body::from(traced().await)))
    }));
    let ask = || async {
        let by_axum = router.clone().oneshot(Request::new(Body::empty())).await.unwrap().into_body();
        let by_tower = plain.clone().oneshot(Request::new(Body::empty())).await.unwrap().into_body();
        let text = |body: bytes::Bytes| String::from_utf8(body.to_vec()).unwrap();
        [
            text(by_axum.collect().await.unwrap().to_bytes()),
            text(by_tower.collect().await.unwrap().to_bytes()),
        ]
    };

    assert_eq!(ask().await, ["false", "false"], "there is no agent yet");

    let server = FaultServer::start();
    let agent = Agent::builder().without_env().server_url(server.url()).log_level(LogLevel::Off).install();
    assert_eq!(ask().await, ["true", "true"]);
    assert!(agent.flush_async(PATIENCE).await);
    server.wait_for_events(2);

    drop(agent);
    assert_eq!(ask().await, ["false", "false"], "it is gone");
}
