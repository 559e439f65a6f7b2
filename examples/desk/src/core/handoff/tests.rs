use ozonetel_sdk::phone_call::Invite;
use serde_json::json;

use super::*;
use crate::core::call::Call;
use crate::core::fact::{Fact, FactBody, FactSource};

fn request(body: serde_json::Value) -> HandoffRequest {
    serde_json::from_value(body).unwrap()
}

#[test]
fn messages_become_turns_and_activities_the_last_ten() {
    let calls: Vec<_> =
        (0..11).map(|n| json!({"id": format!("c{n}"), "tool": format!("add_todo_{n}")})).collect();
    let profile = request(json!({
        "session_id": "s1", "extension": "500001", "call_id": "a-1", "language": "en",
        "user": {"id": 7, "name": "Asha Example", "phone": "9000000001", "verified": true, "vip": true},
        "transcript": [
            {"role": "system", "content": "You are an assistant."},
            {"role": "human", "content": "Hello", "timestamp": 1},
            {"type": "ai", "content": "Good morning"},
            {"role": "tool", "tool_call_id": "c10", "content": "ok"},
            {"role": "tool", "name": "create_calendar_event", "content": {"id": 1}},
            {"role": "supervisor", "content": "listening"},
        ],
        "tool_calls": calls,
    }))
    .profile()
    .unwrap();
    let turns: Vec<_> = profile
        .conversation_history
        .iter()
        .map(|turn| (turn.role.as_str(), turn.content.as_str()))
        .collect();
    let said = [("user", "Hello"), ("assistant", "Good morning"), ("supervisor", "listening")];
    assert_eq!(turns, said);
    assert_eq!(profile.conversation_history[0].timestamp, Some(json!(1)));
    assert_eq!(profile.activities.len(), 10);
    let last = &profile.activities[9];
    assert_eq!(last.activity_type.as_deref(), Some("calendar_event"));
    assert_eq!(
        (last.action.as_deref(), last.result.as_deref()),
        (Some("created"), Some("{\"id\":1}"))
    );
    assert_eq!(profile.activities[8].tool.as_deref(), Some("add_todo_10"));
    assert_eq!(profile.activities[8].result.as_deref(), Some("ok"), "the answer of its tool");
    assert_eq!(profile.activities[0].tool.as_deref(), Some("add_todo_2"));
    assert_eq!(profile.customer_id.as_deref(), Some("7"));
    assert_eq!(profile.account_status.as_deref(), Some("Verified"));
    assert_eq!(profile.extra["language"], "en");
    assert_eq!(profile.extra["user"], json!({"verified": true, "vip": true}));
    assert_eq!(profile.extra["session_id"], "s1");
}

#[test]
fn who_is_not_known_is_known_by_name_or_number() {
    let id = |user: serde_json::Value| {
        request(json!({"user": user})).profile().unwrap().customer_id.unwrap()
    };
    assert_eq!(id(json!({"name": "Asha", "phone": "9000000001"})), "Asha");
    assert_eq!(id(json!({"name": " ", "phone": "9000000001"})), "9000000001");
    assert_eq!(id(json!({})), "unknown");
}

#[test]
fn what_cannot_be_taken_is_named() {
    for (body, path) in [
        (json!({"user": "Asha"}), "user"),
        (json!({"user": {"name": ["x"]}}), "user.name"),
        (json!({"user": {"name": "x".repeat(300)}}), "user.name"),
        (json!({"user": {"name": "a\u{7}"}}), "user.name"),
        (json!({"transcript": 7}), "transcript"),
        (json!({"transcript": [7]}), "transcript"),
        (json!({"transcript": [{"content": "x"}]}), "transcript[0].role"),
        (json!({"transcript": [{"role": "user", "content": [1]}]}), "transcript[0].content"),
        (json!({"transcript": vec![json!({"role": "user"}); 501]}), "transcript"),
        (json!({"tool_calls": {}}), "tool_calls"),
        (json!({"tool_calls": ["x"]}), "tool_calls"),
        (json!({"transcript": "x".repeat(9_000)}), "conversation_history[0].content"),
    ] {
        assert_eq!(request(body.clone()).profile().unwrap_err().path, path, "{body:.80}");
    }
}

#[test]
fn a_session_fills_what_is_left_out_and_is_no_other_calls() {
    let session = json!({
        "call_id": "a-1", "user": {"name": "Asha"}, "history": [{"role": "user", "content": "hi"}],
    });
    let session = session.as_object().unwrap();
    let keys = |id: &str| CallKeys::carried(None, Some(id));
    let mut filled = request(json!({"session_id": "s1"}));
    filled.fill(session, &CallKeys::default()).unwrap();
    let profile = filled.profile().unwrap();
    assert_eq!((profile.name.as_deref(), profile.call_id.as_deref()), (Some("Asha"), Some("a-1")));
    assert_eq!(profile.conversation_history.len(), 1);
    let mut own = request(json!({"user": {"name": "Ravi"}, "call_id": "a-1"}));
    own.fill(session, &keys("a-1")).unwrap();
    assert_eq!(own.profile().unwrap().name.as_deref(), Some("Ravi"), "the request counts first");
    let foreign = request(json!({})).fill(session, &keys("b-2")).unwrap_err();
    assert_eq!(foreign.path, "session_id");
}

fn row(id: &str, call_id: Option<&str>, phone: Option<&str>) -> HandoffRow {
    HandoffRow {
        id: format!("{REFERENCE}{id}"),
        maker: "t".into(),
        session: "s".into(),
        extension: "500001".into(),
        agent: "agent01".into(),
        call_sid: None,
        call_id: call_id.map(str::to_owned),
        leg_sid: None,
        profile: Profile { phone: phone.map(str::to_owned), ..Profile::default() },
        carrier: None,
        waits_at: None,
        state: HandoffState::Waiting,
        message: None,
        call: None,
        made_ms: 0,
        changed_ms: 0,
    }
}

