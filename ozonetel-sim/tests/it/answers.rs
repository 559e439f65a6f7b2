//! Every documented answer, word for word, asked for over the endpoint's own description.

use base64::Engine as _;
use bytes::Bytes;
use ozonetel_sdk::agents::{ChangeState, Login, Logout};
use ozonetel_sdk::aht::AgentAht;
use ozonetel_sdk::auth::{AuthMode, GenerateToken};
use ozonetel_sdk::call_control::{Hold, Kick, Mute, StartConference, Unhold, Unmute};
use ozonetel_sdk::cdr::{FetchDay, FetchPage, FetchUcid};
use ozonetel_sdk::dial::{AgentDial, PhoneDial, SkillDial};
use ozonetel_sdk::disposition::{ListDispositions, SetDisposition};
use ozonetel_sdk::endpoint::{Auth, Endpoint, Input};
use ozonetel_sdk::legacy::DisposeCall;
use ozonetel_sdk::missed::FetchMissed;
use ozonetel_sdk::recording::Pause;
use ozonetel_sdk::summary::FetchSummary;
use serde_json::{Map, Value, json};

use ozonetel_sim::Sim;
use ozonetel_sim::world::Timestamp;

fn sim(mode: AuthMode) -> Sim {
    let start = Timestamp::parse("2026-11-21T04:00:00Z").unwrap();
    Sim::builder().mode(mode).starting_at(start).build()
}

/// What a request shows; the default is right for the account.
#[derive(Clone)]
struct Shown {
    user: Option<&'static str>,
    key: Option<&'static str>,
    token: Option<String>,
    agent: &'static str,
}

const KEY: Shown = Shown {
    user: Some("acme_support"),
    key: Some("test-key"),
    token: None,
    agent: "agent01:secret",
};

fn token(token: &str) -> Shown {
    Shown { key: None, token: Some(token.to_owned()), ..KEY }
}

/// Asks, with the fields and the credentials where the description says.
fn ask_as<E: Endpoint>(sim: &Sim, shown: &Shown, fields: Value) -> (u16, Value) {
    let spec = E::SPEC;
    let Value::Object(mut fields) = fields else { panic!("fields are an object") };
    let mut request = http::Request::builder().method(spec.method.as_str());
    match spec.auth {
        Auth::Account | Auth::KeyHeader => {
            if let Some(user) = shown.user {
                fields.insert("userName".into(), user.into());
            }
            if let Some(key) = shown.key {
                request = request.header("apiKey", key);
            }
            if let Some(token) = &shown.token {
                request = request.header("authorization", format!("Bearer {token}"));
            }
        }
        Auth::Fields { user, key } | Auth::AgentBasic { user, key } => {
            for (name, value) in [(user, shown.user), (key, shown.key)] {
                if let Some(value) = value {
                    fields.insert(name.into(), value.into());
                }
            }
            let basic = base64::engine::general_purpose::STANDARD.encode(shown.agent);
            request = request.header("authorization", format!("Basic {basic}"));
        }
        other => panic!("no case for {other:?}"),
    }
    let form = |fields: &Map<String, Value>| {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            form.append_pair(name, value.as_str().unwrap());
        }
        form.finish()
    };
    let (query, body) = match spec.input {
        Input::Query => (form(&fields), String::new()),
        Input::Form => (String::new(), form(&fields)),
        Input::JsonAndQuery(names) => {
            let query = names.iter().filter_map(|n| Some(((*n).to_owned(), fields.remove(*n)?)));
            let query: Map<String, Value> = query.collect();
            (form(&query), Value::Object(fields).to_string())
        }
        _ => (String::new(), Value::Object(fields).to_string()),
    };
    let request = request.uri(format!("{}?{query}", spec.path)).body(Bytes::from(body)).unwrap();
    let delivery = sim.handle(&request);
    let answer = delivery.response().unwrap();
    (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap())
}

/// Asks an account in key mode.
fn ask<E: Endpoint>(sim: &Sim, fields: Value) -> Value {
    let (status, body) = ask_as::<E>(sim, &KEY, fields);
    assert_eq!(status, 200);
    body
}

fn says(status: &str, message: &str) -> Value {
    json!({"status": status, "message": message})
}

fn fails(details: &str) -> Value {
    json!({"status": "Fail", "details": details})
}

