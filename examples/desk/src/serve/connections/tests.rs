use axum::body::Body;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::{any, get};
use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

use super::*;

/// The limit of a head here.
const HEAD: Duration = Duration::from_millis(300);

/// Nothing here takes longer.
const LIMIT: Duration = Duration::from_secs(20);

struct Listening {
    address: SocketAddr,
    stop: CancellationToken,
    ended: tokio::task::JoinHandle<()>,
}

/// A number each 100 ms, three times as long as a head may take.
async fn numbers() -> Response {
    let numbers = futures_util::stream::iter(0..10).then(|n| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok::<_, io::Error>(format!("{n} "))
    });
    Response::new(Body::from_stream(numbers))
}

async fn echo(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(|mut socket| async move {
        while let Some(Ok(Message::Text(text))) = socket.recv().await {
            let _ = socket.send(Message::Text(text)).await;
        }
    })
}

async fn served(most: usize) -> Listening {
    served_with(ConnectionLimits { most, head: HEAD }).await
}

async fn served_with(limits: ConnectionLimits) -> Listening {
    let app = Router::new()
        .route("/", get(|| async { "here" }))
        .route("/numbers", get(numbers))
        .route("/echo", any(echo));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let ended = tokio::spawn(accept(listener, app, limits, stop.clone().cancelled_owned()));
    Listening { address, stop, ended }
}

impl Listening {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn get(&self, path: &str) -> String {
        let mut stream = self.connect().await;
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        read_all(&mut stream).await
    }
}

/// Everything until the other side ends it.
async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(LIMIT, stream.read_to_end(&mut answer)).await;
    // What was sent to one who has gone is answered with a reset.
    let _ = read.expect("it was not ended");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_connection_without_a_whole_head_ends_in_time() {
    let served = served(10).await;
    let begun = Instant::now();
    let idle = async {
        assert_eq!(read_all(&mut served.connect().await).await, "");
    };
    let half = async {
        let mut stream = served.connect().await;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.unwrap();
        assert!(!read_all(&mut stream).await.starts_with("HTTP/1.1 200"));
    };
    let dripping = async {
        let (mut answer, mut head) = served.connect().await.into_split();
        let drip = async {
            let mut sent = head.write_all(b"GET / HTTP/1.1\r\n").await;
            while sent.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
                sent = head.write_all(b"x: y\r\n").await;
            }
        };
        let mut text = Vec::new();
        let _ = tokio::time::timeout(LIMIT, answer.read_to_end(&mut text)).await.unwrap();
        assert!(!text.starts_with(b"HTTP/1.1 200"));
        tokio::time::timeout(LIMIT, drip).await.unwrap();
    };
    // One that has had its answer is kept open as long for the next request.
    let used = async {
        let mut stream = served.connect().await;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        assert!(read_all(&mut stream).await.ends_with("here"));
    };
    tokio::join!(idle, half, dripping, used);
    assert!(begun.elapsed() >= HEAD);
}

#[tokio::test]
async fn what_is_under_way_has_no_limit() {
    let served = served(10).await;
    let answer = served.get("/numbers").await;
    assert!(answer.contains('9'), "{answer}");
    let url = format!("ws://{}/echo", served.address);
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    tokio::time::sleep(HEAD * 3).await;
    futures_util::SinkExt::send(&mut socket, "hello".into()).await.unwrap();
    let said = tokio::time::timeout(LIMIT, socket.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(said.to_text().unwrap(), "hello");
}

#[tokio::test]
async fn more_than_there_is_room_for_wait_and_are_served() {
    let served = served(3).await;
    let mut idle = Vec::new();
    for _ in 0..7 {
        idle.push(served.connect().await);
    }
    // Behind all of those, which end one after the other.
    assert!(served.get("/").await.ends_with("here"));
    // A socket keeps its place.
    let url = format!("ws://{}/echo", served.address);
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(tokio_tungstenite::connect_async(&url).await.unwrap().0);
    }
    let waiting = served.get("/");
    let mut waiting = pin!(waiting);
    assert!(tokio::time::timeout(HEAD * 2, &mut waiting).await.is_err());
    sockets.pop();
    assert!(tokio::time::timeout(LIMIT, waiting).await.unwrap().ends_with("here"));
}

#[tokio::test]
async fn no_other_protocol_than_http_1_is_spoken() {
    let served = served(3).await;
    let mut stream = served.connect().await;
    // What a client sends that knows beforehand that the other side speaks HTTP/2, and an empty frame of settings.
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer:?}");
}

#[tokio::test]
async fn the_end_waits_for_what_is_under_way_and_not_for_the_idle() {
    // The limit of a head ends none of them meanwhile.
    let served = served_with(ConnectionLimits { most: 10, head: Duration::from_mins(1) }).await;
    let idle = served.connect().await;
    let mut used = served.connect().await;
    used.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut numbers = served.connect().await;
    numbers.write_all(b"GET /numbers HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    numbers.read_exact(&mut first).await.unwrap();
    served.stop.cancel();
    let rest = read_all(&mut numbers).await;
    assert!(rest.contains('9'), "{rest}");
    tokio::time::timeout(Duration::from_secs(2), served.ended).await.unwrap().unwrap();
    drop((idle, used));
}

#[test]
fn the_store_keeps_files_for_itself() {
    for (files, most) in [
        (0, 1),
        (200, 100),
        (512, 384),
        (1_024, 768),
        (65_536, 49_152),
        (1_048_576, 50_000),
        (u64::MAX, 50_000),
    ] {
        assert_eq!(most_of(files), most, "{files}");
    }
}
