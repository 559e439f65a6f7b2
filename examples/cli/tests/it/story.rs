//! A whole call, typed command by command.

use std::time::Duration;

use serde_json::json;

use crate::harness::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn a_call_from_login_to_the_figures() {
    let desk = Desk::with_agent().await;
    desk.run(&["agent", "pause", "--reason", "lunch"]).await.done();
    let ready = desk.json(&["agent", "ready"]).await.done();
    assert_eq!(ready.json()["agentStatus"], "READY");

    let ucid = desk.talking().await;
    let ucid = ucid.as_str();
    for (action, says) in [
        ("hold", "User hold is successful"),
        ("unhold", "Call is Un-hold successfully"),
        ("mute", "call got mute successfully"),
        ("unmute", "unmute success"),
    ] {
        let controlled = desk.json(&["call", action, ucid]).await.done();
        assert_eq!(controlled.json()["message"], says);
    }
    let paused = desk.json(&["recording", "pause", ucid]).await.done();
    assert_eq!(
        paused.json(),
        json!({"status": "Success", "message": "paused monitoring of the channel"})
    );
    desk.run(&["recording", "resume", ucid]).await.done();
    let conference = desk.json(&["call", "conference", ucid, "9000000002"]).await.done();
    assert_eq!(conference.json()["message"], "dialing");
    desk.run(&["call", "kick", ucid, "9000000002"]).await.done();
    desk.run(&["call", "transfer", ucid, "9000000003", "--cold"]).await.done();
    let disposed = desk
        .json(&[
            "dispose",
            ucid,
            "Follow Up",
            "--comments",
            "on Monday",
            "--callback-at",
            "2030-01-15 10:00",
        ])
        .await
        .done();
    assert_eq!(disposed.json()["status"], "success");
    desk.sim.advance(Duration::from_mins(2)).await;

    let effects =
        ["hold", "unhold", "mute", "unmute", "record_pause", "record_unpause", "disposition"];
    for effect in effects {
        assert_eq!(desk.sim.effects(effect), 1, "{effect}");
    }
    assert_eq!((desk.sim.effects("conference"), desk.sim.effects("kick")), (2, 2));

    let rows = desk.json(&["cdr", "ucid", ucid]).await.done().rows();
    let row = rows.iter().find(|row| row["UCID"] == ucid).expect("the leg that was dialled");
    assert_eq!(row["CallID"], ucid);
    assert_eq!(row["Disposition"], "Follow Up");
    assert_eq!(row["Comments"], "on Monday");
    assert_eq!(row["UUI"], "story");
    assert_eq!(row["CallerID"], "9000000001");
    assert!(
        row.as_object().unwrap().contains_key("TransferredTo"),
        "absent values are null, not left out"
    );

    let summary = desk.json(&["summary", "--agent", "agent01"]).await.done().rows();
    assert!(!summary.is_empty() && summary.iter().all(|row| row["AgentUniqueID"] == "agent01"));
    let aht = desk.json(&["aht", "--agent", "agent01"]).await.done();
    assert_eq!(aht.json()["AgentID"], "1001");
    assert_ne!(aht.json()["AHT"], "00:00:00");
    desk.run(&["agent", "logout"]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn force_ready_logs_out_and_in() {
    let desk = Desk::with_agent().await;
    desk.run(&["agent", "force-ready"]).await.done();
    let requests = desk.sim.requests();
    let actions: Vec<_> = requests.iter().filter_map(|entry| entry.effect).collect();
    assert_eq!(actions, ["login", "logout", "login"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_dial_and_a_skill_dial() {
    let desk = Desk::with_agent().await;
    let phone = ["phone-dial", "9000000001", "--did", "918000000002", "--phone-name", "agent02"];
    let dialed = desk.json(&phone).await.done().json();
    assert!(dialed["ucid"].as_str().is_some_and(|ucid| ucid.len() >= 14), "{dialed}");
    let skill = ["dial", "9000000002", "--skill", "General", "--yes"];
    let dialed = desk.json(&skill).await.done().json();
    assert!(dialed["ucid"].is_string() && dialed["uui"].is_string(), "{dialed}");
    assert_eq!(desk.sim.effects("dial"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn missed_calls_of_today() {
    let desk = Desk::start().await;
    let arrived = desk.sim.inbound("918000000001", "9000000001").unwrap();
    desk.sim.advance(Duration::from_secs(2)).await;
    let rows = desk.json(&["missed"]).await.done().rows();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["monitorUCID"], arrived.monitor_ucid.to_string());
    assert_eq!(rows[0]["callerID"], "9000000001");
    let other = desk.json(&["missed", "--campaign", "support_out"]).await.done().rows();
    assert!(other.is_empty());
    let before = ["missed", "--from", "2020-01-01", "--to", "2020-01-01 12:00:00"];
    assert!(desk.json(&before).await.done().rows().is_empty());
}