async fn pass(sim: &Sim, seconds: u64) {
    sim.advance(std::time::Duration::from_secs(seconds)).await;
}

fn dial_fields() -> Value {
    json!({
        "agentID": "agent01", "campaignName": "support_out",
        "customerNumber": "9000000001", "UCID": "true",
    })
}

/// Signs agent01 in and brings up a call.
async fn call_up(sim: &Sim) -> String {
    ask::<Login>(sim, json!({"action": "login", "phoneNumber": "500001"}));
    let ucid = ask::<AgentDial>(sim, dial_fields())["ucid"].as_str().unwrap().to_owned();
    pass(sim, 10).await;
    ucid
}

#[test]
fn login_and_logout() {
    let sim = sim(AuthMode::Token);
    let login = json!({"action": "LOGIN", "phoneNumber": "9000000011"});
    let logout = json!({"action": "logout"});
    let wrong_key = Shown { key: Some("x"), ..KEY };
    let wrong_agent = Shown { agent: "agent01:x", ..KEY };
    let other = Shown { agent: "agent02:secret", ..KEY };
    let steps = [
        (&KEY, &logout, says("error", "Agent agent01 is not logged in")),
        (&wrong_key, &login, says("error", "Invalid userName or apiKey")),
        (&wrong_agent, &login, says("error", "Invalid Authentication")),
        (&KEY, &login, says("success", "Agent agent01 logged in successfully")),
        (&KEY, &login, says("error", "Agent has already logged in")),
        (&other, &login, says("error", "agent01 logged in with the number (+919000000011)")),
        (&KEY, &logout, says("success", "Agent agent01 logged out successfully")),
    ];
    for (shown, fields, expected) in steps {
        assert_eq!(ask_as::<Login>(&sim, shown, fields.clone()), (200, expected));
    }
    assert_eq!(<Login as Endpoint>::SPEC.path, <Logout as Endpoint>::SPEC.path);
}

#[tokio::test]
async fn agent_state() {
    let sim = sim(AuthMode::Key);
    let state = |state: &str, reason: &str| {
        let fields = json!({"agentId": "agent01", "state": state, "pauseReason": reason});
        ask::<ChangeState>(&sim, fields)
    };
    assert_eq!(state("Ready", ""), says("error", "Agent is not Logged In"));
    ask::<Login>(&sim, json!({"action": "login", "phoneNumber": "500001"}));
    let bad_state = "The state should be either 'Ready' or 'Pause' state'";
    assert_eq!(state("pause", "lunch"), says("error", bad_state));
    assert_eq!(state("Pause", "tea"), says("error", "pauseReason is Invalid"));
    let paused = state("Pause", "lunch");
    let inner: Value = serde_json::from_str(paused["message"].as_str().unwrap()).unwrap();
    let expected = json!({
        "type": "response", "utid": "1", "resp": "Success:tbAgentPause~BLENDED",
        "agentStatus": "PAUSED", "agentId": "agent01", "user": "acme_support",
    });
    assert_eq!((&paused["status"], inner), (&"success".into(), expected));
    state("Ready", "");
    ask::<AgentDial>(&sim, dial_fields());
    let text = "Agent agent01 is in BUSY state. You cant change to Pause state";
    assert_eq!(state("Pause", "lunch"), json!({"status": "error", "Message": text}));
}

#[tokio::test]
async fn dials_by_agent() {
    let sim = sim(AuthMode::Key);
    let with = |name: &str, value: &str| {
        let mut fields = dial_fields();
        fields[name] = value.into();
        ask::<AgentDial>(&sim, fields)
    };
    let no = |text: &str| says("Fail", text);
    let unavailable = no("Agent is not available");
    assert_eq!(with("uui", ""), unavailable);
    ask::<Login>(&sim, json!({"action": "login", "phoneNumber": "500001"}));
    let nobody = no("Please Pass Valid AgentId are Valid skillName ");
    assert_eq!(with("agentID", ""), nobody);
    assert_eq!(ask::<AgentDial>(&sim, json!({"customerNumber": "9000000001"})), nobody);
    assert_eq!(with("agentID", "agent99"), no("Please Pass Valid AgentId"));
    let no_campaign = no("Campaign name should not be null are empty");
    assert_eq!(with("campaignName", ""), no_campaign);
    let wrong_campaign = no("Please pass Valid Campaign Details");
    assert_eq!(with("campaignName", "nothing"), wrong_campaign);
    assert_eq!(with("campaignName", "support_inbound"), wrong_campaign);
    assert_eq!(sim.effects("dial"), 0);
    assert_eq!(with("UCID", "false"), json!({"status": "queued successfully"}));
    assert_eq!(with("uui", ""), unavailable);
    assert_eq!(sim.effects("dial"), 1);
    assert_eq!(sim.world().calls().iter().count(), 1);
}

