//! The desk's dial route on the store in memory, and the same route written by hand on axum and reqwest: alone, and with
//! the least that a dial must have on disk, a row before it is sent and what came of it after.
//!
//! `desk_route desk|hand|durable UPSTREAM` prints its address, and of the desk an administrator's token, and serves until
//! it is ended.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use desk::core::caller::Role;
use desk::people::token::new_id;
use desk::store::Memory;
use desk::store::audit::AuditRow;
use desk::store::sessions::ApiToken;
use desk::{Desk, Settings};
use mimalloc::MiMalloc;
use ozonetel_bench::client;
use ozonetel_sdk::transport::reqwest::tls;
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

/// That of the desk's program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [what, upstream] = args.as_slice() else { panic!("desk_route desk|hand|durable UPSTREAM") };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = match what.as_str() {
        "desk" => {
            let (app, token) = desk(upstream).await;
            println!("{address} {token}");
            app
        }
        "hand" | "durable" => {
            println!("{address} -");
            hand(upstream, what == "durable")
        }
        other => panic!("{other}: desk, hand or durable"),
    };
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).await.unwrap();
}

async fn desk(upstream: &str) -> (Router, String) {
    let settings = Settings { campaign: Some("support_out".into()), ..Settings::default() };
    let desk = Desk::new(client(upstream, None), settings, Arc::new(Memory::new()));
    let token = ApiToken {
        id: new_id(),
        name: "bench".to_owned(),
        role: Role::Administrator,
        agents: Vec::new(),
        made_by: "bench".to_owned(),
        made_at: 0,
        ends_at: None,
        seen_at: None,
    };
    let row = AuditRow::of_desk(0, "token.add", "bench");
    let token = desk.people().add_token(token, row).await.unwrap().reveal().to_owned();
    (desk::app(desk).unwrap(), token)
}

/// What the route does, and nothing of what the desk is for.
#[derive(Clone)]
struct ByHand {
    client: reqwest::Client,
    address: String,
    rows: Option<Rows>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dial {
    phone_number: String,
    agent_id: String,
}

fn hand(upstream: &str, durable: bool) -> Router {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls(&[]).unwrap())
        .tcp_nodelay(true)
        .build()
        .unwrap();
    let address = format!("{upstream}/ca_apis/AgentManualDial");
    let state = ByHand { client, address, rows: durable.then(Rows::begin) };
    Router::new().route("/api/ozonetel/dial", post(dial)).with_state(state)
}

async fn dial(State(state): State<ByHand>, Json(dial): Json<Dial>) -> Json<Value> {
    let row = match &state.rows {
        Some(rows) => Some((rows, rows.insert(&dial).await)),
        None => None,
    };
    let body = json!({
        "userName": "acme_support", "agentID": dial.agent_id, "campaignName": "support_out",
        "customerNumber": dial.phone_number, "UCID": "true",
    });
    let request = state.client.post(&state.address).header("apiKey", "test-key").json(&body);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    if let Some((rows, id)) = row {
        rows.accepted(id, answer["ucid"].as_str().unwrap()).await;
    }
    Json(json!({"status": "success", "message": answer["status"], "ucid": answer["ucid"]}))
}

/// A statement's number in [`STATEMENTS`], and its texts; who is told the row's id once it is on disk.
type Write = (usize, Vec<String>, oneshot::Sender<i64>);

const STATEMENTS: [&str; 2] = [
    "INSERT INTO dial (agent, number, state) VALUES (?1, ?2, 'sending')",
    "UPDATE dial SET state = 'accepted', ucid = ?2 WHERE id = CAST(?1 AS INTEGER)",
];

/// One table of a SQLite file. What waits for it is committed together.
#[derive(Clone)]
struct Rows(mpsc::Sender<Write>);

impl Rows {
    fn begin() -> Self {
        let (waiting, mut queue) = mpsc::channel::<Write>(1024);
        std::thread::spawn(move || {
            let folder = tempfile::tempdir().unwrap();
            let conn = Connection::open(folder.path().join("dials.sqlite")).unwrap();
            for (name, value) in
                [("journal_mode", "WAL"), ("synchronous", "FULL"), ("wal_autocheckpoint", "4096")]
            {
                conn.pragma(None, name, value, |_| Ok(())).unwrap();
            }
            conn.execute_batch(
                "CREATE TABLE dial (id INTEGER PRIMARY KEY, agent TEXT, number TEXT, state TEXT, ucid TEXT)",
            )
            .unwrap();
            while let Some(first) = queue.blocking_recv() {
                conn.execute_batch("BEGIN IMMEDIATE").unwrap();
                let mut told = Vec::new();
                let mut next = Some(first);
                while let Some((which, texts, caller)) = next {
                    let mut statement = conn.prepare_cached(STATEMENTS[which]).unwrap();
                    statement.execute([&texts[0], &texts[1]]).unwrap();
                    told.push((caller, conn.last_insert_rowid()));
                    next = queue.try_recv().ok();
                }
                conn.execute_batch("COMMIT").unwrap();
                for (caller, id) in told {
                    let _ = caller.send(id);
                }
            }
        });
        Self(waiting)
    }

    async fn insert(&self, dial: &Dial) -> i64 {
        self.write(0, [dial.agent_id.clone(), dial.phone_number.clone()]).await
    }

    async fn accepted(&self, id: i64, ucid: &str) {
        self.write(1, [id.to_string(), ucid.to_owned()]).await;
    }

    async fn write(&self, which: usize, texts: [String; 2]) -> i64 {
        let (caller, done) = oneshot::channel();
        self.0.send((which, texts.into(), caller)).await.unwrap();
        done.await.unwrap()
    }
}
