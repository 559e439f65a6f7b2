//! The transport over reqwest and rustls.
//!
//! Two connection pools: one for requests that may be repeated, and one for those that must happen once. A
//! connection of the second pool is not used after it was idle for [`ONCE_IDLE`]: a server that closes an idle
//! connection just as a dial is written to it leaves it unknown whether the dial arrived.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt};
use url::Url;

use super::{Failure, Incoming, Outgoing, SendStage, Transport};
use crate::types::invalid::Invalid;

pub use super::network::{Network, tls};

/// How long a connection may have been idle and still carry a request that must happen once.
pub const ONCE_IDLE: Duration = Duration::from_secs(2);

/// How long other connections are kept.
pub const SAFE_IDLE: Duration = Duration::from_secs(30);

/// reqwest with redirects off and no retries of its own.
#[derive(Debug, Clone)]
pub struct Reqwest {
    safe: ::reqwest::Client,
    once: ::reqwest::Client,
}

impl Reqwest {
    /// Builds both pools.
    ///
    /// # Errors
    /// A root certificate or a proxy address that cannot be parsed.
    pub fn new(network: &Network) -> Result<Self, Invalid> {
        let tls = tls(&network.extra_roots)?;
        let build = |idle: Duration| {
            let mut builder = ::reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .redirect(::reqwest::redirect::Policy::none())
                .retry(::reqwest::retry::never())
                .connect_timeout(network.connect_timeout)
                .pool_idle_timeout(idle)
                .tcp_nodelay(true)
                .user_agent(concat!("ozonetel-sdk/", env!("CARGO_PKG_VERSION")));
            if !network.keep_idle {
                builder = builder.pool_max_idle_per_host(0);
            }
            if let Some(proxy) = &network.proxy {
                let proxy = ::reqwest::Proxy::all(proxy.clone())
                    .map_err(|_| Invalid::new("proxy", "is not a proxy address"))?;
                builder = builder.proxy(proxy);
            }
            builder.build().map_err(|_| Invalid::new("network", "the HTTP client cannot be built"))
        };
        Ok(Self { safe: build(SAFE_IDLE)?, once: build(ONCE_IDLE)? })
    }
}

/// `is_connect` is the only proof that nothing was sent. The address, query included, is cut out of the error.
fn failure(error: ::reqwest::Error) -> Failure {
    let stage = if error.is_connect() || error.is_builder() {
        SendStage::NotSent
    } else {
        SendStage::Unknown
    };
    Failure::new(stage, error.without_url())
}

fn request_of(request: Outgoing) -> Result<::reqwest::Request, Failure> {
    let (parts, body) = request.http.into_parts();
    let url = match request.url.filter(|url| is_of(url, &parts.uri)) {
        Some(url) => url,
        None => Url::parse(&parts.uri.to_string())
            .map_err(|_| Failure::new(SendStage::NotSent, "the address cannot be parsed"))?,
    };
    let mut request = ::reqwest::Request::new(parts.method, url);
    *request.headers_mut() = parts.headers;
    if !body.is_empty() {
        *request.body_mut() = Some(body.into());
    }
    Ok(request)
}

/// Whether both are one address, letter by letter: a layer in front may have changed the request's.
fn is_of(url: &Url, uri: &http::Uri) -> bool {
    let rest = uri.scheme_str().and_then(|scheme| url.as_str().strip_prefix(scheme));
    let rest = rest.and_then(|rest| rest.strip_prefix("://"));
    let rest = uri.authority().and_then(|host| rest?.strip_prefix(host.as_str()));
    rest.is_some_and(|rest| uri.path_and_query().is_some_and(|path| path.as_str() == rest))
}

#[async_trait]
impl Transport for Reqwest {
    async fn send(&self, request: Outgoing) -> Result<Incoming, Failure> {
        let client = if request.once { &self.once } else { &self.safe };
        let request = request_of(request)?;
        let mut response = client.execute(request).await.map_err(failure)?;
        let mut head = http::Response::new(());
        *head.status_mut() = response.status();
        *head.headers_mut() = std::mem::take(response.headers_mut());
        Ok(Incoming { head, body: response.bytes_stream().map_err(failure).boxed() })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    /// A rustls of another major version than reqwest's shows only here.
    #[test]
    fn the_client_builds_with_our_tls_configuration() {
        Reqwest::new(&Network::default()).unwrap();
    }

    #[test]
    fn an_address_that_was_changed_on_the_way_is_the_one_that_is_asked() {
        let of = |uri: &str, known: &str| {
            let http = http::Request::builder().uri(uri).body(Bytes::new()).unwrap();
            let request = Outgoing::with_url((http, Url::parse(known).unwrap()), true);
            request_of(request).unwrap().url().to_string()
        };
        let known = "http://api.example.test:81/under/a?b=c+d";
        assert_eq!(of(known, known), known);
        for changed in [
            "https://api.example.test:81/under/a?b=c+d",
            "http://other.example.test:81/under/a?b=c+d",
            "http://api.example.test:8/under/a?b=c+d",
            "http://api.example.test:81/under/a?b=c",
            "http://api.example.test:81/under/a",
        ] {
            assert_eq!(of(changed, known), changed);
        }
        assert_eq!(of("http://a.test", "http://a.test"), "http://a.test/");
    }
}