#[tokio::test]
async fn dials_by_skill_and_by_phone() {
    let sim = sim(AuthMode::Key);
    ask::<Login>(&sim, json!({"action": "login", "phoneNumber": "500001"}));
    let fields = json!({
        "skill": "General", "did": "918000000001", "customerNumber": "9000000001", "UCID": "true",
    });
    let dialled = ask::<SkillDial>(&sim, fields);
    assert_eq!(dialled["status"], "queued successfully");
    assert!(sim.world().calls().by_text(dialled["ucid"].as_str().unwrap()).is_some());

    let phone = |name: &str, value: Value| {
        let mut fields = json!({
            "custNumber": "9000000001", "phoneName": "agent02", "did": "918000000002",
        });
        fields[name] = value;
        ask::<PhoneDial>(&sim, fields)
    };
    let no = |text: &str| says("error", text);
    assert_eq!(phone("phoneName", "x".into()), no("Phone name not found."));
    assert_eq!(phone("did", "1".into()), no("Something went wrong. Please contact admin!"));
    assert_eq!(phone("did", "918000000001".into()), no("campaign IS NOT offline"));
    let queued = phone("checkStatus", true.into());
    assert_eq!(queued["status"], "queued");
    assert_eq!(queued["message"].as_str().unwrap().len(), 17);
    assert_eq!(phone("checkStatus", "true".into())["status"], "error");
    assert_eq!(phone("checkStatus", false.into())["status"], "queued");
    sim.change(|world| world.toolbar_login("agent02", "secret")).unwrap();
    let online = no("Online agent logged in with same phone number");
    assert_eq!(phone("uui", "".into()), online);
    let wrong = Shown { key: Some("x"), ..KEY };
    let refused = ask_as::<PhoneDial>(&sim, &wrong, json!({})).1;
    assert_eq!(refused, json!({"message": "Authentication failed.", "status": "error"}));
}

#[tokio::test]
async fn the_older_page_takes_a_time_to_call_back_as_well() {
    let sim = sim(AuthMode::Key);
    let ucid = call_up(&sim).await;
    let at = |time: &str| {
        let fields = json!({
            "action": "Set", "ucid": ucid, "did": "918000000001", "agentId": "agent01",
            "disposition": "Follow Up", "callBackTime": time,
        });
        ask::<DisposeCall>(&sim, fields)
    };
    assert_eq!(at("tomorrow"), fails("Invalid callBackTime"));
    let queued = json!({"details": "queued successfully", "status": "Success"});
    assert_eq!(at("2026-11-21 10:00"), queued);
    let hang_up = ozonetel_sim::world::PhoneAction::Hangup;
    sim.phone(&ucid, ozonetel_sim::world::LegSide::Agent, hang_up).unwrap();
    assert_eq!(sim.state()["calls"][0]["legs"][0]["call_back_time"], "2026-11-21 10:00");
}

