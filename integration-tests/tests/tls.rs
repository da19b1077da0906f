//! Agents of `https` servers: whom they believe, and that the application's own TLS is left alone.

use std::path::PathBuf;
use std::time::Duration;

use elastic_apm::{Agent, AgentBuilder, DropReason, LogLevel};
use elastic_apm_integration_tests::agent_log::AgentLog;
use elastic_apm_integration_tests::certificate::SelfSigned;
use elastic_apm_integration_tests::fault_server::FaultServer;
use elastic_apm_integration_tests::{PATIENCE, child};
use rustls::{ClientConfig, RootCertStore};

fn agent_of(server: &FaultServer) -> AgentBuilder {
    Agent::builder()
        .without_env()
        .service_name("tls")
        .server_url(server.url())
        .server_timeout(PATIENCE)
        .metrics_interval(Duration::ZERO)
        .log_level(LogLevel::Off)
}

fn record(agent: &Agent, name: &'static str) {
    agent.tracer().transaction(name, "script").start().end();
}

/// Writes a file that only the test of this name writes.
fn file(test: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}.pem"));
    std::fs::write(&path, text).expect("a writable folder");
    path
}

#[test]
fn the_applications_own_tls_works_beside_agents() {
    let certificate = SelfSigned::new();
    let server = FaultServer::start_tls(certificate.config);
    let agent = agent_of(&server).verify_server_cert(false).build();
    let other = agent_of(&server).build();
    record(&agent, "over tls");
    let delivered = agent.flush(PATIENCE);
    other.flush(PATIENCE);

    // Panics where two providers are compiled in and none is chosen.
    let config = ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    let client = reqwest::Client::new();

    assert!(delivered);
    assert!(!config.crypto_provider().cipher_suites.is_empty());
    assert!(client.get("https://127.0.0.1").build().is_ok());
}

#[test]
fn a_certificate_that_nobody_signed_is_refused_and_said_once() {
    let server = FaultServer::start_tls(SelfSigned::new().config);
    let log = AgentLog::new();
    let agent = log.build(agent_of(&server).secret_token("t0ken"));

    record(&agent, "kept");
    let flushed = [agent.flush(PATIENCE), agent.flush(PATIENCE)];
    let kept = agent.stats();
    agent.shutdown(PATIENCE);

    let warnings = log.warnings();
    assert_eq!(flushed, [false, false]);
    assert_eq!((kept.queued(), kept.dropped()), (1, 0));
    assert_eq!(agent.stats().dropped_for(DropReason::AfterShutdown), 1);
    assert!(warnings[0].contains("certificate"), "{warnings:#?}");
    assert_eq!(
        warnings.iter().filter(|line| line.contains("could not reach the server")).count(),
        1,
        "{warnings:#?}"
    );
    assert!(server.received().is_empty());
}

#[test]
fn a_certificate_from_the_given_file_is_believed() {
    let certificate = SelfSigned::new();
    let server = FaultServer::start_tls(certificate.config);
    let log = AgentLog::new();
    let agent = log.build(agent_of(&server).server_ca_cert_file(file("given-file", &certificate.pem)));

    record(&agent, "over tls");
    let delivered = agent.flush(PATIENCE);

    assert!(delivered);
    assert_eq!(server.names_taken(), ["over tls"]);
    assert!(log.warnings().is_empty(), "{:#?}", log.warnings());
}

#[test]
fn a_certificate_of_another_name_is_refused() {
    let certificate = SelfSigned::of(["elsewhere.example"]);
    let server = FaultServer::start_tls(certificate.config);
    let log = AgentLog::new();
    let agent = log.build(agent_of(&server).server_ca_cert_file(file("another-name", &certificate.pem)));

    record(&agent, "kept");
    let delivered = agent.flush(PATIENCE);

    assert!(!delivered);
    assert!(log.warnings()[0].contains("certificate"), "{:#?}", log.warnings());
    assert!(server.received().is_empty());
}

#[test]
fn a_file_that_cannot_be_used_is_named_and_may_be_put_right() {
    let certificate = SelfSigned::new();
    let server = FaultServer::start_tls(certificate.config);
    let log = AgentLog::new();
    let path = file("put-right", "this is no certificate");
    let agent = log.build(agent_of(&server).server_ca_cert_file(&path));
    record(&agent, "over tls");

    let before = agent.flush(PATIENCE);
    std::fs::write(&path, &certificate.pem).expect("a writable file");
    let after = agent.flush(PATIENCE);

    let warnings = log.warnings();
    assert_eq!((before, after), (false, true));
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(
        warnings[0].contains("server_ca_cert_file") && warnings[0].contains("put-right.pem"),
        "{warnings:#?}"
    );
    assert_eq!(server.names_taken(), ["over tls"]);
}

#[test]
fn a_certificate_that_is_named_is_believed_and_no_other() {
    let certificate = SelfSigned::of(["elsewhere.example"]);
    let server = FaultServer::start_tls(certificate.config);
    let log = AgentLog::new();
    let named = agent_of(&server).server_cert(file("named", &certificate.pem)).build();
    let other = file("not-named", &SelfSigned::new().pem);
    let another = log.build(agent_of(&server).server_cert(other).verify_server_cert(false));

    record(&named, "over tls");
    record(&another, "kept");
    let delivered = (named.flush(PATIENCE), another.flush(PATIENCE));

    let warnings = log.warnings();
    assert_eq!(delivered, (true, false));
    assert_eq!(server.names_taken(), ["over tls"]);
    assert_eq!((another.stats().queued(), warnings.len()), (1, 1), "{warnings:#?}");
    assert!(warnings[0].contains("not the one in server_cert"), "{warnings:#?}");
}

#[test]
fn the_systems_authorities_may_be_in_a_file_that_the_environment_names() {
    let certificate = SelfSigned::new();
    let server = FaultServer::start_tls(certificate.config);
    let path = file("ssl-cert-file", &certificate.pem);
    let variables = [
        ("ELASTIC_APM_SERVER_URL", &*server.url()),
        ("SSL_CERT_FILE", path.to_str().expect("a path that is text")),
    ];

    let ended = child::run(env!("CARGO_BIN_EXE_exit-case"), &["without-tokio", "return"], &variables);

    assert_eq!(server.names_taken(), ["first", "second", "job"], "{ended:#?}");
}

#[test]
fn verification_that_is_off_sends_and_says_so_loudly() {
    let server = FaultServer::start_tls(SelfSigned::new().config);
    let log = AgentLog::new();
    let agent = log.build(agent_of(&server).verify_server_cert(false));

    record(&agent, "over tls");
    let delivered = agent.flush(PATIENCE);

    let warnings = log.warnings();
    assert!(delivered);
    assert_eq!(server.names_taken(), ["over tls"]);
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].contains("verify_server_cert is false"), "{warnings:#?}");
}

#[test]
fn a_plain_server_behind_an_https_address_is_not_there() {
    let server = FaultServer::start();
    let url = server.url().replace("http:", "https:");
    let agent = agent_of(&server).server_url(url).server_timeout(Duration::from_millis(200)).build();

    record(&agent, "kept");
    let delivered = agent.flush(PATIENCE);

    assert!(!delivered);
    assert_eq!(agent.stats().queued(), 1);
}
