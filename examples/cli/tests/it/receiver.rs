//! A receiver of webhooks: answers with the given statuses in turn, then with 200.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A request that arrived.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) target: String,
    pub(crate) body: String,
}

pub(crate) struct Receiver {
    address: String,
    seen: mpsc::Receiver<Seen>,
}

impl Receiver {
    pub(crate) async fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (sender, seen) = mpsc::channel(100);
        let statuses = statuses.to_vec();
        let mut statuses = statuses.into_iter();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = crate::harness::read_request(&mut stream).await;
                let (head, body) = request.split_once("\r\n\r\n").unwrap_or((&request, ""));
                let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let status = statuses.next().unwrap_or(200);
                let answer = format!(
                    "HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
                // A sender that went away is part of some tests.
                let _ = stream.write_all(answer.as_bytes()).await;
                let seen = Seen { target, body: body.to_owned() };
                if sender.send(seen).await.is_err() {
                    return;
                }
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    pub(crate) async fn next(&mut self) -> Seen {
        let bound = std::time::Duration::from_secs(30);
        tokio::time::timeout(bound, self.seen.recv()).await.expect("in time").unwrap()
    }
}

/// Posts a body and returns the status.
pub(crate) async fn post(url: &str, body: &str) -> u16 {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}