#[tokio::test]
async fn dispositions() {
    let sim = sim(AuthMode::Key);
    let ucid = call_up(&sim).await;
    let with = |name: &str, value: &str| {
        let mut fields = json!({
            "action": "Set", "ucid": ucid, "did": "918000000001", "agentID": "agent01",
            "disposition": "Follow Up", "autoRelease": "true",
        });
        fields[name] = value.into();
        ask::<SetDisposition>(&sim, fields)
    };
    assert_eq!(with("action", "Sett"), fails("Invalid action->Sett"));
    assert_eq!(with("disposition", ""), fails("Empty disposition code"));
    for time in ["tomorrow", "2026-11-21T10:00", "2026-11-21 10:00:00", "2026-02-30 10:00"] {
        assert_eq!(with("callBackTime", time), fails("Invalid callBackTime"), "{time}");
    }
    assert_eq!(with("pauseAfterDispose", "true"), fails("Provide pause reason."));
    assert_eq!(with("agentID", "agent99"), fails("Invalid agent"));
    let wrong_did = format!("Invalid ucid [{ucid}] or did [918000000009]");
    assert_eq!(with("did", "918000000009"), fails(&wrong_did));
    let unable = "Unable to Dispose . Please retry after some time.";
    let too_long = with("ucid", "12345678901234567890");
    assert_eq!(too_long, json!({"status": "Error", "details": unable}));
    let queued = says("Success", "Disposition Queued Successfully");
    assert_eq!(with("callBackTime", "2026-11-21 10:00"), queued);
    assert_eq!(with("comments", "x")["status"], "Fail");
    assert_eq!(sim.effects("disposition"), 1);

    let hang_up = ozonetel_sim::world::PhoneAction::Hangup;
    sim.phone(&ucid, ozonetel_sim::world::LegSide::Agent, hang_up).unwrap();
    assert_eq!(sim.state()["calls"][0]["legs"][0]["call_back_time"], "2026-11-21 10:00");
    let second = ask::<AgentDial>(&sim, dial_fields())["ucid"].as_str().unwrap().to_owned();
    pass(&sim, 10).await;
    let hang_up = ozonetel_sim::world::PhoneAction::Hangup;
    sim.phone(&second, ozonetel_sim::world::LegSide::Customer, hang_up).unwrap();
    let saved = json!({"details": "Disposition saved successfully", "status": "Success"});
    assert_eq!(with("ucid", &second), saved);
    let list = ask::<ListDispositions>(&sim, json!({"action": "get"}));
    assert_eq!(list["details"][0], "General Enquiry");
    assert_eq!(list["details"].as_array().map(Vec::len), Some(7));
}

#[tokio::test]
async fn call_control_and_recording() {
    let sim = sim(AuthMode::Key);
    let ucid = call_up(&sim).await;
    let fields = |action: &str, number: &str| {
        json!({
            "action": action, "ucid": ucid, "did": "918000000001",
            "agentPhoneName": "agent01", "conferenceNumber": number,
        })
    };
    let ok = |text: &str| says("Success", text);
    assert_eq!(ask::<Hold>(&sim, fields("HOLD", "")), ok("User hold is successful"));
    assert_eq!(ask::<Unhold>(&sim, fields("UNHOLD", "")), ok("Call is Un-hold successfully"));
    assert_eq!(ask::<Mute>(&sim, fields("MUTE", "")), ok("call got mute successfully"));
    assert_eq!(ask::<Unmute>(&sim, fields("UNMUTE", "")), ok("unmute success"));
    let bad_number = says("Error", "Please pass valid Conference number");
    assert_eq!(ask::<StartConference>(&sim, fields("CONFERENCE", "+91900")), bad_number);
    assert_eq!(ask::<StartConference>(&sim, fields("CONFERENCE", "919000000002")), bad_number);
    let dialing = json!({"status": "Success", "message": "dialing", "ucid": ucid});
    assert_eq!(ask::<StartConference>(&sim, fields("CONFERENCE", "09000000002")), dialing);

    let record =
        |action: &str, ucid: &str| ask::<Pause>(&sim, json!({"action": action, "ucid": ucid}));
    let inner = r#"{"message":"paused monitoring of the channel","status":"Success"}"#;
    assert_eq!(record("pause", &ucid), says("Error", inner));
    assert_eq!(record("unPause", &ucid)["status"], "Error");
    assert_eq!(record("pause", "1"), says("Error", "ucid is Invalid"));
    assert_eq!(record("pause", ""), says("Error", "ucid should not be empty"));
    assert_eq!(record("", &ucid), says("Error", "action should not be empty"));
    let neither = says("Error", "action should be either pause or unPause");
    assert_eq!(record("stop", &ucid), neither);
    let wrong = Shown { key: Some("x"), ..KEY };
    let refused = ask_as::<Pause>(&sim, &wrong, json!({"action": "pause"})).1;
    assert_eq!(refused, says("Error", "userName or apiKey is Invalid"));

    for number in ["+919000000001", "919000000001"] {
        let bad_number = says("Error", "Please pass valid Conference number");
        assert_eq!(ask::<Kick>(&sim, fields("KICK_CALL", number)), bad_number);
    }
    let kicked = ask::<Kick>(&sim, fields("KICK_CALL", "09000000001"));
    assert_eq!(kicked, ok("call got disconnected"));
    let gone = says("Error", "Call not Found");
    assert_eq!(ask::<Hold>(&sim, fields("HOLD", "")), gone);
}

