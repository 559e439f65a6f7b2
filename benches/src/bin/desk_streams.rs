//! What many listeners to the stream of events cost the desk's process.
//!
//! `desk_streams ADDRESS PID < TOKENS`: opens a stream for each token, waits for its snapshot, and prints the resident
//! memory of the process before and after.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::io::Read as _;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, id] = args.as_slice() else { panic!("desk_streams ADDRESS PID < TOKENS") };
    let mut tokens = String::new();
    std::io::stdin().read_to_string(&mut tokens).unwrap();
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let before = resident(id);
        let mut streams = Vec::new();
        for token in tokens.lines() {
            streams.push(open(address, token).await);
        }
        let after = resident(id);
        println!("{} streams: {before} MiB before, {after} MiB with them", streams.len());
    });
}

async fn open(address: &str, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /api/events HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains("event: snapshot") {
        assert!(
            stream.read_buf(&mut text).await.unwrap() > 0,
            "{}",
            String::from_utf8_lossy(&text)
        );
    }
    stream
}

/// Resident memory of a process, in MiB.
fn resident(id: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
