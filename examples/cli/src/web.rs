//! Plain HTTP requests that are none of the service's endpoints: the simulator's control, receivers of webhooks, a desk.

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::StatusCode;
use ozonetel_sdk::transport::network::Network;
use ozonetel_sdk::transport::reqwest::Reqwest;
use ozonetel_sdk::transport::{Incoming, Outgoing, SendStage, Transport as _};
use url::{Host, Url};

use crate::failure::Failure;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(30);

/// The longest answer that is read.
const LARGEST: usize = 16 << 20;

/// Sends requests.
#[derive(Debug, Clone)]
pub(crate) struct Web(Reqwest);

/// An answer.
#[derive(Debug)]
pub(crate) struct WebReply {
    pub(crate) head: http::Response<()>,
    pub(crate) body: Bytes,
}

impl WebReply {
    pub(crate) fn status(&self) -> StatusCode {
        self.head.status()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebError {
    /// Whether the request may have arrived.
    pub(crate) may_have_arrived: bool,
    reason: String,
}

impl fmt::Display for WebError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl WebError {
    fn unknown(reason: &str) -> Self {
        Self { may_have_arrived: true, reason: reason.to_owned() }
    }
}

impl From<ozonetel_sdk::transport::Failure> for WebError {
    fn from(failure: ozonetel_sdk::transport::Failure) -> Self {
        let mut reason = failure.to_string();
        let mut source = std::error::Error::source(&failure);
        while let Some(inner) = source {
            if inner.source().is_none() {
                reason = format!("{reason} ({inner})");
            }
            source = inner.source();
        }
        Self { may_have_arrived: failure.stage() != SendStage::NotSent, reason }
    }
}

impl Web {
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self(Reqwest::new(&Network::default())?))
    }

    /// Sends a request and reads its answer whole.
    pub(crate) async fn send(&self, request: http::Request<Bytes>) -> Result<WebReply, WebError> {
        let whole = async {
            let Incoming { head, mut body } = self.open(request).await?;
            let mut read = BytesMut::new();
            while let Some(piece) = body.next().await {
                let piece = piece?;
                if read.len() + piece.len() > LARGEST {
                    return Err(WebError::unknown("the answer is longer than 16 MiB"));
                }
                read.extend_from_slice(&piece);
            }
            Ok(WebReply { head, body: read.freeze() })
        };
        match tokio::time::timeout(ANSWER, whole).await {
            Ok(done) => done,
            Err(_) => Err(WebError::unknown("no answer in 30 s")),
        }
    }

    /// Sends a request and returns its answer as it arrives.
    pub(crate) async fn open(&self, request: http::Request<Bytes>) -> Result<Incoming, WebError> {
        Ok(self.0.send(Outgoing::new(request, true)).await?)
    }
}

/// An http or https address with a host.
pub(crate) fn address(field: &str, text: &str) -> Result<Url, Failure> {
    let url = Url::parse(text.trim()).ok();
    url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host()).ok_or_else(|| {
        let hint = if text.contains("://") { "" } else { ": add http:// or https://" };
        Failure::usage(format!("{field} is not an http or https address{hint}"))
    })
}

/// Whether an address leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_its_addresses() {
        let is_here = |text: &str| is_loopback(&address("--to", text).unwrap());
        for here in ["http://localhost:3000/hook", "http://127.0.0.9", "http://[::1]:1/"] {
            assert!(is_here(here), "{here}");
        }
        for there in
            ["https://localhost.example.test", "http://10.0.0.1", "http://127.example.test"]
        {
            assert!(!is_here(there), "{there}");
        }
        for bad in ["localhost:3000", "ftp://example.test", "", "http://"] {
            assert!(address("--to", bad).is_err(), "{bad}");
        }
    }
}
