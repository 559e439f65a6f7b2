//! `--record`: what passes, masked, as fixtures.

use serde_json::Value;

use crate::harness::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_leaves_masked_fixtures() {
    let desk = Desk::with_agent().await;
    let folder = desk.shell.state.path().join("recorded");
    let record = folder.to_str().unwrap();
    let dialed = desk.json(&["--record", record, "dial", "9812345678", "--uui", "for Ravi"]).await;
    let ucid = dialed.done().json()["ucid"].as_str().unwrap().to_owned();
    let case = folder.join("dial.agent/recorded_1");
    let read = |name: &str| std::fs::read_to_string(case.join(name)).unwrap();
    let request: Value = serde_json::from_str(&read("request.json")).unwrap();
    assert_eq!(request["path"], "/ca_apis/AgentManualDial");
    assert_eq!(request["json"]["customerNumber"], "9000000001");
    assert_eq!(request["headers"]["authorization"], "Bearer test-token");
    let answer: Value = serde_json::from_str(&read("response.json")).unwrap();
    assert_eq!(answer["ucid"], "90000000000000001");
    assert!(read("about.toml").contains("basis = \"recorded\"\n"), "{}", read("about.toml"));
    assert!(read("about.toml").contains("outcome = \"done\"\n"), "{}", read("about.toml"));
    let all = read("request.json") + &read("response.json") + &read("about.toml");
    for secret in ["9812345678", "Ravi", &ucid] {
        assert!(!all.contains(secret), "{all}");
    }
    let token = folder.join("auth.generate_token/recorded_1/response.json");
    let token: Value = serde_json::from_str(&std::fs::read_to_string(token).unwrap()).unwrap();
    assert_eq!(token["token"], "test-token");
    // Rows are read as they arrive.
    desk.run(&["--record", record, "cdr", "day"]).await.done();
    let rows = folder.join("cdr.fetch_day/recorded_1/response.json");
    let rows: Value = serde_json::from_str(&std::fs::read_to_string(rows).unwrap()).unwrap();
    assert_eq!(rows["details"][0]["E164"], "+919000000001");
    assert_eq!(rows["details"][0]["UCID"], 90_000_000_000_000_001_u64);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 3);
}
