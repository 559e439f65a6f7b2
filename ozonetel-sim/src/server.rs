//! The simulator behind a socket: one address for every family of hosts, plus the control API.

mod connection;
mod control;
mod guard;
mod push_sender;
mod serving;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, FromRef, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::bounded;
use crate::browsers::{Browser, BrowserSockets};
use crate::mdl::{self, Sockets};
use crate::response::{FaultyResponse, ServiceResponse};
use crate::sim::Sim;
use crate::sip::{self, Softphones};
use crate::transport::{half, pieces};
use connection::Connection;
use push_sender::PushSender;

/// How long open connections may take to finish when the server stops.
const PATIENCE: Duration = Duration::from_secs(3);

/// A simulator that is being served. Dropping it stops the server at once.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
    running: JoinHandle<()>,
    phones: JoinHandle<()>,
    delivering: JoinHandle<()>,
    asking: JoinHandle<()>,
    sockets: watch::Sender<bool>,
}

impl Sim {
    /// Serves over a socket on a free port of this machine.
    ///
    /// # Errors
    ///
    /// The port cannot be bound.
    pub async fn serve(&self) -> io::Result<Server> {
        self.serve_on(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Serves over a socket.
    ///
    /// # Errors
    ///
    /// The address cannot be bound.
    pub async fn serve_on(&self, address: SocketAddr) -> io::Result<Server> {
        Server::start(self.clone(), address).await
    }
}

impl Server {
    async fn start(sim: Sim, address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let (sockets, ended) = watch::channel(false);
        let browsers = BrowserSockets::default();
        let (softphones, phones) = Softphones::start(sim.clone(), browsers.clone(), ended.clone());
        let mdl = Sockets::new(sim.clone(), browsers, ended);
        let sender = PushSender::default();
        let delivering = tokio::spawn(sender.clone().deliver(sim.clone()));
        let asking = tokio::spawn(sender.clone().ask(sim.clone()));
        let app = router(AppState { sim: sim.clone(), mdl, softphones, sender });
        let serving = tokio::spawn(serving::serve(listener, app, serving::HEAD_TIME, stopped));
        let running = tokio::spawn(async move { sim.run().await });
        Ok(Self {
            address,
            stop: Some(stop),
            serving,
            running,
            phones,
            delivering,
            asking,
            sockets,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base address for clients: `http://127.0.0.1:…`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where agents' sockets go.
    pub fn mdl_url(&self) -> String {
        format!("ws://{}/mdl", self.address)
    }

    /// Where softphones register.
    pub fn sip_url(&self) -> String {
        format!("ws://{}/sip", self.address)
    }

    /// Takes no more connections, lets the open ones finish for a moment, and ends.
    pub async fn stop(mut self) {
        self.stop.take();
        self.sockets.send_replace(true);
        if tokio::time::timeout(PATIENCE, &mut self.serving).await.is_err() {
            self.serving.abort();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
        self.running.abort();
        self.sockets.send_replace(true);
        self.phones.abort();
        self.delivering.abort();
        self.asking.abort();
    }
}

/// The whole service as an axum router; it needs to know its connections to be able to drop them.
fn router(served: AppState) -> Router {
    Router::new()
        .nest("/_sim", control::router().with_state(served.clone()))
        .fallback(service)
        .layer(middleware::from_fn(guard::read_in_time))
        .layer(middleware::from_fn(guard::refuse_foreign))
        .with_state(served)
}

/// What the routes share.
#[derive(Clone, Debug)]
struct AppState {
    sim: Sim,
    mdl: Sockets,
    softphones: Softphones,
    sender: PushSender,
}

impl FromRef<AppState> for Sim {
    fn from_ref(served: &AppState) -> Self {
        served.sim.clone()
    }
}

/// How much is read from a WebSocket at once, in bytes: most messages are smaller.
const READ_BUFFER: usize = 4 << 10;

/// A WebSocket on any path but the control API's: a softphone's where the path or the subprotocol
/// says so, else an agent's.
fn socket(
    served: AppState,
    upgrade: WebSocketUpgrade,
    connection: &Connection,
    (uri, headers): (&Uri, &HeaderMap),
) -> Response {
    let browser = Browser::of(connection.address(), headers);
    // The buffer is filled with zeros at each read.
    let upgrade =
        upgrade.max_write_buffer_size(bounded::MOST_WAITING).read_buffer_size(READ_BUFFER);
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let mut offered = offered.filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','));
    if uri.path() == "/sip" || offered.any(|name| name.trim() == sip::SUB_PROTOCOL) {
        return upgrade
            .protocols([sip::SUB_PROTOCOL])
            .max_message_size(sip::LARGEST)
            .on_upgrade(|socket| served.softphones.serve(socket, browser));
    }
    let asked = (uri.path().to_owned(), uri.query().unwrap_or_default().to_owned());
    upgrade
        .protocols([mdl::SUB_PROTOCOL])
        .max_message_size(mdl::LARGEST)
        .on_upgrade(|socket| served.mdl.serve(socket, asked, browser))
}

/// Every request that is not for the control API.
async fn service(
    State(served): State<AppState>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    request: Request,
) -> Response {
    if let Ok(upgrade) = upgrade {
        return socket(served, upgrade, &connection, (request.uri(), request.headers()));
    }
    let sim = served.sim;
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, guard::LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let request = http::Request::from_parts(parts, body);
    match sim.handle(&request) {
        FaultyResponse::Whole(answer) => whole(&answer),
        FaultyResponse::Late(answer, delay) => {
            tokio::time::sleep(delay).await;
            whole(&answer)
        }
        FaultyResponse::Closed => {
            connection.cut();
            Response::default()
        }
        FaultyResponse::Cut(answer) => cut(&answer),
        FaultyResponse::Drip(answer, gap) => drip(&answer, gap),
    }
}

fn respond(answer: &ServiceResponse, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    let kind = HeaderValue::from_static(answer.content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn whole(answer: &ServiceResponse) -> Response {
    respond(answer, Body::from(answer.body.clone()))
}

/// Promises the whole body and breaks off in the middle.
fn cut(answer: &ServiceResponse) -> Response {
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

fn drip(answer: &ServiceResponse, gap: Duration) -> Response {
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
