//! Serving, and ending well: no more requests, then everything under way finishes, within limits.

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;

use crate::desk::Desk;

/// How long open connections may take to end.
const CONNECTIONS: Duration = Duration::from_secs(10);

/// How long work under way may take to finish: longer than the service may stay silent on a dial.
const WORK: Duration = Duration::from_secs(45);

/// Serves until `stop` resolves, and then until all work under way is done. A dial that was sent is waited for.
///
/// # Errors
/// The listener failed.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    desk: Desk,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let (told, stopping) = tokio::sync::oneshot::channel::<()>();
    let graceful = async {
        // A sender that is gone stops as well.
        let _ = stopping.await;
    };
    let mut serving =
        tokio::spawn(
            async move { axum::serve(listener, app).with_graceful_shutdown(graceful).await },
        );
    tokio::select! {
        ended = &mut serving => return ended.unwrap_or_else(|error| Err(io::Error::other(error))),
        () = stop => {}
    }
    tracing::info!(under_way = desk.tasks().under_way(), "stopping");
    drop(told);
    let (served, done) =
        tokio::join!(tokio::time::timeout(CONNECTIONS, &mut serving), desk.finish(WORK));
    if served.is_err() {
        serving.abort();
    }
    if !done {
        tracing::error!(
            under_way = desk.tasks().under_way(),
            "work was still under way at the end; its outcome is unknown"
        );
    }
    desk.store().close().await;
    Ok(())
}

/// Resolves on Ctrl-C, and on SIGTERM where there is such a thing.
///
/// # Errors
/// The signals cannot be listened to.
pub fn signals() -> io::Result<impl Future<Output = ()> + Send> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    #[cfg(unix)]
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
