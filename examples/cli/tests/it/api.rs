//! `api`, the named commands that go over it, `--dry-run`.

use ozonetel_sim::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::harness::{DIAL, Desk, Shell};

#[tokio::test(flavor = "multi_thread")]
async fn any_endpoint_is_reached_by_its_name() {
    let desk = Desk::start().await;
    let listed = desk.json(&["api", "campaigns.list"]).await.done().rows();
    let named = desk.json(&["campaign", "list"]).await.done().rows();
    assert!(!listed.is_empty());
    assert_eq!(listed, named);
    let live = desk.json(&["api", "campaigns.status", "campaignName=support_out"]).await.done();
    assert_eq!(live.rows()[0]["CampaignName"], "support_out");
    let table = desk.run(&["campaign", "list"]).await.done().out;
    assert!(table.contains("support_out") && !table.contains("918000000001"), "{table}");
    // An agent's password is a credential, never a field.
    desk.json(&["api", "agents.login", "phoneNumber=500001"]).await.done();
    assert_eq!(desk.sim.effects("login"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_endpoint_does_not_take_is_refused_before_anything_is_asked() {
    let desk = Desk::start().await;
    for (arguments, part) in [
        (&["api", "campaigns.status", "campaign=x"][..], "has no field campaign"),
        (&["api", "campaigns.stauts"], "there are campaigns.status"),
        (&["api", "nothing.at_all"], "`ozonetel api` lists them all"),
        (&["api", "campaigns.status", "campaignName"], "is not name=text"),
        (&["api", "campaigns.status"], "missing field `campaignName`"),
        (
            &["api", "legacy.create_agent", "agentPassword=pw"],
            "is taken from OZONETEL_AGENT_PASSWORD",
        ),
        (&["api", "leads.bulk", "campaignName=x", "bulkData:={"], "is not JSON"),
        (
            &[
                "api",
                "cdr.fetch_day",
                "fromDate=2026-01-02 00:00:00",
                "toDate=2026-01-02 12:00:00",
                "campaing=support_out",
            ],
            "has no field campaing; it has",
        ),
    ] {
        let ran = desk.json(arguments).await;
        assert_eq!(ran.code, 2, "{ran:?}");
        let message = ran.error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(desk.sim.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_is_listed_without_an_account() {
    let shell = Shell::new("http://127.0.0.1:9").unset("OZONETEL_ACCOUNT");
    let rows = shell.json(&["api"]).await.done().rows();
    let names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    assert!(names.len() > 80 && names.contains(&"kookoo.call"), "{names:?}");
    let dial = shell.json(&["api", "dial.agent", "--describe"]).await.done().json();
    assert_eq!((&dial["repeated"], &dial["asks_first"]), (&json!("never"), &json!(true)));
    assert!(dial["fields"].as_str().unwrap().contains("agentID"), "{dial}");
    assert_eq!(dial["values"], "UCID: true, false");
    let describe = async |name: &str| shell.json(&["api", name, "--describe"]).await.done().json();
    assert_eq!(describe("agents.change_state").await["values"], "state: Pause, Ready");
    let day = describe("cdr.fetch_day").await;
    let calls = "callType: IVR, InBound, Manual, Predictive, Preview, Progressive";
    assert_eq!(day["values"], format!("{calls}; status: Answered, Unanswered"));
    assert_eq!(describe("campaigns.status").await["values"], serde_json::Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outcome_of_what_happens_once_is_in_words() {
    let desk = Desk::with_agent().await;
    let fields = ["agentID=agent01", "campaignName=support_out", "customerNumber=9000000417"];
    let ran = desk.json(&[&["api", "dial.agent", "UCID=true"][..], &fields].concat()).await.done();
    assert_eq!(ran.json()["outcome"], "accepted");
    assert_eq!(desk.sim.effects("dial"), 1);
    // The agent is busy: refused, in the service's words, and no one was rung.
    let ran = desk.json(&[&["api", "dial.agent"][..], &fields].concat()).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    assert_eq!((&ran.error()["call"], desk.sim.effects("dial")), (&json!("dial.agent"), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_not_dialled_is_not_dialled_by_name_either() {
    let desk = Desk::with_agent().await.set("OZONETEL_KOOKOO_KEY", "test-key");
    let before = desk.sim.requests().len();
    for arguments in [
        &["api", "dial.agent", "agentID=agent01", "campaignName=support_out", "customerNumber=112"]
            [..],
        &[
            "api",
            "dial.agent",
            "agentID=agent01",
            "campaignName=support_out",
            "customerNumber=+12025550143",
        ],
        &["api", "dial.phone", "phoneName=agent01", "did=918000000002", "custNumber=918000000002"],
        &["api", "kookoo.call", "phone_no=112", "url=https://ivr.example.test"],
        &["api", "leads.add", "campaign_name=support_out", "PhoneNumber=500001"],
        &[
            "api",
            "legacy.agent_dial",
            "agentID=agent01",
            "campaignName=support_out",
            "customerNumber=112",
        ],
    ] {
        let ran = desk.json(&[arguments, &["--yes"]].concat()).await;
        assert_eq!(ran.code, 2, "{ran:?}");
    }
    assert_eq!(desk.sim.requests().len(), before);
    let shown = desk
        .json(&[
            "api",
            "dial.agent",
            "agentID=agent01",
            "campaignName=support_out",
            "--dry-run",
            "customerNumber=+91 90000 00417",
            "--show-numbers",
        ])
        .await
        .done();
    let fields = shown.json()["request"]["fields"].clone();
    assert_eq!(
        (&fields["customerNumber"], &fields["UCID"]),
        (&json!("9000000417"), &json!("true"))
    );
    assert!(fields["uui"].as_str().unwrap().starts_with("cli-"), "{fields}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dial_by_name_has_its_id_and_a_reference() {
    let desk = Desk::with_agent().await;
    let fields = ["agentID=agent01", "campaignName=support_out", "customerNumber=9000000417"];
    let former = [&["api", "legacy.agent_dial"][..], &fields].concat();
    let rung = desk.json(&former).await.done().json();
    assert_eq!(rung["ucid"], desk.sim.state()["calls"][0]["ucid"], "{rung}");
    let uui = rung["uui"].as_str().unwrap();
    assert!(uui.starts_with("cli-"), "{rung}");
    let settled = desk.json(&["settle", uui]).await.done().json();
    assert_eq!((&settled["settlement"], &settled["ucid"]), (&json!("happened"), &rung["ucid"]));
    // One of unknown outcome names it.
    let desk = Desk::with_agent().await;
    desk.sim.fault(Fault::new(FaultKind::CloseAfter).on(DIAL));
    let ran = desk.json(&[&["api", "dial.agent"][..], &fields].concat()).await;
    assert!(ran.code == 7 && ran.err.contains("`ozonetel settle cli-"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_is_there_already_was_not_added() {
    let desk = Desk::start().await;
    let add = ["lead", "add", "9000000001", "--check-duplicate"];
    assert_eq!(desk.json(&add).await.done().json()["outcome"], "accepted");
    let again = desk.json(&add).await.done().json();
    assert_eq!(again, json!({"outcome": "duplicate", "message": "Number Already Exist"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_that_more_would_follow() {
    let desk = Desk::start().await;
    let ucid = "12345170000000099";
    for arguments in [
        &["call", "transfer", ucid, "9000000002", "--cold"][..],
        &["agent", "force-ready"],
        &["cdr", "range", "-2d", "today"],
    ] {
        let ran = desk.json(&[arguments, &["--dry-run"]].concat()).await;
        assert_eq!((ran.code, ran.out.lines().count()), (0, 1), "{ran:?}");
        assert!(ran.err.contains("further requests depend on the answer"), "{ran:?}");
    }
    desk.json(&["call", "transfer", ucid, "9000000002", "--dry-run"]).await.done();
    assert_eq!(desk.sim.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_comes_from_the_environment_and_is_not_shown() {
    let desk = Desk::start().await.set("OZONETEL_AGENT_PASSWORD", "pw-pw-pw");
    let create = ["api", "legacy.create_agent", "agentName=A B", "agentId=agent09"];
    let shown = desk.json(&[&create[..], &["--dry-run"]].concat()).await.done();
    assert!(!shown.out.contains("pw-pw-pw"), "{}", shown.out);
    desk.json(&create).await.done();
    let desk = desk.set("OZONETEL_AGENT_ID", "agent09");
    desk.run(&["agent", "login"]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_prints_the_request_and_sends_nothing() {
    let desk = Desk::start().await;
    let ran = desk.json(&["--dry-run", "dial", "9000000417", "--uui", "order-7"]).await.done();
    let request = ran.json()["request"].clone();
    assert_eq!((&request["endpoint"], &request["method"]), (&json!("dial.agent"), &json!("POST")));
    assert!(request["url"].as_str().unwrap().ends_with(DIAL));
    assert_eq!(request["fields"]["customerNumber"], "…17");
    assert!(!ran.out.contains("9000000417"));
    let table = desk.run(&["--dry-run", "cdr", "day", "--show-numbers"]).await.done().out;
    assert!(table.contains("cdr.fetch_day") && table.ends_with("not sent: this was a dry run\n"));
    for refused in [&["--dry-run", "mdl", "watch"][..], &["--dry-run", "cdr", "sync"]] {
        assert_eq!(desk.run(refused).await.code, 2, "{refused:?}");
    }
    // An invalid request is said to be invalid, not printed.
    assert_eq!(desk.run(&["--dry-run", "dial", "letters"]).await.code, 2);
    assert_eq!((desk.sim.requests().len(), desk.sim.effects("token")), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_leads_numbers_and_subscriptions_have_commands() {
    let desk = Desk::with_agent().await.set("OZONETEL_PUSH_SECRET", "s3cret-of-urls");
    let live = desk.json(&["agent", "status"]).await.done().json();
    assert_eq!(live["AgentId"], "agent01");
    assert_eq!(desk.json(&["agent", "list"]).await.done().rows().len(), 1);
    desk.json(&["lead", "add", "9000000001", "--name", "A B"]).await.done();
    desk.json(&["lead", "delete", "9000000001", "--name", "A B"]).await.done();
    for (more, sent) in [(&[][..], "9000000001"), (&["--as-uploaded"], "09000000001")] {
        let delete =
            [&["lead", "delete", "09000000001", "--dry-run", "--show-numbers"], more].concat();
        let shown = desk.json(&delete).await.done().json();
        assert_eq!(shown["request"]["fields"]["phoneNumber"], sent, "{shown}");
    }
    desk.json(&["block", "create", "nuisance", "9000000001", "9000000002"]).await.done();
    desk.json(&["block", "delete", "9000000001"]).await.done();
    desk.json(&["phone-number", "create", "9000000009", "desk09"]).await.done();
    desk.json(&["phone-number", "get", "--name", "desk09"]).await.done();
    desk.json(&["phone-number", "delete", "9000000009", "desk09"]).await.done();
    let gone = desk.json(&["phone-number", "get", "--name", "desk09"]).await;
    assert_eq!(gone.code, 3, "{gone:?}");
    let url = "https://crm.example.test/events";
    desk.json(&["events", "subscribe", "--calls", url]).await.done();
    let table = desk.run(&["events", "list"]).await.done().out;
    assert!(table.contains("https://crm.example.test/events?…"), "{table}");
    assert!(!table.contains("s3cret"), "{table}");
    // The secret is the only proof of a push, and outputs are kept.
    for flags in [&["--show-numbers"][..], &[]] {
        let ran = desk.json(&[&["events", "list"], flags].concat()).await.done();
        assert_eq!(ran.json()["callEventsURL"], format!("{url}?…"));
    }
    desk.json(&["events", "unsubscribe", "call"]).await.done();
    assert_eq!(desk.json(&["events", "list"]).await.done().json()["callEventsURL"], Value::Null);
    let logged_out = desk.json(&["agent", "force-logout", "--agent", "agent01"]).await;
    assert_eq!(logged_out.code, 0, "{logged_out:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_one_works_as_is_not_deleted_or_logged_out_unless_named() {
    let desk = Desk::with_agent().await;
    assert_eq!(desk.shell.variable("OZONETEL_AGENT_ID"), "agent01");
    let before = desk.sim.requests().len();
    for command in ["delete", "force-logout"] {
        for more in [&[][..], &["--yes"]] {
            let ran = desk.json(&[&["agent", command], more].concat()).await;
            let message = ran.error()["message"].to_string();
            assert!(ran.code == 2 && message.contains("--agent"), "{command} {ran:?}");
        }
    }
    // Nobody can be asked, and it is for good.
    for arguments in [
        &["agent", "delete", "--agent", "agent01"][..],
        &["api", "agents.delete", "agentId=agent01"],
    ] {
        let ran = desk.json(arguments).await;
        let message = ran.error()["message"].to_string();
        assert!(ran.code == 2 && message.contains("--yes"), "{arguments:?} {ran:?}");
    }
    assert_eq!(desk.sim.requests().len(), before);
    let dry = desk.json(&["agent", "delete", "--agent", "agent01", "--dry-run"]).await.done();
    assert!(dry.out.contains("agent01"), "{dry:?}");
    let gone = desk.json(&["agent", "delete", "--agent", "agent01", "--yes"]).await;
    assert_eq!(gone.code, 0, "{gone:?}");
    assert!(gone.out.contains("Deleted Successfully"), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kookoo_and_whatsapp_have_commands() {
    let desk = Desk::start().await.set("OZONETEL_KOOKOO_KEY", "test-key");
    let call = ["kookoo", "call", "9000000001", "https://ivr.example.test/start"];
    let queued = desk.json(&call).await.done().json();
    assert_eq!(queued["outcome"], "accepted");
    let sent = desk.json(&["whatsapp", "send", "919000000001", "order_left", "A B"]).await.done();
    assert_eq!(sent.json()["outcome"], "accepted");
    assert_eq!((desk.sim.effects("outbound"), desk.sim.effects("whatsapp")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn that_required_fields_are_not_known_is_said() {
    let shell = Shell::new("http://127.0.0.1:9").unset("OZONETEL_ACCOUNT");
    for (name, required) in [
        ("leads.bulk", json!("(not known)")),
        ("leads.delete", json!("campaignName phoneNumber")),
        ("campaigns.list", Value::Null),
    ] {
        let described = shell.json(&["api", name, "--describe"]).await.done().json();
        assert_eq!(described["required"], required, "{name}");
    }
}
