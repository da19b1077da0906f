//! A real agent of the dev server: what is set there while both run is in force in the agent, and gives way when it is deleted.
//!
//! Takes a few seconds: nobody asks more often than every five.

use elastic_apm::Agent;
use elastic_apm_devserver::DevServer;
use elastic_apm_integration_tests::PATIENCE;
use elastic_apm_integration_tests::agent_log::AgentLog;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn options_follow_the_dev_server_while_both_run() {
    let server = DevServer::builder().address("127.0.0.1:0").start().await.expect("a free port");
    server.set_config("shop", [("transaction_sample_rate", "0.5"), ("server_url", "http://elsewhere")]);
    server.set_config("stock", [("recording", "false")]);
    let log = AgentLog::new();
    let agent = log.build(Agent::builder().without_env().service_name("shop").server_url(server.url()));

    log.wait_for("Central configuration: transaction_sample_rate=\"0.5\"");
    log.wait_for("WARN Central config failure. Unsupported config names: server_url");
    server.set_config("shop", [("recording", "false")]);
    log.wait_for("Central configuration: recording=\"false\"");
    log.wait_for("Central configuration: transaction_sample_rate is as set locally again");
    let off = agent.tracer().is_recording();
    server.set_config("shop", [("", ""); 0]);
    log.wait_for("Central configuration: recording is as set locally again");
    agent.tracer().transaction("job", "script").start().end();

    assert!(!off);
    assert!(agent.flush_async(PATIENCE).await);
    server.wait_for(|store| store.traces().len() == 1, PATIENCE).await.expect("the trace");
    server.shutdown().await;
}
