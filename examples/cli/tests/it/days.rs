//! A service that has rows for each day, and can fall silent in the middle of one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Shell, read_request};

/// Rows that a day has.
pub(crate) const ROWS: u64 = 40;

/// What was asked for, and what is to come.
#[derive(Debug, Default)]
struct Asked {
    days: Vec<String>,
    /// Days whose next answer stops half-way, and stays open.
    silent: BTreeMap<String, u32>,
}

/// The service.
pub(crate) struct DayServer {
    address: String,
    asked: Arc<Mutex<Asked>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for DayServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// One row; the day and its number make it distinct.
fn row(day: &str, number: u64) -> String {
    let digits = day.replace('-', "");
    format!(
        r#"{{"UCID":{digits}{number:09},"CallID":{digits}{number:09},"CallDate":"{day}","Type":"InBound","Status":"Answered","TalkTime":"00:00:07","Comments":"=1+{number}","CallerID":"9000000001"}}"#
    )
}

/// The ids of a day's rows.
pub(crate) fn ucids(day: &str) -> Vec<String> {
    let digits = day.replace('-', "");
    (0..ROWS).map(|number| format!("{digits}{number:09}")).collect()
}

async fn answer(stream: &mut TcpStream, day: &str, is_silent: bool) {
    let rows: Vec<String> = (0..ROWS).map(|number| row(day, number)).collect();
    let body = format!(r#"{{"status":"success","details":[{}]}}"#, rows.join(","));
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let sent = if is_silent { &body[..body.len() / 2] } else { &body };
    // A client that was killed is part of the tests.
    let _ = stream.write_all(format!("{head}{sent}").as_bytes()).await;
}

impl DayServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Asked::default()));
        let noted = Arc::clone(&asked);
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let noted = Arc::clone(&noted);
                tokio::spawn(async move {
                    loop {
                        let request = read_request(&mut stream).await;
                        let Some((_, from)) = request.split_once(r#""fromDate":""#) else { return };
                        let day = from[..10].to_owned();
                        let is_silent = {
                            let mut noted = noted.lock().unwrap();
                            noted.days.push(day.clone());
                            match noted.silent.get_mut(&day) {
                                Some(left) if *left > 0 => {
                                    *left -= 1;
                                    true
                                }
                                _ => false,
                            }
                        };
                        answer(&mut stream, &day, is_silent).await;
                    }
                });
            }
        });
        Self { address, asked, serving }
    }

    pub(crate) fn shell(&self) -> Shell {
        Shell::new(&self.address).set("OZONETEL_AUTH", "key")
    }

    /// The next answer for this day stops half-way.
    pub(crate) fn fall_silent(&self, day: &str) {
        *self.asked.lock().unwrap().silent.entry(day.to_owned()).or_default() += 1;
    }

    /// The days that were asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().days.clone()
    }
}
