//! A bare HTTP server: answers every `POST` as an accepted dial and every `GET` with a day of rows, as many as the
//! address says (`rows=N`), or of rows of which no two are alike (`distinct=N`); or with 64 MiB of what takes the most memory (`?hostile=NAME`). Prints its
//! address.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const DIALED: &str = r#"{"ucid":"12345170000000001","status":"queued successfully"}"#;

#[tokio::main]
async fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let day: Vec<u8> =
        (0..10_000).flat_map(|n| format!("{},", ozonetel_bench::row(n)).into_bytes()).collect();
    let day: &'static [u8] = Box::leak(day.into_boxed_slice());
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, day));
    }
}

async fn serve(mut stream: TcpStream, day: &'static [u8]) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(8192);
    loop {
        let head_end = loop {
            if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&buffer[..head_end]).to_ascii_lowercase();
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .map_or(0, |text| text.trim().parse().unwrap_or(0));
        while buffer.len() < head_end + length {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        buffer.drain(..head_end + length);
        if head.starts_with("post") {
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{DIALED}",
                DIALED.len()
            );
            stream.write_all(answer.as_bytes()).await?;
        } else if let Some((_, name)) = head.split_once("hostile=") {
            let name = name.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
            return hostile(&mut stream, name).await;
        } else if let Some((_, rows)) = head.split_once("distinct=") {
            let rows = rows.split(|c: char| !c.is_ascii_digit()).next().unwrap();
            return distinct(&mut stream, rows.parse().unwrap_or(1)).await;
        } else {
            let rows: u64 = head.split_once("rows=").map_or(1, |(_, rest)| {
                rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap_or(1)
            });
            let blocks = rows.div_ceil(10_000);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{\"status\":\"success\",\"message\":\"success\",\"details\":[").await?;
            for block in 0..blocks {
                let part = if block + 1 == blocks { &day[..day.len() - 1] } else { day };
                stream.write_all(part).await?;
            }
            stream.write_all(b"]}").await?;
            return Ok(());
        }
    }
}

/// A day of rows that are made as they are sent.
async fn distinct(stream: &mut TcpStream, rows: u64) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
    let mut block = format!("{head}{{\"status\":\"success\",\"message\":\"success\",\"details\":[");
    for n in 0..rows {
        if n > 0 {
            block.push(',');
        }
        block.push_str(&ozonetel_bench::distinct_row(n));
        if block.len() > 1 << 17 {
            stream.write_all(block.as_bytes()).await?;
            block.clear();
        }
    }
    block.push_str("]}");
    stream.write_all(block.as_bytes()).await
}

/// An answer of 64 MiB: so many pieces between a beginning and an end.
async fn hostile(stream: &mut TcpStream, name: &str) -> std::io::Result<()> {
    let row = format!(r#"{{"UCID":1,"Comments":"{}"}},"#, "x".repeat(1_000_000));
    let (begin, piece, end) = match name {
        "records" => (r#"{"status":"success","details":["#, r#"{"UCID":1},"#, r#"{"UCID":1}]}"#),
        "lists" => (r#"{"status":"success","details":[{"UCID":1,"New":["#, "[0],", "0]}]}"),
        "objects" => (r#"{"status":"success","details":["#, r#"{"UCID":1,"a":{"":0}},"#, "{}]}"),
        "fields" => ("{", r#""a":0,"#, r#""details":[],"status":"success"}"#),
        "texts" => (r#"{"status":"success","details":["#, row.as_str(), r#"{"UCID":1}]}"#),
        _ => (r#"{"status":"success","details":["#, "0,", "0]}"),
    };
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(begin.as_bytes()).await?;
    let block = piece.repeat((1 << 16) / piece.len() + 1);
    for _ in 0..(64 << 20) / block.len() {
        stream.write_all(block.as_bytes()).await?;
    }
    stream.write_all(end.as_bytes()).await
}
