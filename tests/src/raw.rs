//! A server that writes exactly the bytes it is told, and keeps exactly the bytes it got.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a connection does with one request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Writes these bytes and keeps the connection.
    Keep(Vec<u8>),
    /// Writes these bytes and closes.
    Close(Vec<u8>),
    /// Writes these bytes and then stays silent, with the connection open.
    Silence(Vec<u8>),
}

impl Reply {
    /// A JSON answer with its length; the connection is kept.
    pub fn json(body: &str) -> Self {
        Self::with("200 OK", "content-type: application/json\r\n", body)
    }

    /// An answer with its length; the connection is kept.
    pub fn with(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        let text = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}");
        Self::Keep(text.into_bytes())
    }
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Got {
    /// Number of the connection, from 0.
    pub connection: usize,
    /// Request line and headers.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Got {
    /// A header's value, the name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// The server. Replies are used in order, whatever the connection; the last one is used again.
#[derive(Debug)]
pub struct Raw {
    address: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    task: JoinHandle<()>,
}

impl Raw {
    /// Listens on a free port of this machine.
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let replies: Vec<Reply> = replies.into_iter().collect();
        let got: Arc<Mutex<Vec<Got>>> = Arc::default();
        let seen = Arc::clone(&got);
        let task = tokio::spawn(async move {
            let mut connection = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let (replies, seen) = (replies.clone(), Arc::clone(&seen));
                tokio::spawn(serve(stream, connection, replies, seen));
                connection += 1;
            }
        });
        Self { address, got, task }
    }

    /// Its address for clients.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What arrived.
    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    replies: Vec<Reply>,
    seen: Arc<Mutex<Vec<Got>>>,
) {
    let mut buffer = Vec::new();
    while let Some((head, body)) = request(&mut stream, &mut buffer).await {
        let at = {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.push(Got { connection, head, body });
            seen.len() - 1
        };
        let Some(reply) = replies.get(at).or(replies.last()) else { return };
        let (Reply::Keep(bytes) | Reply::Close(bytes) | Reply::Silence(bytes)) = reply;
        if stream.write_all(bytes).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        match reply {
            Reply::Keep(_) => {}
            Reply::Close(_) => return,
            Reply::Silence(_) => {
                // Until the other side gives up.
                let _ = stream.read(&mut [0]).await;
                return;
            }
        }
    }
}

/// The next request: its head, and as many bytes as its length says.
async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let whole = end + length.unwrap_or(0);
    while buffer.len() < whole {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body = buffer[end..whole].to_vec();
    buffer.drain(..whole);
    Some((head, body))
}
