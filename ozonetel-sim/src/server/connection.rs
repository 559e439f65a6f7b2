//! Connections that can be dropped from inside a handler, before a byte of an answer is written.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection as a handler sees it.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    cut: Arc<AtomicBool>,
    address: SocketAddr,
}

impl Connection {
    /// From now on nothing is written to this connection; it closes.
    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
    }

    /// The other end.
    pub(super) fn address(&self) -> IpAddr {
        self.address.ip()
    }
}

impl Connected<&Stream> for Connection {
    fn connect_info(stream: &Stream) -> Self {
        Self { cut: Arc::clone(&stream.cut), address: stream.address }
    }
}

/// A TCP stream that fails on writing once it is cut.
#[derive(Debug)]
pub(super) struct Stream {
    tcp: TcpStream,
    address: SocketAddr,
    cut: Arc<AtomicBool>,
}

impl Stream {
    pub(super) fn new(tcp: TcpStream, address: SocketAddr) -> Self {
        Self { tcp, address, cut: Arc::default() }
    }

    fn alive(&self) -> io::Result<()> {
        if self.cut.load(Ordering::Acquire) {
            Err(io::Error::from(io::ErrorKind::ConnectionAborted))
        } else {
            Ok(())
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.alive()?;
        Pin::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.alive()?;
        Pin::new(&mut self.tcp).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.alive()?;
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}
