//! The desk's dial route on the store in memory, and the same route written by hand on axum and reqwest.
//!
//! `desk_route desk|hand UPSTREAM` prints its address, and of the desk an administrator's token, and serves until it is
//! ended.
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
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// That of the desk's program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [what, upstream] = args.as_slice() else { panic!("desk_route desk|hand UPSTREAM") };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = match what.as_str() {
        "desk" => {
            let (app, token) = desk(upstream).await;
            println!("{address} {token}");
            app
        }
        "hand" => {
            println!("{address} -");
            hand(upstream)
        }
        other => panic!("{other}: desk or hand"),
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
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dial {
    phone_number: String,
    agent_id: String,
}

fn hand(upstream: &str) -> Router {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls(&[]).unwrap())
        .tcp_nodelay(true)
        .build()
        .unwrap();
    let state = ByHand { client, address: format!("{upstream}/ca_apis/AgentManualDial") };
    Router::new().route("/api/ozonetel/dial", post(dial)).with_state(state)
}

async fn dial(State(state): State<ByHand>, Json(dial): Json<Dial>) -> Json<Value> {
    let body = json!({
        "userName": "acme_support", "agentID": dial.agent_id, "campaignName": "support_out",
        "customerNumber": dial.phone_number, "UCID": "true",
    });
    let request = state.client.post(&state.address).header("apiKey", "test-key").json(&body);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    Json(json!({"status": "success", "message": answer["status"], "ucid": answer["ucid"]}))
}
