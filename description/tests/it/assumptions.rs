//! The list of assumptions is true: each names a test that is there, and its setting does what it says.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use ozonetel_description::operations;
use ozonetel_sdk::Client;
use ozonetel_sdk::auth::AuthMode;
use ozonetel_sdk::cdr::{FetchPage, Filters};
use ozonetel_sdk::endpoint::{ASSUMPTIONS, Endpoint};
use ozonetel_sdk::missed::FetchMissed;
use ozonetel_sdk::summary::FetchSummary;
use ozonetel_sdk::testing::doubles::{Replay, Turn};
use ozonetel_sdk::types::{Region, Zone};
use serde_json::{Value, json};

use crate::documents::OPERATIONS;

#[test]
fn each_has_an_id_of_its_own_and_endpoints_that_exist() {
    let ids: BTreeSet<_> = ASSUMPTIONS.iter().map(|one| one.id).collect();
    assert_eq!(ids.len(), ASSUMPTIONS.len());
    let names: BTreeSet<_> = OPERATIONS.iter().map(|one| one.spec.name).collect();
    let declared = ozonetel_description::declared::Declared::read();
    for one in ASSUMPTIONS {
        for name in one.endpoints {
            assert!(names.contains(name), "{}: there is no {name}", one.id);
            let operation = OPERATIONS.iter().find(|known| known.spec.name == *name).unwrap();
            let fields = declared.fields(&operation.request).unwrap_or_default().fields;
            for field in one.fields {
                let known = fields.iter().any(|known| known.name == *field);
                assert!(known, "{}: {name} has no field {field}", one.id);
            }
        }
        let texts = [one.assumed, one.sources, one.setting];
        assert!(texts.iter().all(|text| !text.is_empty()), "{}", one.id);
    }
}

#[test]
fn each_names_a_test_that_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for one in ASSUMPTIONS {
        let (file, name) = one.test.split_once("::").expect(one.id);
        let text =
            fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let line = match file.strip_prefix("fixtures/") {
            Some(_) => format!("### {name}\n"),
            None => format!("fn {name}("),
        };
        assert!(text.contains(&line), "{}: {file} has no {name}", one.id);
    }
}

/// A client on the key, and the transport that keeps what it sends.
fn client(
    change: impl Fn(ozonetel_sdk::ClientBuilder) -> ozonetel_sdk::ClientBuilder,
    answer: &Value,
) -> (Client, Arc<Replay>) {
    let transport = Arc::new(Replay::new([Turn::json(answer.to_string())]));
    let builder = Client::builder().account("acme_support").key("test-key").mode(AuthMode::Key);
    let client = change(builder).transport(Arc::clone(&transport) as _).build().unwrap();
    (client, transport)
}

/// Sends a request with a field renamed, and returns the body that went out.
async fn sent_with<E: Endpoint>(request: E, field: &str, name: &str) -> Value {
    let rows = json!({"status": "success", "message": [], "details": []});
    let rename =
        |builder: ozonetel_sdk::ClientBuilder| builder.field_name(E::SPEC.name, field, name);
    let (client, transport) = client(rename, &rows);
    client.call(request).await.unwrap();
    serde_json::from_slice(transport.requests()[0].body()).unwrap()
}

#[tokio::test]
async fn a_field_that_has_another_name_is_sent_under_it() {
    let (from, to) =
        ("2026-11-20 00:00:00".parse().unwrap(), "2026-11-20 23:59:59".parse().unwrap());
    let missed =
        FetchMissed { from: Some(from), to: Some(to), campaign: Some("support_out".into()) };
    for (field, value) in
        [("fromTime", json!(from)), ("toTime", json!(to)), ("campaignName", json!("support_out"))]
    {
        let sent = sent_with(missed.clone(), field, "other").await;
        assert_eq!((sent.get(field), &sent["other"]), (None, &value));
    }
    let summary =
        FetchSummary { from, to, agents: Some("agent01".into()), modes: Some("Manual".into()) };
    for (field, value) in [("agentId", "agent01"), ("modeType", "Manual")] {
        let sent = sent_with(summary.clone(), field, "other").await;
        assert_eq!((sent.get(field), &sent["other"]), (None, &json!(value)));
    }
    let page = FetchPage { from, to, page: 3, size: 50, filters: Filters::default() };
    for (field, value) in [("pageNo", 3), ("pageSize", 50)] {
        let sent = sent_with(page.clone(), field, "other").await;
        assert_eq!((sent.get(field), &sent["other"]), (None, &json!(value)));
    }
    let freed = ozonetel_sdk::block_numbers::DeleteNumbers {
        numbers: ["9000000031", "9000000032"].into_iter().collect(),
    };
    let answer =
        json!({"status": "success", "message": "deleted", "output": {"success": [], "error": []}});
    let rename = |builder: ozonetel_sdk::ClientBuilder| {
        builder.field_name("block_numbers.delete", "blockNumbers", "blockNumber")
    };
    let (client, transport) = client(rename, &answer);
    client.call(freed).await.unwrap();
    let sent: Value = serde_json::from_slice(transport.requests()[0].body()).unwrap();
    assert_eq!(
        (sent.get("blockNumbers"), &sent["blockNumber"]),
        (None, &json!("9000000031,9000000032"))
    );
}

#[tokio::test]
async fn a_key_header_that_has_another_name_is_sent_under_it() {
    let answer = json!({"status": "Success", "message": "hold"});
    let (client, transport) =
        client(|builder| builder.key_header("call_control.hold", "api_key"), &answer);
    let hold = ozonetel_sdk::call_control::Hold::new(
        "90000000000000001".parse().unwrap(),
        "918000000001",
        "agent01",
    );
    client.call(hold).await.unwrap();
    let requests = transport.requests();
    assert_eq!(requests[0].headers()["api_key"], "test-key");
    assert!(!requests[0].headers().contains_key("apiKey"));
}

#[tokio::test]
async fn a_path_that_is_spelled_differently_is_asked_for() {
    let answer = json!({"status": "success", "message": {"AgentID": "1001", "AHT": "00:01:00"}});
    let (client, transport) = client(|builder| builder.path("aht.agent", "/ca_apis/AHT"), &answer);
    client.call(ozonetel_sdk::aht::AgentAht { agent: "agent01".into() }).await.unwrap();
    assert_eq!(transport.requests()[0].uri().path(), "/ca_apis/AHT");
    let unsure = operations::all().iter().filter(|one| !one.spec.path_verified).count();
    assert!(unsure > 10, "{unsure}");
}

#[test]
fn the_zone_is_a_setting() {
    let builder = || Client::builder().account("acme_support").key("test-key").mode(AuthMode::Key);
    assert_eq!(format!("{:?}", builder().build().unwrap().zone()), "Zone(+05:30)");
    let elsewhere = || builder().region(Region::International);
    assert!(elsewhere().build().is_err());
    let zone: Zone = "America/New_York".parse().unwrap();
    assert_eq!(elsewhere().zone(zone.clone()).build().unwrap().zone(), &zone);
}
