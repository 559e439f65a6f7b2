use ozonetel_sdk::endpoint::ASSUMPTIONS;
use serde_json::json;

use super::super::seen::SocketSeen;
use super::*;

fn saw(step: Step, reading: Reading, body: Value) -> Sighting {
    Sighting { step, reading, body }
}

fn done(step: Step, body: Value) -> Sighting {
    saw(step, Reading::Done, body)
}

fn seen(sightings: impl IntoIterator<Item = Sighting>) -> Seen {
    Seen { sightings: sightings.into_iter().collect(), ..Seen::default() }
}

fn verdict(id: &str, seen: &Seen) -> Verdict {
    let one = ASSUMPTIONS.iter().find(|one| one.id == id).unwrap();
    judge(one, seen).verdict
}

fn refused(step: Step, reason: Reason, text: &str) -> Sighting {
    saw(step, Reading::Refused(reason), json!({"status": "error", "message": text}))
}

#[test]
fn of_nothing_every_verdict_is_not_seen() {
    for one in ASSUMPTIONS {
        let judgment = judge(one, &Seen::default());
        assert_eq!(judgment.verdict, Verdict::NotSeen, "{}", one.id);
        assert!(!judgment.seen.is_empty(), "{}", one.id);
    }
}

#[test]
fn a_range_is_known_by_the_rows_that_it_leaves_out() {
    let row = |campaign: &str| json!({"monitorUCID": "90000000000000001", "campaign": campaign});
    let all = || done(Step::MissedAll, json!({"message": [row("a"), row("b")]}));
    let range = |rows: Value| done(Step::MissedRange, json!({ "message": rows }));
    let campaign = |rows: Value| done(Step::MissedCampaign, json!({ "message": rows }));
    let is =
        |more: Vec<Sighting>| verdict("missed.range-fields", &seen([vec![all()], more].concat()));
    assert_eq!(is(vec![]), Verdict::NotSeen);
    assert_eq!(is(vec![range(json!([]))]), Verdict::Holds);
    assert_eq!(is(vec![range(json!([row("a")]))]), Verdict::Contradicted);
    assert_eq!(is(vec![range(json!([])), campaign(json!([row("a")]))]), Verdict::Holds);
    assert_eq!(
        is(vec![range(json!([])), campaign(json!([row("a"), row("b")]))]),
        Verdict::Contradicted
    );
    assert_eq!(
        is(vec![refused(Step::MissedRange, Reason::Other, "no such field")]),
        Verdict::Contradicted
    );
    assert_eq!(is(vec![refused(Step::MissedRange, Reason::BadCredentials, "")]), Verdict::NotSeen);
    let nowhere = seen([saw(Step::MissedAll, Reading::Status(404), Value::Null)]);
    assert_eq!(verdict("missed.range-fields", &nowhere), Verdict::NotSeen);
}

#[test]
fn a_filter_is_known_by_one_agent_and_one_mode() {
    let row = |agent: &str, mode: &str| json!({"AgentUniqueID": agent, "ModeType": mode});
    let two = json!({"details": [row("agent01", "Manual"), row("agent02", "Inbound")]});
    let one = json!({"details": [row("agent01", "Manual")]});
    let all = || done(Step::SummaryAll, two.clone());
    let is = |step, body: &Value| {
        verdict("summary.filter-fields", &seen([all(), done(step, body.clone())]))
    };
    assert_eq!(is(Step::SummaryAgent, &one), Verdict::Holds);
    assert_eq!(is(Step::SummaryAgent, &two), Verdict::Contradicted);
    assert_eq!(is(Step::SummaryMode, &one), Verdict::Holds);
    assert_eq!(is(Step::SummaryMode, &two), Verdict::Contradicted);
    assert_eq!(verdict("summary.filter-fields", &seen([all()])), Verdict::NotSeen);
    assert_eq!(verdict("summary.rows-place", &seen([all()])), Verdict::Holds);
    let none = done(Step::SummaryAll, json!({"status": "error", "message": "No Data Found"}));
    assert_eq!(verdict("summary.rows-place", &seen([none])), Verdict::NotSeen);
}

