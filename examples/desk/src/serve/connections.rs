//! Connections: how many there are at once, and how long one may be without a request.
//!
//! A connection costs a file descriptor, which the store and what goes out need as well. So there are fewer connections
//! than the process may open files, and one on which no whole head of a request arrives ends. What is under way, a
//! stream, a file or a socket, has no limit here.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;

/// How long the head of a request may take to arrive; so long a connection is also kept open for the next one.
const HEAD: Duration = Duration::from_secs(20);

/// The most connections, however many files may be open.
const MOST: usize = 50_000;

/// How many files the desk keeps for itself, where the limit is not so low that half of it is less.
const OWN_FILES: u64 = 128;

/// How many files may be open where the system does not say.
const UNSAID: u64 = 1_024;

/// How often the log says that all connections are taken.
const WARN_EVERY: Duration = Duration::from_mins(1);

/// How long nothing is accepted after that failed: most often no file can be opened.
const PAUSE: Duration = Duration::from_secs(1);

/// The limits of connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConnectionLimits {
    most: usize,
    head: Duration,
}

impl ConnectionLimits {
    /// By how many files this process may open.
    pub(super) fn of_process() -> Self {
        Self { most: most_of(files()), head: HEAD }
    }
}

/// Three quarters of the files that may be open, or fewer.
fn most_of(files: u64) -> usize {
    let own = (files / 4).max(OWN_FILES.min(files / 2));
    usize::try_from(files.saturating_sub(own)).unwrap_or(MOST).clamp(1, MOST)
}

#[cfg(unix)]
fn files() -> u64 {
    rlimit::Resource::NOFILE.get_soft().unwrap_or(UNSAID)
}

#[cfg(not(unix))]
fn files() -> u64 {
    UNSAID
}

/// Accepts connections and serves them until `stop` resolves; then until what is under way on them has ended.
pub(super) async fn accept(
    listener: TcpListener,
    app: Router,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()>,
) {
    let mut app = app.into_make_service_with_connect_info::<SocketAddr>();
    let room = Arc::new(Semaphore::new(limits.most));
    let (connections, ending) = (TaskTracker::new(), CancellationToken::new());
    // A browser speaks HTTP/2 with TLS alone, which is the proxy's.
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head);
    let mut stop = pin!(stop);
    let mut warned = None;
    loop {
        let (stream, peer) = tokio::select! {
            biased;
            () = &mut stop => break,
            next = next(&listener, &room, &mut warned) => next,
        };
        let service = match app.call(peer).await {
            Ok(service) => TowerToHyperService::new(service),
            Err(never) => match never {},
        };
        let serving = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let ending = ending.clone();
        connections.spawn(async move {
            let mut serving = pin!(serving);
            let served = tokio::select! {
                served = serving.as_mut() => served,
                () = ending.cancelled() => {
                    serving.as_mut().graceful_shutdown();
                    serving.await
                }
            };
            if let Err(error) = served {
                tracing::trace!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    ending.cancel();
    connections.close();
    connections.wait().await;
}

/// The next connection, once there is room for one.
async fn next(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    warned: &mut Option<Instant>,
) -> (CountedStream, SocketAddr) {
    let is_due = warned.is_none_or(|at| at.elapsed() >= WARN_EVERY);
    if room.available_permits() == 0 && is_due {
        tracing::warn!("all connections are taken; the next ones wait");
        *warned = Some(Instant::now());
    }
    // It is never closed.
    let room = Arc::clone(room).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (CountedStream { stream, _room: room }, peer),
            Err(error) if is_of_the_other_side(&error) => {}
            Err(error) => {
                tracing::error!(kind = %error.kind(), "no connection can be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn is_of_the_other_side(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// A connection that takes its room for as long as it is open, also once it is a socket.
#[derive(Debug)]
struct CountedStream {
    stream: TcpStream,
    _room: Option<OwnedSemaphorePermit>,
}

impl AsyncRead for CountedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for CountedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, from)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests;
