//! What REST and the agent socket share of the network: TLS, extra roots, proxy, the time to connect.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use url::Url;

use crate::types::invalid::Invalid;

/// Settings of the network stack. `Debug` shows of the proxy's address neither user nor password.
#[derive(Clone)]
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

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the path either: some proxies take a token there.
        let shown = |proxy: &Url| {
            let port = proxy.port().map_or_else(String::new, |port| format!(":{port}"));
            format!("{}://{}{port}", proxy.scheme(), proxy.host_str().unwrap_or_default())
        };
        f.debug_struct("Network")
            .field("connect_timeout", &self.connect_timeout)
            .field("extra_roots", &self.extra_roots.len())
            .field("proxy", &self.proxy.as_ref().map(shown))
            .field("keep_idle", &self.keep_idle)
            .finish()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_password_of_the_proxy() {
        for (address, shown) in [
            (
                "http://user-mark:pass-mark@proxy.example.test:3128/t-mark?q-mark",
                "http://proxy.example.test:3128",
            ),
            ("socks5://user-mark:pass-mark@[::1]:1080", "socks5://[::1]:1080"),
            ("https://pass-mark@proxy.example.test", "https://proxy.example.test"),
        ] {
            let network = Network { proxy: Some(address.parse().unwrap()), ..Network::default() };
            let text = format!("{network:?} {network:#?}");
            assert!(text.contains(shown) && !text.contains("mark"), "{text}");
        }
    }
}