#[tokio::test]
async fn cdr_refusals() {
    let sim = sim(AuthMode::Key);
    let day = |from: &str, to: &str| json!({"fromDate": from, "toDate": to});
    let (from, to) = ("2026-11-21 00:00:00", "2026-11-21 23:59:59");
    let cases = [
        (day("", to), says("fail", "Missing fromDate and toDate")),
        (json!({}), says("fail", "Missing fromDate and toDate")),
        (
            day(from, "2026-11-21"),
            says(
                "fail",
                "Invalid fromDate format. Please pass the date in the format yyyy-MM-dd HH:mm:ss",
            ),
        ),
        (
            day("2026-11-22 00:00:00", "2026-11-22 23:59:59"),
            says("fail", "fromDate and toDate should not be future dates"),
        ),
        (
            json!({"fromDate": from, "toDate": to, "campaignName": "x"}),
            says("fail", "Invalid campaignName"),
        ),
        (
            day("2026-10-01 00:00:00", "2026-10-01 23:59:59"),
            json!({"status": "success", "message": "success", "details": []}),
        ),
    ];
    for (fields, expected) in cases {
        pass(&sim, 30).await;
        assert_eq!(ask::<FetchDay>(&sim, fields), expected);
    }
    assert_eq!(ask::<FetchUcid>(&sim, day(from, to))["message"], "Max limit exceeded");
    pass(&sim, 60).await;
    assert_eq!(ask::<FetchUcid>(&sim, day(from, to))["status"], "fail");
    let page = ask::<FetchPage>(&sim, day(from, to));
    assert_eq!((&page["details"], &page["totalCount"]), (&json!([]), &0.into()));
    assert_eq!(ask::<FetchDay>(&sim, day(from, to))["message"], "Max limit exceeded");
}

#[tokio::test]
async fn summary_and_handling_time() {
    let sim = sim(AuthMode::Key);
    let range = |from: &str, to: &str| json!({"fromDate": from, "toDate": to});
    let (from, to) = ("2026-11-21 00:00:00", "2026-11-21 23:59:59");
    assert_eq!(ask::<FetchSummary>(&sim, range(from, to)), says("error", "No Data Found"));
    let cases = [
        (range("x", to), "From and To Date should be in yyyy-mm-dd HH:mm:ss Format"),
        (range(to, from), "From Date Should not be Greater than To Date"),
        (
            range("2026-10-01 00:00:00", to),
            "Difference Between From and To Date should not be Greater than 30 Days",
        ),
        (json!({"fromDate": from, "toDate": to, "agentId": "x"}), "agentId is Invalid"),
    ];
    for (fields, text) in cases {
        assert_eq!(ask::<FetchSummary>(&sim, fields), says("error", text));
    }
    assert_eq!(ask::<FetchSummary>(&sim, range(from, to))["message"], "Max limit exceeded");
    pass(&sim, 60).await;
    let modes = json!({"fromDate": from, "toDate": to, "modeType": "x"});
    assert_eq!(ask::<FetchSummary>(&sim, modes), says("error", "Mode Type is Invalid"));

    let both = "Both agentId and campaignName cannot be passed at a time";
    assert_eq!(ask::<AgentAht>(&sim, json!({})), says("error", both));
    let aht = |name: &str, value: &str| ask::<AgentAht>(&sim, json!({ name: value }));
    let empty = says("error", "Both agentId and campaignName cannot be empty");
    assert_eq!(ask::<AgentAht>(&sim, json!({"agentId": "", "campaignName": ""})), empty);
    assert_eq!(aht("agentId", "x"), says("error", "agentId is Invalid"));
    assert_eq!(aht("campaignName", "x"), says("error", "campaignName is Invalid"));
    let told = aht("campaignName", "support_out");
    let expected = json!({"CampaignID": "77", "CampaignName": "support_out", "AHT": "00:00:00"});
    assert_eq!(told["message"], expected);
}

