//! `--record`: what passes, masked, as fixtures.

use std::path::Path;

use ozonetel_sdk::testing::record::{ExchangeFile, RecordedExchange};
use serde_json::Value;

use crate::harness::Desk;

/// The one exchange that was recorded of an endpoint.
fn recorded(folder: &Path, endpoint: &str) -> RecordedExchange {
    let mut file = ExchangeFile::read(folder.join(format!("{endpoint}.http"))).unwrap();
    assert_eq!(file.exchanges.len(), 1, "{endpoint}");
    file.exchanges.remove(0)
}

fn answer(exchange: &RecordedExchange) -> Value {
    serde_json::from_slice(&exchange.answer.as_ref().unwrap().body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_leaves_masked_fixtures() {
    let desk = Desk::with_agent().await;
    let folder = desk.shell.state.path().join("recorded");
    let record = folder.to_str().unwrap();
    let dialed = desk.json(&["--record", record, "dial", "9812345678", "--uui", "for Ravi"]).await;
    let ucid = dialed.done().json()["ucid"].as_str().unwrap().to_owned();
    let dial = recorded(&folder, "dial.agent");
    let request = dial.request.clone().unwrap();
    assert_eq!(request.target.path(), "/ca_apis/AgentManualDial");
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["customerNumber"], "9000000001");
    assert_eq!(request.to_http().headers()["authorization"], "Bearer test-token");
    assert_eq!(answer(&dial)["ucid"], "90000000000000001");
    let all = String::from_utf8(dial.to_bytes().unwrap()).unwrap();
    for note in ["# basis = \"recorded\"\n", "# outcome = \"done\"\n"] {
        assert!(all.contains(note), "{all}");
    }
    for secret in ["9812345678", "Ravi", &ucid] {
        assert!(!all.contains(secret), "{all}");
    }
    assert_eq!(answer(&recorded(&folder, "auth.generate_token"))["token"], "test-token");
    // Rows are read as they arrive.
    desk.run(&["--record", record, "cdr", "day"]).await.done();
    let rows = answer(&recorded(&folder, "cdr.fetch_day"));
    assert_eq!(rows["details"][0]["E164"], "+919000000001");
    assert_eq!(rows["details"][0]["UCID"], 90_000_000_000_000_001_u64);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 3);
}