fn call(ucid: &str, caller: &str, uui: Option<&str>) -> CallState {
    let mut invite = Invite::new(ucid.parse().unwrap());
    if !caller.is_empty() {
        invite = invite.caller(caller);
    }
    if let Some(uui) = uui {
        invite = invite.uui(uui);
    }
    let body = FactBody::Invited { agent: "agent01".into(), invite, decision: String::new() };
    CallState::clone(Call::of([Fact::new(FactSource::Invite, ucid, 1, body)]).state())
}

#[test]
fn a_call_is_the_hand_off_that_it_names() {
    let waiting = [
        row("1", Some("90000000000000001"), Some("9000000001")),
        row("2", Some("b"), Some("9000000002")),
        HandoffRow { leg_sid: Some("CA5".into()), ..row("5", Some("e"), None) },
    ];
    let found = |call: &CallState| {
        named_by(call, &waiting, 1).map(|row| row.id[REFERENCE.len()..].to_owned())
    };
    let text = |id: &str| Some(id.to_owned());
    assert_eq!(found(&call("90000000000000001", "", None)), text("1"), "by the UCID");
    assert_eq!(found(&call("90000000000000009", "", Some("handoff-2"))), text("2"));
    assert_eq!(found(&call("90000000000000009", "", Some(" e "))), text("5"));
    assert_eq!(found(&call("90000000000000009", "", Some("CA5"))), text("5"));
    assert_eq!(found(&call("90000000000000009", "09000000002", None)), None, "not by number");
    assert_eq!(found(&call("90000000000000009", "", Some("handoff-"))), None);
}

#[test]
fn by_number_a_call_is_the_only_hand_off_like_it() {
    let waiting = [
        row("2", Some("b"), Some("+91 9000000002")),
        row("3", Some("c"), Some("9000000003")),
        row("4", Some("d"), Some("9000000003")),
        row("5", Some("e"), None),
    ];
    let found = |call: &CallState, others: &[CallState]| {
        like(call, &waiting, others, 1).map(|row| row.id[REFERENCE.len()..].to_owned())
    };
    let one = call("90000000000000001", "09000000002", None);
    assert_eq!(found(&one, &[]), Some("2".to_owned()));
    assert_eq!(
        found(&call("90000000000000001", "09000000003", None), &[]),
        None,
        "two are like it"
    );
    assert_eq!(found(&call("90000000000000001", "", None), &[]), None, "no number is no number");
    assert_eq!(found(&call("90000000000000001", "09000000002", Some("handoff-9")), &[]), None);
    let other = call("90000000000000002", "9000000002", None);
    assert_eq!(found(&one, &[other]), None, "two calls are alike");
    let named = call("90000000000000002", "9000000009", Some("b"));
    assert_eq!(found(&one, &[named]), None, "it is the other's");
}

#[test]
fn a_hand_off_waits_300_seconds_and_not_once_it_is_over() {
    let fresh = row("1", Some("a"), Some("9000000001"));
    assert!(fresh.is_waiting(299_999) && !fresh.is_waiting(300_000));
    let again = HandoffRow { changed_ms: 200_000, ..fresh.clone() };
    assert!(again.is_waiting(499_999) && !again.is_waiting(500_000), "it was written again");
    for state in [HandoffState::Failed, HandoffState::Ended] {
        assert!(!HandoffRow { state, ..fresh.clone() }.is_waiting(1));
    }
    assert!(!HandoffRow { call: Some("1".into()), ..fresh }.is_waiting(1));
}

#[test]
fn late_and_repeated_news_takes_nothing_back() {
    use HandoffState::{Asking, Connected, Ended, Failed, Ringing, Unknown, Waiting};
    let order = [Waiting, Asking, Unknown, Ringing, Connected, Failed, Ended];
    for state in order {
        assert!(!state.may_become(state), "{state:?}");
        for next in [Waiting, Asking] {
            assert!(!state.may_become(next), "{state:?} {next:?}");
        }
    }
    assert!(Asking.may_become(Unknown) && Unknown.may_become(Ringing));
    assert!(Unknown.may_become(Failed) && Ringing.may_become(Connected));
    assert!(!Connected.may_become(Failed) && Connected.may_become(Ended));
    assert!(!Failed.may_become(Ended) && !Failed.may_become(Connected));
    assert!(!Ringing.may_become(Unknown));
}

#[test]
fn a_request_to_a_carrier_that_was_lost_with_its_process_is_unknown() {
    let asking = HandoffRow { state: HandoffState::Asking, ..row("1", None, None) };
    assert_eq!(asking.state_at(60_000), HandoffState::Asking);
    assert_eq!(asking.state_at(60_001), HandoffState::Unknown);
    assert_eq!(row("1", None, None).state_at(60_001), HandoffState::Waiting);
}

#[test]
fn a_call_that_has_not_come_in_time_does_not_come() {
    let waiting = row("1", None, None);
    assert_eq!(waiting.state_at(299_999), HandoffState::Waiting);
    assert_eq!(waiting.state_at(300_000), HandoffState::Ended);
    let again = HandoffRow { changed_ms: 200_000, ..waiting.clone() };
    assert_eq!(again.state_at(300_000), HandoffState::Waiting, "it was written again");
    let joined = HandoffRow { call: Some("11".into()), ..waiting };
    assert_eq!(joined.state_at(300_000), HandoffState::Waiting, "it has come");
}