#[test]
fn an_account_in_key_mode() {
    let sim = sim(AuthMode::Key);
    let minted = sim.change(ozonetel_sim::world::World::issue_token).unwrap();
    let null = |text: &str| json!({"status": "false", "message": text, "data": null});
    let missing = |text: &str| json!({"status": "false", "message": text});
    let wrong_key = Shown { key: Some("x"), ..KEY };
    let no_key = Shown { key: None, ..KEY };
    let no_user = Shown { user: None, ..KEY };
    let wrong_user = Shown { user: Some("x"), ..KEY };
    let key_null = null("Api Key Should Not be Null or Empty.");
    let details = null("Invalid User Details");
    let user_null = null("Username Should Not be Null or Empty.");
    let api = [
        (&token(&minted), key_null.clone()),
        (&no_key, key_null),
        (&wrong_key, details.clone()),
        (&wrong_user, details),
        (&no_user, user_null),
    ];
    for (shown, expected) in api {
        assert_eq!(ask_as::<FetchMissed>(&sim, shown, json!({})), (200, expected));
    }
    let reports = [
        (&token(&minted), (401, missing("Missing userName or apiKey"))),
        (&no_key, (200, missing("Missing userName or apiKey"))),
        (&no_user, (200, missing("Missing userName or apiKey"))),
        (&wrong_key, (200, missing("userName or apiKey is Invalid"))),
    ];
    for (shown, expected) in reports {
        assert_eq!(ask_as::<FetchDay>(&sim, shown, json!({})), expected);
    }
    let state = [
        (&wrong_key, "userName or apiKey is Invalid"),
        (&no_key, "apiKey should not be empty"),
        (&wrong_user, "user_name or api_Key is Invalid"),
        (&no_user, "Please provide UserName"),
    ];
    for (shown, text) in state {
        let answer = ask_as::<ChangeState>(&sim, shown, json!({})).1;
        assert_eq!(answer, says("error", text));
    }
    let plain = [
        (&wrong_key, "userName or apiKey is Invalid"),
        (&no_key, "apiKey should not be empty"),
        (&no_user, "userName should not be empty"),
    ];
    for (shown, text) in plain {
        let answer = ask_as::<AgentAht>(&sim, shown, json!({})).1;
        assert_eq!(answer, says("error", text));
    }
    let tokens = [(&wrong_key, "Invalid userName or apiKey"), (&no_user, "UserName is null")];
    for (shown, text) in tokens {
        let answer = ask_as::<GenerateToken>(&sim, shown, json!({})).1;
        assert_eq!(answer, null(text));
    }
}

#[tokio::test]
async fn an_account_in_token_mode() {
    let sim = sim(AuthMode::Token);
    let null = |text: &str| json!({"status": "false", "message": text, "data": null});
    let first = ask::<GenerateToken>(&sim, json!({}))["token"].as_str().unwrap().to_owned();
    let rows = ask_as::<FetchMissed>(&sim, &token(&first), json!({})).1;
    assert_eq!(rows, json!({"status": "success", "message": []}));
    let both = Shown { key: Some("test-key"), ..token(&first) };
    assert_eq!(ask_as::<FetchMissed>(&sim, &both, json!({})).1["status"], "success");

    let none = Shown { key: None, ..KEY };
    let cases = [
        (none, "Token Should Not be Null or Empty."),
        (token("a.b.c"), "Invalid Token"),
        (KEY, "Api Key Should Not be Null or Empty."),
    ];
    for (shown, text) in cases {
        assert_eq!(ask_as::<FetchMissed>(&sim, &shown, json!({})).1, null(text));
    }
    let action = json!({"action": "HOLD"});
    assert_eq!(ask_as::<Hold>(&sim, &KEY, action).1, null("Token Expired"));
    assert_eq!(ask_as::<FetchDay>(&sim, &KEY, json!({})).0, 401);

    let second = ask::<GenerateToken>(&sim, json!({}))["token"].as_str().unwrap().to_owned();
    let ended = null("Token Expired");
    assert_eq!(ask_as::<FetchMissed>(&sim, &token(&first), json!({})).1, ended);
    pass(&sim, 3600).await;
    assert_eq!(ask_as::<FetchDay>(&sim, &token(&second), json!({})).1, ended);
    for _ in 0..9 {
        assert!(ask::<GenerateToken>(&sim, json!({}))["token"].is_string());
    }
    ask::<GenerateToken>(&sim, json!({}));
    assert_eq!(ask::<GenerateToken>(&sim, json!({})), null("Max limit exceeded"));
}
