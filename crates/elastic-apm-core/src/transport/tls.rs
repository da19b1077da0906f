//! Whom to believe when the server's address is `https`.
//!
//! The cryptography provider is named explicitly and never installed: a process-wide default is the application's choice.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, CryptoProvider};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Which certificates of a server are good enough.
#[derive(Clone, Debug)]
pub(super) enum Trust {
    /// Those that the system trusts.
    System,
    /// Those signed by an authority in this PEM file.
    File(PathBuf),
    /// Any.
    Everything,
}

impl Trust {
    /// Reads the certificate authorities and prepares the handshake. Does blocking I/O.
    pub(super) fn client_config(&self) -> Result<ClientConfig, TlsError> {
        let provider = Arc::new(crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Provider)?;
        let builder = match self {
            Self::System => builder.with_root_certificates(system_roots()?),
            Self::File(path) => builder.with_root_certificates(file_roots(path)?),
            Self::Everything => {
                builder.dangerous().with_custom_certificate_verifier(Arc::new(AcceptAll(provider)))
            }
        };
        Ok(builder.with_no_client_auth())
    }
}

/// TLS cannot be prepared.
#[derive(Debug)]
pub(super) enum TlsError {
    Provider(rustls::Error),
    NoSystemRoots,
    File { path: PathBuf, cause: Box<dyn Error + Send + Sync> },
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provider(_) => f.write_str("the cryptography provider offers no usable protocol version"),
            Self::NoSystemRoots => f.write_str("the system has no trusted certificate authorities"),
            Self::File { path, .. } => write!(f, "unusable server_ca_cert_file {}", path.display()),
        }
    }
}

impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Provider(cause) => Some(cause),
            Self::NoSystemRoots => None,
            Self::File { cause, .. } => Some(&**cause),
        }
    }
}

fn system_roots() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    // Systems carry the odd certificate that does not parse; the others count.
    let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 { Err(TlsError::NoSystemRoots) } else { Ok(roots) }
}

fn file_roots(path: &Path) -> Result<RootCertStore, TlsError> {
    let read = || -> Result<RootCertStore, Box<dyn Error + Send + Sync>> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(path)? {
            roots.add(certificate?)?;
        }
        if roots.is_empty() { Err("no certificate in it".into()) } else { Ok(roots) }
    };
    read().map_err(|cause| TlsError::File { path: path.to_owned(), cause })
}

/// Believes everybody, as `verify_server_cert=false` asks. Signatures are still checked: that costs nothing.
#[derive(Debug)]
struct AcceptAll(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAll {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
