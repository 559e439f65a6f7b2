//! The simulator behind a socket: one address for every family of hosts, plus the control API.

mod connection;
mod control;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::Sim;
use crate::service::{Answer, Delivery};
use crate::transport::{half, pieces};
use connection::{Connection, Listener};

/// The largest request body that is read.
const LARGEST_BODY: usize = 16 << 20;
/// How long open connections may take to finish when the server stops.
const PATIENCE: Duration = Duration::from_secs(3);

/// A simulator that is being served. Dropping it stops the server at once.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
    running: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(sim: Sim, address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let app = router(sim.clone()).into_make_service_with_connect_info::<Connection>();
        let serving = tokio::spawn(async move {
            let served = axum::serve(Listener(listener), app).with_graceful_shutdown(async {
                // Dropping the sender stops as well.
                let _ = stopped.await;
            });
            if let Err(error) = served.await {
                tracing::error!(%error, "the server ended");
            }
        });
        let running = tokio::spawn(async move { sim.run().await });
        Ok(Self { address, stop: Some(stop), serving, running })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base address for clients: `http://127.0.0.1:…`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes no more connections, lets the open ones finish for a moment, and ends.
    pub async fn stop(mut self) {
        self.stop.take();
        if tokio::time::timeout(PATIENCE, &mut self.serving).await.is_err() {
            self.serving.abort();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
        self.running.abort();
    }
}

/// The whole service as an axum router; it needs to know its connections to be able to drop them.
fn router(sim: Sim) -> Router {
    Router::new().nest("/_sim", control::router()).fallback(service).with_state(sim)
}

/// Every request that is not for the control API.
async fn service(
    State(sim): State<Sim>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let request = http::Request::from_parts(parts, body);
    match sim.handle(&request) {
        Delivery::Whole(answer) => whole(&answer),
        Delivery::Late(answer, delay) => {
            tokio::time::sleep(delay).await;
            whole(&answer)
        }
        Delivery::Closed => {
            connection.cut();
            Response::default()
        }
        Delivery::Cut(answer) => cut(&answer),
        Delivery::Drip(answer, gap) => drip(&answer, gap),
    }
}

fn respond(answer: &Answer, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    let kind = HeaderValue::from_static(answer.content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn whole(answer: &Answer) -> Response {
    respond(answer, Body::from(answer.body.clone()))
}

/// Promises the whole body and breaks off in the middle.
fn cut(answer: &Answer) -> Response {
    let items = stream::unfold(Some(half(&answer.body)), |first| async move {
        let Some(first) = first else {
            // Lets the first half go out before the connection breaks.
            tokio::time::sleep(Duration::from_millis(20)).await;
            return Some((Err(io::Error::from(io::ErrorKind::ConnectionAborted)), None));
        };
        Some((Ok::<Bytes, io::Error>(first), None))
    });
    let mut response = respond(answer, Body::from_stream(items));
    let length = HeaderValue::from(answer.body.len().max(1));
    response.headers_mut().insert(header::CONTENT_LENGTH, length);
    response
}

fn drip(answer: &Answer, gap: Duration) -> Response {
    let items = stream::unfold(pieces(&answer.body).into_iter(), move |mut pieces| async move {
        let piece = pieces.next()?;
        tokio::time::sleep(gap).await;
        Some((Ok::<Bytes, io::Error>(piece), pieces))
    });
    let mut response = respond(answer, Body::from_stream(items));
    let length = HeaderValue::from(answer.body.len());
    response.headers_mut().insert(header::CONTENT_LENGTH, length);
    response
}

#[cfg(test)]
mod tests;