#[test]
fn a_shape_is_wrong_where_the_client_could_not_read_it() {
    for (id, step) in [
        ("summary.rows-place", Step::SummaryAll),
        ("aht.nesting", Step::AhtAgent),
        ("aht.nesting", Step::AhtCampaign),
        ("answer.open", Step::AgentDetails),
        ("answer.open", Step::PhoneNumber),
        ("login-status.shape", Step::LoginStatus),
        ("cdr.row-dialects", Step::CdrYesterday),
        ("cdr.row-dialects", Step::CdrPage),
        ("recording.outer-status", Step::Pause),
    ] {
        let odd =
            seen([saw(step, Reading::Unreadable, json!({"rows": [{"phone": "9000000001"}]}))]);
        assert_eq!(verdict(id, &odd), Verdict::Contradicted, "{id} {step:?}");
        let lost = seen([saw(step, Reading::Status(404), Value::Null)]);
        assert_eq!(verdict(id, &lost), Verdict::NotSeen, "{id} {step:?}");
        // The names of an answer are told, and no value of it.
        let one = ASSUMPTIONS.iter().find(|one| one.id == id).unwrap();
        assert!(!judge(one, &odd).seen.contains("9000000001"), "{id}");
    }
    let bare = seen([saw(Step::LoginStatus, Reading::Bare, json!({"result": []}))]);
    assert_eq!(verdict("login-status.shape", &bare), Verdict::Contradicted);
    // One readable answer does not make up for one that is not.
    let both = seen([
        done(Step::AhtAgent, json!({})),
        saw(Step::AhtCampaign, Reading::Unreadable, Value::Null),
    ]);
    assert_eq!(verdict("aht.nesting", &both), Verdict::Contradicted);
}

#[test]
fn a_page_is_known_by_its_size_and_two_days_by_their_rows() {
    let page = |rows: usize, total: Option<u64>| {
        let mut body = json!({ "details": vec![json!({"UCID": "1"}); rows] });
        if let Some(total) = total {
            body["totalCount"] = total.into();
        }
        done(Step::CdrPage, body)
    };
    let is = |rows, total| verdict("cdr.page-fields", &seen([page(rows, total)]));
    assert_eq!((is(0, Some(0)), is(1, Some(1))), (Verdict::NotSeen, Verdict::NotSeen));
    assert_eq!((is(1, Some(2)), is(1, None)), (Verdict::Holds, Verdict::Holds));
    assert_eq!(is(2, Some(2)), Verdict::Contradicted);
    let days = |rows: usize| {
        let yesterday = done(Step::CdrYesterday, json!({ "details": vec![json!({}); rows] }));
        verdict("cdr.row-dialects", &seen([page(1, None), yesterday]))
    };
    assert_eq!((days(0), days(3)), (Verdict::NotSeen, Verdict::Holds));
}

#[test]
fn a_path_is_wrong_where_it_is_not_found() {
    let found = done(Step::AhtAgent, json!({}));
    let refusal = refused(Step::AgentDetails, Reason::BadInput, "agentId is Invalid");
    assert_eq!(verdict("path.letter-case", &seen([found.clone(), refusal])), Verdict::Holds);
    let lost = saw(Step::AgentDetails, Reading::Status(404), Value::Null);
    assert_eq!(verdict("path.letter-case", &seen([found, lost])), Verdict::Contradicted);
    // A confirmed path that is not found says nothing about letter case.
    let other = saw(Step::SummaryAll, Reading::Status(404), Value::Null);
    assert_eq!(verdict("path.letter-case", &seen([other])), Verdict::NotSeen);
}

#[test]
fn a_refusal_that_came_after_the_key_shows_that_the_key_was_taken() {
    let is = |hold: Sighting| verdict("call-control.key-header", &seen([hold]));
    assert_eq!(is(done(Step::Hold, json!({}))), Verdict::Holds);
    assert_eq!(is(refused(Step::Hold, Reason::NotFound, "Call not Found")), Verdict::Holds);
    assert_eq!(is(refused(Step::Hold, Reason::BadCredentials, "apiKey")), Verdict::Contradicted);
    assert_eq!(is(saw(Step::Hold, Reading::Status(401), Value::Null)), Verdict::Contradicted);
    assert_eq!(is(saw(Step::Hold, Reading::Status(500), Value::Null)), Verdict::NotSeen);
}

