//! Accepts connections and serves each: HTTP/1.1, with a time in which the head of a request has to arrive.

use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tower_service::Service as _;

use super::connection::{Connection, Stream};

/// How long the head of a request may take to arrive, and how long a connection may be idle.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(30);
/// The pause after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves until it is told to stop, or the sender is dropped; then open requests finish.
pub(super) async fn serve(
    listener: TcpListener,
    app: Router,
    head_time: Duration,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut make = app.into_make_service_with_connect_info::<Connection>();
    let (stopping, stops) = watch::channel(false);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            _ = &mut stopped => break,
        };
        let (tcp, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // Small answers should not wait for more.
        let _ = tcp.set_nodelay(true);
        let stream = Stream::new(tcp, address);
        let Ok(service) = make.call(&stream).await;
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head_time)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
            .with_upgrades();
        let mut stops = stops.clone();
        connections.spawn(async move {
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stopped_by(&mut stops) => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
    stopping.send_replace(true);
    while connections.join_next().await.is_some() {}
}

/// Ends when the connections are to finish, or no one could say so any more.
async fn stopped_by(stops: &mut watch::Receiver<bool>) {
    let _ = stops.wait_for(|stops| *stops).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    /// What comes back for these bytes, until the server closes the connection.
    async fn answer_to(sent: &[u8]) -> Vec<u8> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let app = Router::new().route("/", get(async || "here"));
        let serving = tokio::spawn(serve(listener, app, Duration::from_millis(20), stopped));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent).await.unwrap();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        // A connection that is reset has ended as well.
        let _ = tokio::time::timeout(Duration::from_secs(20), read)
            .await
            .unwrap_or_else(|_| panic!("{:?} keeps the connection", String::from_utf8_lossy(sent)));
        drop(stop);
        serving.await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_request_that_never_gets_whole_does_not_hold_its_connection() {
        for half in [&b""[..], b"G", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "] {
            let answer = answer_to(half).await;
            assert!(!answer.starts_with(b"HTTP/1.1 200"), "{half:?}");
        }
        let whole = answer_to(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(whole.ends_with(b"here"), "{:?}", String::from_utf8_lossy(&whole));
    }
}
