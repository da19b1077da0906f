//! A certificate that nobody has signed but its owner.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::PrivateKeyDer;

/// What a server shows, and what a client must know to believe it.
#[derive(Debug)]
pub struct SelfSigned {
    /// The certificate, for `server_ca_cert_file` and `server_cert`.
    pub pem: String,
    /// The configuration of the server.
    pub config: ServerConfig,
}

impl SelfSigned {
    /// A new key and its certificate for servers on this machine.
    #[must_use]
    pub fn new() -> Self {
        SelfSigned::of(["localhost", "127.0.0.1"])
    }

    /// A new key and its certificate for servers of these names.
    ///
    /// # Panics
    ///
    /// When the cryptography provider fails.
    #[must_use]
    pub fn of<const N: usize>(names: [&str; N]) -> Self {
        let names = names.map(str::to_owned);
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        // A provider by name: a process-wide default is what some suites are about.
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a usable certificate");
        SelfSigned { pem: made.cert.pem(), config }
    }
}

impl Default for SelfSigned {
    fn default() -> Self {
        SelfSigned::new()
    }
}
