//! The same over TLS: who is believed, and what a failed handshake means for the request.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

/// A certificate authority of the test's own, in a file that is removed at its end.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pub(super) file: PathBuf,
}

impl Authority {
    pub(super) fn new(test: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = std::env::temp_dir().join(format!("elastic-apm-{test}-{}.pem", std::process::id()));
        std::fs::write(&file, issuer.pem()).unwrap();
        Self { issuer, file }
    }

    /// The server side for a host of this name.
    pub(super) fn server(&self, name: &str) -> ServerConfig {
        self.server_and_certificate(name).0
    }

    /// The same, and the certificate that it shows.
    fn server_and_certificate(&self, name: &str) -> (ServerConfig, Certificate) {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        let certificates: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(certificates, key)
                .unwrap();
        (config, certificate)
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

/// Answers one request over TLS; `None` when the client breaks the handshake off.
fn serve_tls(config: ServerConfig) -> (String, JoinHandle<Option<String>>) {
    serve(move |listener| answer_one(config, accept(&listener)))
}

/// Answers one request over TLS on this connection; `None` when the client breaks the handshake off.
pub(super) fn answer_one(config: ServerConfig, stream: TcpStream) -> Option<String> {
    let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).ok()?;
    }
    // A client that refuses the certificate says so only after its side of the handshake.
    let mut first = [0];
    stream.read_exact(&mut first).ok()?;
    let request = read_request(&mut (&first[..]).chain(&mut stream));
    answer(&mut stream, OK);
    Some(request)
}

fn https(address: &str) -> ConfigBuilder {
    ConfigBuilder::default().server_url(format!("https://{address}")).service_name("shop")
}

#[test]
fn an_untrusted_certificate_is_refused_before_anything_is_sent() {
    let authority = Authority::new("untrusted");
    let other = Authority::new("untrusted-other");
    let (address, server) = serve_tls(authority.server("127.0.0.1"));

    let error =
        run(transport(https(&address).server_ca_cert_file(&other.file)).send(events("{}"))).unwrap_err();

    assert!(error.is_not_sent());
    assert!(error.to_string().contains("certificate"), "{error}");
    assert_eq!(server.join().unwrap(), None);
}

#[test]
fn the_systems_authorities_do_not_trust_a_strangers_certificate() {
    let (address, server) = serve_tls(Authority::new("system").server("127.0.0.1"));

    let error = run(transport(https(&address)).send(events("{}"))).unwrap_err();

    assert!(error.is_not_sent(), "{error}");
    // A system without authorities fails before it connects.
    let _ = TcpStream::connect(&address);
    assert_eq!(server.join().unwrap(), None);
}

#[test]
fn a_certificate_of_the_given_authority_is_trusted() {
    let authority = Authority::new("trusted");
    let (address, server) = serve_tls(authority.server("127.0.0.1"));
    let code = https(&address).server_ca_cert_file(&authority.file).secret_token("t0ken");

    let response = run(transport(code).send(events("{}"))).unwrap();

    assert_eq!(response.status(), 202);
    assert!(server.join().unwrap().unwrap().contains("authorization: Bearer t0ken\r\n"));
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    let authority = Authority::new("other-host");
    let (address, server) = serve_tls(authority.server("apm.example.com"));

    let error =
        run(transport(https(&address).server_ca_cert_file(&authority.file)).send(events("{}"))).unwrap_err();

    assert!(error.is_not_sent(), "{error}");
    assert_eq!(server.join().unwrap(), None);
}

#[test]
fn without_verification_any_certificate_will_do_and_one_warning_says_so() {
    let (address, server) = serve_tls(Authority::new("unverified").server("apm.example.com"));
    let config = resolve(https(&address).verify_server_cert(false), &Environment::empty()).config;
    let log = AgentLog::recording();

    let response = run(HttpTransport::new(&config, &Environment::empty(), &log).send(events("{}"))).unwrap();

    assert_eq!(response.status(), 202);
    assert!(server.join().unwrap().is_some());
    let lines = log.recorded();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("WARN verify_server_cert is false"), "{}", lines[0]);
}

#[test]
fn plain_http_needs_no_warning_about_certificates() {
    let config = resolve(to("127.0.0.1:8200").verify_server_cert(false), &Environment::empty()).config;
    let log = AgentLog::recording();

    HttpTransport::new(&config, &Environment::empty(), &log);

    assert!(log.recorded().is_empty());
}

