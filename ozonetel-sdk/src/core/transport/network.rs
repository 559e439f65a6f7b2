//! What REST and the agent socket share of the network: TLS, extra roots, proxy, the time to connect.

use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use url::Url;

use crate::types::invalid::Invalid;

/// Settings of the network stack.
#[derive(Debug, Clone)]
pub struct Network {
    /// Time to connect, TLS included.
    pub connect_timeout: Duration,
    /// Certificates to trust in addition to the platform's, in DER.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// A proxy for all requests; `None` takes the system's.
    pub proxy: Option<Url>,
    /// Whether connections are kept for further requests.
    pub keep_idle: bool,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            extra_roots: Vec::new(),
            proxy: None,
            keep_idle: true,
        }
    }
}

/// The TLS configuration that REST and the agent socket share: ring, the platform's verifier, extra roots.
///
/// # Errors
/// A root certificate that cannot be parsed.
pub fn tls(extra_roots: &[CertificateDer<'static>]) -> Result<rustls::ClientConfig, Invalid> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let bad = |_| Invalid::new("extra_roots", "a certificate cannot be parsed");
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(
        extra_roots.iter().cloned(),
        Arc::clone(&provider),
    )
    .map_err(bad)?;
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(bad)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}
