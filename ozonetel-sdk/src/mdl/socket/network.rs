//! Byte streams over TCP, directly or through a proxy.

use std::{fmt, io};

use async_trait::async_trait;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tokio::net::TcpStream;
use tower_service::Service;

use super::connector::{ByteStream, SocketConnector};
use crate::core::transport::network::Network;
use crate::types::invalid::Invalid;

/// TCP, directly or through the proxy of the network settings; without one there, through the system's.
pub(crate) struct NetworkConnector {
    proxies: Matcher,
    http: HttpConnector,
}

impl fmt::Debug for NetworkConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NetworkConnector")
    }
}

impl NetworkConnector {
    pub(crate) fn new(network: &Network) -> Result<Self, Invalid> {
        let proxies = match &network.proxy {
            None => Matcher::from_system(),
            Some(url) if supported(url.scheme()) => Matcher::builder().all(url.as_str()).build(),
            Some(_) => {
                return Err(Invalid::new(
                    "proxy",
                    "has to be an http address, or socks5 with the feature socks",
                ));
            }
        };
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(network.connect_timeout));
        Ok(Self { proxies, http })
    }
}

fn supported(scheme: &str) -> bool {
    scheme == "http" || (cfg!(feature = "socks") && matches!(scheme, "socks5" | "socks5h"))
}

#[async_trait]
impl SocketConnector for NetworkConnector {
    async fn connect(&self, to: &Uri) -> io::Result<Box<dyn ByteStream>> {
        // Proxies are chosen by the schemes of HTTP, and addressed with a port.
        let secure = to.scheme_str() == Some("wss");
        let port = to.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let scheme = if secure { "https" } else { "http" };
        let host = to.host().unwrap_or_default();
        let to =
            Uri::builder().scheme(scheme).authority(format!("{host}:{port}")).path_and_query("/");
        let to = to.build().map_err(io::Error::other)?;
        let stream = match self.proxies.intercept(&to) {
            None => plain(self.http.clone().call(to).await)?,
            Some(proxy) => self.through(&proxy, to).await?,
        };
        Ok(Box::new(stream))
    }
}

impl NetworkConnector {
    async fn through(&self, proxy: &Intercept, to: Uri) -> io::Result<TcpStream> {
        let at = proxy.uri().clone();
        match at.scheme_str() {
            Some("http") => {
                let mut tunnel = Tunnel::new(at, self.http.clone());
                if let Some(auth) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(auth.clone());
                }
                plain(tunnel.call(to).await)
            }
            #[cfg(feature = "socks")]
            Some(scheme @ ("socks5" | "socks5h")) => {
                use hyper_util::client::legacy::connect::proxy::SocksV5;
                let mut socks =
                    SocksV5::new(at.clone(), self.http.clone()).local_dns(scheme == "socks5");
                if let Some((user, password)) = proxy.raw_auth() {
                    socks = socks.with_auth(user.to_owned(), password.to_owned());
                }
                plain(socks.call(to).await)
            }
            _ => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "a proxy of this kind is not supported",
            )),
        }
    }
}

fn plain<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    made: Result<hyper_util::rt::TokioIo<TcpStream>, E>,
) -> io::Result<TcpStream> {
    made.map(hyper_util::rt::TokioIo::into_inner).map_err(io::Error::other)
}
