//! The seam to the network: one method from request to answer.
//!
//! Everything above it is ordinary code that can be tested without a socket; everything below it decides nothing.
//! An implementation must not repeat a request, must not follow redirects and must not change what it is given.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;
use url::Url;

#[cfg(any(feature = "reqwest", feature = "ws"))]
pub mod network;
#[cfg(feature = "reqwest")]
pub mod reqwest;

/// A request on its way out.
#[derive(Clone)]
#[non_exhaustive]
pub struct Outgoing {
    /// The request.
    pub http: http::Request<Bytes>,
    /// Whether it may happen only once: then it must not travel on a connection that has been idle for long.
    pub once: bool,
    /// The address once more, parsed.
    #[cfg_attr(not(feature = "reqwest"), expect(dead_code, reason = "reqwest takes it as it is"))]
    url: Option<Url>,
}

impl Outgoing {
    /// A request.
    pub fn new(http: http::Request<Bytes>, once: bool) -> Self {
        Self { http, once, url: None }
    }

    /// A request whose address is known as a [`Url`] too.
    pub(crate) fn with_url((http, url): (http::Request<Bytes>, Url), once: bool) -> Self {
        Self { http, once, url: Some(url) }
    }
}

/// Shows method and path only: query, headers and body hold secrets.
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outgoing({} {})", self.http.method(), self.http.uri().path())
    }
}

/// The body of an answer, piece by piece.
pub type Body = Pin<Box<dyn Stream<Item = Result<Bytes, Failure>> + Send>>;

/// An answer: its head, and its body as it arrives.
pub struct Incoming {
    /// Status and headers; the unit takes the place of a body.
    pub head: http::Response<()>,
    /// The body.
    pub body: Body,
}

impl Incoming {
    /// An answer whose body is all there.
    pub fn whole(head: http::Response<()>, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self { head, body: Box::pin(futures_util::stream::once(async move { Ok(body) })) }
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Incoming({})", self.head.status())
    }
}

/// What is known about a request that got no complete answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendStage {
    /// Provably nothing left this machine.
    NotSent,
    /// It may have arrived. A connection that closed without an answer is this, whatever the HTTP library calls it.
    Unknown,
}

/// Why there is no answer. `Debug` and `Display` do not show addresses.
#[derive(Clone)]
pub struct Failure {
    stage: SendStage,
    timed_out: bool,
    source: Arc<dyn StdError + Send + Sync>,
}

impl Failure {
    /// A failure; the source must not print an address with its query.
    pub fn new(stage: SendStage, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { stage, timed_out: false, source: Arc::from(source.into()) }
    }

    /// The other side stayed silent for too long.
    pub fn silence() -> Self {
        Self {
            timed_out: true,
            ..Self::new(SendStage::Unknown, "no byte arrived within the time limit")
        }
    }

    /// The body ended before its document did.
    pub(crate) fn cut() -> Self {
        Self::new(SendStage::Unknown, "the connection ended before the document did")
    }

    /// What is known.
    pub fn stage(&self) -> SendStage {
        self.stage
    }

    /// Whether time ran out, as opposed to a connection that broke.
    pub fn timed_out(&self) -> bool {
        self.timed_out
    }

    pub(crate) fn into_source(self) -> Arc<dyn StdError + Send + Sync> {
        self.source
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.stage, self.timed_out) {
            (SendStage::NotSent, _) => "the request was not sent",
            (SendStage::Unknown, true) => "no answer in time",
            (SendStage::Unknown, false) => "the connection ended without a complete answer",
        })
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failure({self})")
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.source.as_ref())
    }
}

/// Sends one request and returns the head of the answer with its body as a stream.
///
/// # Cancel safety
/// Dropping the future may leave a request on its way: the caller has to treat it as [`SendStage::Unknown`].
#[async_trait]
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends a request.
    ///
    /// # Errors
    /// [`Failure`] when no head of an answer arrived.
    async fn send(&self, request: Outgoing) -> Result<Incoming, Failure>;
}
