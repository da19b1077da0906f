//! Whom to believe when the server's address is `https`.
//!
//! The cryptography provider is named explicitly and never installed: a process-wide default is the application's choice.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, RootCertStore};

use super::verifier::Verifier;
use crate::config::Config;

/// Which certificates of a server are good enough.
#[derive(Clone, Debug)]
pub(super) enum Trust {
    /// Those that the system trusts.
    System,
    /// Those signed by an authority in this PEM file.
    Authorities(PathBuf),
    /// Those in this PEM or DER file, and no other, whoever signed them for whatever name and time.
    Pinned(PathBuf),
    /// Any.
    Everything,
}

impl Trust {
    /// What the options ask for. A certificate that is named beats all else, and verification that is off the authorities.
    pub(super) fn new(config: &Config) -> Self {
        match (&config.server_cert, &config.server_ca_cert_file) {
            (Some(path), _) => Self::Pinned(path.clone()),
            _ if !config.verify_server_cert => Self::Everything,
            (None, Some(path)) => Self::Authorities(path.clone()),
            (None, None) => Self::System,
        }
    }

    /// Reads the certificate authorities and prepares the handshake. Does blocking I/O.
    pub(super) fn client_config(&self) -> Result<ClientConfig, TlsError> {
        let provider = Arc::new(default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Provider)?;
        let builder = match self {
            Self::System => builder.with_root_certificates(system_roots()?),
            Self::Authorities(path) => builder.with_root_certificates(authorities(path)?),
            Self::Pinned(path) => {
                let verifier = Verifier::of(provider, pinned(path)?);
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
            Self::Everything => {
                builder.dangerous().with_custom_certificate_verifier(Arc::new(Verifier::of_any(provider)))
            }
        };
        Ok(builder.with_no_client_auth())
    }
}

/// TLS cannot be prepared.
#[derive(Debug)]
pub(super) enum TlsError {
    Provider(rustls::Error),
    NoSystemRoots { cause: Option<rustls_native_certs::Error> },
    File { option: &'static str, path: PathBuf, cause: Box<dyn Error + Send + Sync> },
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provider(_) => f.write_str("the cryptography provider offers no usable protocol version"),
            Self::NoSystemRoots { .. } => f.write_str("the system has no trusted certificate authorities"),
            Self::File { option, path, .. } => write!(f, "unusable {option} {}", path.display()),
        }
    }
}

impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Provider(cause) => Some(cause),
            Self::NoSystemRoots { cause } => cause.as_ref().map(|cause| cause as _),
            Self::File { cause, .. } => Some(&**cause),
        }
    }
}

fn system_roots() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    // Systems carry the odd certificate that does not parse; the others count.
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        Err(TlsError::NoSystemRoots { cause: found.errors.into_iter().next() })
    } else {
        Ok(roots)
    }
}

fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    in_file("server_ca_cert_file", path, || {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(path)? {
            roots.add(certificate?)?;
        }
        if roots.is_empty() { Err("no certificate in it".into()) } else { Ok(roots) }
    })
}

fn pinned(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    in_file("server_cert", path, || {
        let bytes = std::fs::read(path)?;
        let mut certificates = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>()?;
        if certificates.is_empty() {
            certificates.push(CertificateDer::from(bytes));
        }
        for certificate in &certificates {
            ParsedCertificate::try_from(certificate).map_err(|_| "no certificate in it")?;
        }
        Ok(certificates)
    })
}

fn in_file<T>(
    option: &'static str,
    path: &Path,
    read: impl FnOnce() -> Result<T, Box<dyn Error + Send + Sync>>,
) -> Result<T, TlsError> {
    read().map_err(|cause| TlsError::File { option, path: path.to_owned(), cause })
}