#[test]
fn an_unusable_authority_file_is_named_and_nothing_is_sent() {
    let authority = Authority::new("unusable");
    for contents in
        [None, Some("no certificate"), Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    {
        match contents {
            Some(contents) => std::fs::write(&authority.file, contents).unwrap(),
            None => std::fs::remove_file(&authority.file).unwrap(),
        }

        let error =
            run(transport(https("127.0.0.1:1").server_ca_cert_file(&authority.file)).send(events("{}")))
                .unwrap_err();

        assert!(error.is_not_sent());
        let expected = format!("unusable server_ca_cert_file {}", Path::display(&authority.file));
        assert!(error.to_string().contains(&expected), "{error}");
    }
}

#[test]
fn a_handshake_that_hangs_times_out_and_is_not_sent() {
    let (done, wait) = mpsc::channel::<()>();
    let (address, server) = serve(move |listener| {
        let _stream = accept(&listener);
        wait.recv().unwrap_err();
    });
    let code = https(&address).verify_server_cert(false).server_timeout(Duration::from_millis(50));

    let error = run(transport(code).send(events("{}"))).unwrap_err();

    drop(done);
    server.join().unwrap();
    assert!(error.is_not_sent() && error.is_timeout(), "{error}");
}

#[test]
fn a_server_that_speaks_no_tls_is_not_sent_anything() {
    let (address, server) = serve(|listener| {
        let mut stream = accept(&listener);
        answer(&mut stream, "HTTP/1.1 400 Bad Request\r\n\r\n");
        let mut received = Vec::new();
        let _ = stream.read_to_end(&mut received);
        received
    });

    let error = run(transport(https(&address).verify_server_cert(false)).send(events("secret"))).unwrap_err();

    assert!(error.is_not_sent(), "{error}");
    assert!(!server.join().unwrap().windows(6).any(|window| window == b"secret"));
}

#[test]
fn a_certificate_that_is_named_is_trusted_whoever_signed_it_for_whatever_name() {
    for form in ["pem", "der", "several"] {
        let authority = Authority::new(&format!("pinned-{form}"));
        let (config, certificate) = authority.server_and_certificate("elsewhere.example");
        let contents = match form {
            "pem" => certificate.pem().into_bytes(),
            "der" => certificate.der().to_vec(),
            _ => format!("{}{}", authority.issuer.pem(), certificate.pem()).into_bytes(),
        };
        std::fs::write(&authority.file, contents).unwrap();
        let (address, server) = serve_tls(config);

        let response =
            run(transport(https(&address).server_cert(&authority.file)).send(events("{}"))).unwrap();

        assert_eq!(response.status(), 202, "{form}");
        assert!(server.join().unwrap().is_some(), "{form}");
    }
}

#[test]
fn a_certificate_that_is_named_is_the_only_one_that_will_do() {
    let authority = Authority::new("another");
    let named = Authority::new("named");
    let (_, other) = named.server_and_certificate("127.0.0.1");
    std::fs::write(&named.file, other.pem()).unwrap();
    let (address, server) = serve_tls(authority.server("127.0.0.1"));
    // Neither a good signature nor no verification at all makes up for it.
    let code = https(&address)
        .server_cert(&named.file)
        .server_ca_cert_file(&authority.file)
        .verify_server_cert(false);
    let config = resolve(code, &Environment::empty()).config;
    let log = AgentLog::recording();

    let transport = HttpTransport::new(&config, &Environment::empty(), &log);
    let error = run(transport.send(events("{}"))).unwrap_err();

    assert!(error.is_not_sent() && error.to_string().contains("it is not the one in server_cert"), "{error}");
    assert_eq!(server.join().unwrap(), None);
    assert!(log.recorded().is_empty(), "verify_server_cert does not matter: {:?}", log.recorded());
}

#[test]
fn a_file_without_a_certificate_to_name_is_named_and_nothing_is_sent() {
    let authority = Authority::new("unusable-pin");
    for contents in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        std::fs::write(&authority.file, contents).unwrap();

        let error =
            run(transport(https("127.0.0.1:1").server_cert(&authority.file)).send(events("{}"))).unwrap_err();

        let text = error.to_string();
        assert!(error.is_not_sent() && text.contains("unusable server_cert "), "{text}");
        assert!(text.contains(&authority.file.display().to_string()), "{text}");
    }
}
