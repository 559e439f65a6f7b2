//! Makes byte streams.

use std::{fmt, io};

use async_trait::async_trait;
use http::Uri;
use tokio::io::{AsyncRead, AsyncWrite};

/// A byte stream in both directions.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// Makes byte streams. TLS, for `wss`, comes on top of what it makes.
#[async_trait]
pub trait SocketConnector: Send + Sync + fmt::Debug {
    /// A byte stream to host and port of an address.
    ///
    /// # Errors
    /// Why there is none; it is tried again later.
    async fn connect(&self, to: &Uri) -> io::Result<Box<dyn ByteStream>>;
}