#[test]
fn signing_in_shows_how_the_parameters_travel() {
    let is = |login: Sighting| verdict("agents.login-form", &seen([login]));
    assert_eq!(is(done(Step::Login, json!({}))), Verdict::Holds);
    assert_eq!(
        is(refused(Step::Login, Reason::NotAllowed, "has already logged in")),
        Verdict::Holds
    );
    assert_eq!(is(refused(Step::Login, Reason::BadInput, "Invalid Json")), Verdict::Contradicted);
    assert_eq!(is(refused(Step::Login, Reason::BadCredentials, "")), Verdict::NotSeen);
    assert_eq!(is(saw(Step::Login, Reading::Status(415), Value::Null)), Verdict::Contradicted);
}

#[test]
fn a_call_shows_recording_and_disposition() {
    let pause =
        |reading, body| verdict("recording.outer-status", &seen([saw(Step::Pause, reading, body)]));
    assert_eq!(pause(Reading::Done, json!({"status": "Error"})), Verdict::Holds);
    let other = Reading::Refused(Reason::Other);
    assert_eq!(
        pause(other, json!({"status": "Error", "message": "paused"})),
        Verdict::Contradicted
    );
    assert_eq!(pause(Reading::Refused(Reason::BadInput), json!({})), Verdict::NotSeen);
    let twice = |second: Sighting| {
        verdict("disposition.second-text", &seen([done(Step::Dispose, json!({})), second]))
    };
    assert_eq!(twice(refused(Step::DisposeAgain, Reason::Other, "x")), Verdict::Holds);
    assert_eq!(twice(done(Step::DisposeAgain, json!({"details": "saved"}))), Verdict::Contradicted);
    let first = seen([refused(Step::Dispose, Reason::NotFound, "Invalid ucid")]);
    assert_eq!(verdict("disposition.second-text", &first), Verdict::NotSeen);
}

#[test]
fn a_session_needs_a_token_and_an_invite_needs_a_session() {
    let socket = |up: bool, names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Seen { socket: Some(SocketSeen { up, names }), ..Seen::default() }
    };
    let session = |seen: &Seen| verdict("mdl.session-fields", seen);
    assert_eq!(session(&socket(true, &["type", "usId"])), Verdict::Holds);
    assert_eq!(session(&socket(false, &["type", "sid"])), Verdict::Contradicted);
    assert_eq!(session(&socket(false, &[])), Verdict::NotSeen);
    let invite = |up, rang| verdict("mdl.invite-target", &Seen { rang, ..socket(up, &["usId"]) });
    assert_eq!(invite(true, Some(true)), Verdict::Holds);
    assert_eq!(invite(true, Some(false)), Verdict::Contradicted);
    assert_eq!(
        (invite(true, None), invite(false, Some(false))),
        (Verdict::NotSeen, Verdict::NotSeen)
    );
}

#[test]
fn a_zone_is_wrong_by_at_least_a_quarter_of_an_hour() {
    let is = |start: &str| {
        let row = json!({"CallDate": "2026-11-20", "StartTime": start});
        let placed = "2026-11-20 12:00:00".parse().ok();
        let row = done(Step::CdrCall, json!({ "details": [row] }));
        verdict("zone.account", &Seen { placed, ..seen([row]) })
    };
    assert_eq!((is("12:00:03"), is("12:13:59")), (Verdict::Holds, Verdict::Holds));
    assert_eq!((is("06:30:03"), is("12:15:00")), (Verdict::Contradicted, Verdict::Contradicted));
    assert_eq!(is("soon"), Verdict::NotSeen);
}

#[test]
fn a_limit_that_was_met_is_told() {
    let limit = Some("429, \"Max limit exceeded\"".to_owned());
    assert_eq!(verdict("limits.form", &Seen { limit, ..Seen::default() }), Verdict::Holds);
}
