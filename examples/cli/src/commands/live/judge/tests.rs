use ozonetel_sdk::endpoint::ASSUMPTIONS;
use serde_json::json;

use super::super::evidence::ObservedSocket;
use super::*;

fn saw(step: CheckStep, reading: AnswerReading, body: Value) -> ObservedAnswer {
    ObservedAnswer { step, reading, body }
}

fn done(step: CheckStep, body: Value) -> ObservedAnswer {
    saw(step, AnswerReading::Done, body)
}

fn seen(answers: impl IntoIterator<Item = ObservedAnswer>) -> Evidence {
    Evidence { answers: answers.into_iter().collect(), ..Evidence::default() }
}

fn verdict(id: &str, seen: &Evidence) -> AssumptionVerdict {
    let one = ASSUMPTIONS.iter().find(|one| one.id == id).unwrap();
    judge(one, seen).verdict
}

fn refused(step: CheckStep, reason: Reason, text: &str) -> ObservedAnswer {
    saw(step, AnswerReading::Refused(reason), json!({"status": "error", "message": text}))
}

#[test]
fn of_nothing_every_verdict_is_not_seen() {
    for one in ASSUMPTIONS {
        let judgment = judge(one, &Evidence::default());
        assert_eq!(judgment.verdict, AssumptionVerdict::NotSeen, "{}", one.id);
        assert!(!judgment.seen.is_empty(), "{}", one.id);
    }
}

#[test]
fn a_range_is_known_by_the_rows_that_it_leaves_out() {
    let row = |campaign: &str| json!({"monitorUCID": "90000000000000001", "campaign": campaign});
    let all = || done(CheckStep::MissedAll, json!({"message": [row("a"), row("b")]}));
    let range = |rows: Value| done(CheckStep::MissedRange, json!({ "message": rows }));
    let campaign = |rows: Value| done(CheckStep::MissedCampaign, json!({ "message": rows }));
    let is = |more: Vec<ObservedAnswer>| {
        verdict("missed.range-fields", &seen([vec![all()], more].concat()))
    };
    assert_eq!(is(vec![]), AssumptionVerdict::NotSeen);
    assert_eq!(is(vec![range(json!([]))]), AssumptionVerdict::Holds);
    assert_eq!(is(vec![range(json!([row("a")]))]), AssumptionVerdict::Contradicted);
    assert_eq!(is(vec![range(json!([])), campaign(json!([row("a")]))]), AssumptionVerdict::Holds);
    assert_eq!(
        is(vec![range(json!([])), campaign(json!([row("a"), row("b")]))]),
        AssumptionVerdict::Contradicted
    );
    assert_eq!(
        is(vec![refused(CheckStep::MissedRange, Reason::Other, "no such field")]),
        AssumptionVerdict::Contradicted
    );
    assert_eq!(
        is(vec![refused(CheckStep::MissedRange, Reason::BadCredentials, "")]),
        AssumptionVerdict::NotSeen
    );
    let nowhere = seen([saw(CheckStep::MissedAll, AnswerReading::Status(404), Value::Null)]);
    assert_eq!(verdict("missed.range-fields", &nowhere), AssumptionVerdict::NotSeen);
}

#[test]
fn a_filter_is_known_by_one_agent_and_one_mode() {
    let row = |agent: &str, mode: &str| json!({"AgentUniqueID": agent, "ModeType": mode});
    let two = json!({"details": [row("agent01", "Manual"), row("agent02", "Inbound")]});
    let one = json!({"details": [row("agent01", "Manual")]});
    let all = || done(CheckStep::SummaryAll, two.clone());
    let is = |step, body: &Value| {
        verdict("summary.filter-fields", &seen([all(), done(step, body.clone())]))
    };
    assert_eq!(is(CheckStep::SummaryAgent, &one), AssumptionVerdict::Holds);
    assert_eq!(is(CheckStep::SummaryAgent, &two), AssumptionVerdict::Contradicted);
    assert_eq!(is(CheckStep::SummaryMode, &one), AssumptionVerdict::Holds);
    assert_eq!(is(CheckStep::SummaryMode, &two), AssumptionVerdict::Contradicted);
    assert_eq!(verdict("summary.filter-fields", &seen([all()])), AssumptionVerdict::NotSeen);
    assert_eq!(verdict("summary.rows-place", &seen([all()])), AssumptionVerdict::Holds);
    let none = done(CheckStep::SummaryAll, json!({"status": "error", "message": "No Data Found"}));
    assert_eq!(verdict("summary.rows-place", &seen([none])), AssumptionVerdict::NotSeen);
}

#[test]
fn a_shape_is_wrong_where_the_client_could_not_read_it() {
    for (id, step) in [
        ("summary.rows-place", CheckStep::SummaryAll),
        ("aht.nesting", CheckStep::AhtAgent),
        ("aht.nesting", CheckStep::AhtCampaign),
        ("answer.open", CheckStep::AgentDetails),
        ("answer.open", CheckStep::PhoneNumber),
        ("login-status.shape", CheckStep::LoginStatus),
        ("cdr.row-dialects", CheckStep::CdrYesterday),
        ("cdr.row-dialects", CheckStep::CdrPage),
        ("recording.outer-status", CheckStep::Pause),
    ] {
        let odd = seen([saw(
            step,
            AnswerReading::Unreadable,
            json!({"rows": [{"phone": "9000000001"}]}),
        )]);
        assert_eq!(verdict(id, &odd), AssumptionVerdict::Contradicted, "{id} {step:?}");
        let lost = seen([saw(step, AnswerReading::Status(404), Value::Null)]);
        assert_eq!(verdict(id, &lost), AssumptionVerdict::NotSeen, "{id} {step:?}");
        // The names of an answer are told, and no value of it.
        let one = ASSUMPTIONS.iter().find(|one| one.id == id).unwrap();
        assert!(!judge(one, &odd).seen.contains("9000000001"), "{id}");
    }
    let bare = seen([saw(CheckStep::LoginStatus, AnswerReading::Bare, json!({"result": []}))]);
    assert_eq!(verdict("login-status.shape", &bare), AssumptionVerdict::Contradicted);
    // One readable answer does not make up for one that is not.
    let both = seen([
        done(CheckStep::AhtAgent, json!({})),
        saw(CheckStep::AhtCampaign, AnswerReading::Unreadable, Value::Null),
    ]);
    assert_eq!(verdict("aht.nesting", &both), AssumptionVerdict::Contradicted);
}

#[test]
fn the_end_of_today_is_in_the_future_only_where_the_answer_says_so() {
    let is = |reading, text: &str| {
        let page = saw(CheckStep::CdrPage, reading, json!({ "message": text }));
        verdict("cdr.end-of-today", &seen([page]))
    };
    let future = "fromDate and toDate should not be future dates";
    assert_eq!(is(AnswerReading::Done, "success"), AssumptionVerdict::Holds);
    assert_eq!(
        is(AnswerReading::Refused(Reason::BadInput), future),
        AssumptionVerdict::Contradicted
    );
    for (reading, text) in [
        (AnswerReading::Refused(Reason::BadInput), "Invalid campaignName"),
        (AnswerReading::Refused(Reason::TooManyRequests), future),
        (AnswerReading::Unreadable, future),
    ] {
        assert_eq!(is(reading, text), AssumptionVerdict::NotSeen, "{text}");
    }
    assert_eq!(verdict("cdr.end-of-today", &seen([])), AssumptionVerdict::NotSeen);
}

#[test]
fn a_page_is_known_by_its_size_and_two_days_by_their_rows() {
    let page = |rows: usize, total: Option<u64>| {
        let mut body = json!({ "details": vec![json!({"UCID": "1"}); rows] });
        if let Some(total) = total {
            body["totalCount"] = total.into();
        }
        done(CheckStep::CdrPage, body)
    };
    let is = |rows, total| verdict("cdr.page-fields", &seen([page(rows, total)]));
    assert_eq!(
        (is(0, Some(0)), is(1, Some(1))),
        (AssumptionVerdict::NotSeen, AssumptionVerdict::NotSeen)
    );
    assert_eq!(is(1, Some(2)), AssumptionVerdict::Holds);
    assert_eq!(is(2, Some(2)), AssumptionVerdict::Contradicted);
    // Without a total, one row may be the only call of the day.
    assert_eq!(is(1, None), AssumptionVerdict::NotSeen);
    // A total comes as text too.
    let written = |total: &str| {
        let page = json!({"details": [{"UCID": "1"}], "totalCount": total});
        verdict("cdr.page-fields", &seen([done(CheckStep::CdrPage, page)]))
    };
    assert_eq!(
        (written("1"), written("2")),
        (AssumptionVerdict::NotSeen, AssumptionVerdict::Holds)
    );
    let days = |rows: usize| {
        let yesterday = done(CheckStep::CdrYesterday, json!({ "details": vec![json!({}); rows] }));
        verdict("cdr.row-dialects", &seen([page(1, None), yesterday]))
    };
    assert_eq!((days(0), days(3)), (AssumptionVerdict::NotSeen, AssumptionVerdict::Holds));
}

#[test]
fn a_path_is_wrong_where_it_is_not_found() {
    let found = done(CheckStep::AhtAgent, json!({}));
    let refusal = refused(CheckStep::AgentDetails, Reason::BadInput, "agentId is Invalid");
    assert_eq!(
        verdict("path.letter-case", &seen([found.clone(), refusal])),
        AssumptionVerdict::Holds
    );
    let lost = saw(CheckStep::AgentDetails, AnswerReading::Status(404), Value::Null);
    assert_eq!(verdict("path.letter-case", &seen([found, lost])), AssumptionVerdict::Contradicted);
    // A confirmed path that is not found says nothing about letter case.
    let other = saw(CheckStep::SummaryAll, AnswerReading::Status(404), Value::Null);
    assert_eq!(verdict("path.letter-case", &seen([other])), AssumptionVerdict::NotSeen);
}

#[test]
fn a_refusal_that_came_after_the_key_shows_that_the_key_was_taken() {
    let is = |hold: ObservedAnswer| verdict("call-control.key-header", &seen([hold]));
    let by_token = Evidence { by_token: true, ..seen([done(CheckStep::Hold, json!({}))]) };
    assert_eq!(verdict("call-control.key-header", &by_token), AssumptionVerdict::NotSeen);
    assert_eq!(is(done(CheckStep::Hold, json!({}))), AssumptionVerdict::Holds);
    assert_eq!(
        is(refused(CheckStep::Hold, Reason::NotFound, "Call not Found")),
        AssumptionVerdict::Holds
    );
    assert_eq!(
        is(refused(CheckStep::Hold, Reason::BadCredentials, "apiKey")),
        AssumptionVerdict::Contradicted
    );
    assert_eq!(
        is(saw(CheckStep::Hold, AnswerReading::Status(401), Value::Null)),
        AssumptionVerdict::Contradicted
    );
    assert_eq!(
        is(saw(CheckStep::Hold, AnswerReading::Status(500), Value::Null)),
        AssumptionVerdict::NotSeen
    );
}

#[test]
fn a_hold_that_is_not_found_counts_against_a_call_that_is_known_to_be_up() {
    let not_found = || refused(CheckStep::Hold, Reason::NotFound, "Call not Found");
    let is = |answers: Vec<ObservedAnswer>| verdict("call-control.online", &seen(answers));
    assert_eq!(is(vec![done(CheckStep::Hold, json!({}))]), AssumptionVerdict::Holds);
    assert_eq!(is(vec![not_found()]), AssumptionVerdict::NotSeen);
    let pause = done(CheckStep::Pause, json!({}));
    assert_eq!(is(vec![not_found(), pause.clone()]), AssumptionVerdict::Contradicted);
    let unpaused = refused(CheckStep::Pause, Reason::NotFound, "");
    assert_eq!(is(vec![not_found(), unpaused]), AssumptionVerdict::NotSeen);
    let bad_key = refused(CheckStep::Hold, Reason::BadCredentials, "");
    assert_eq!(is(vec![bad_key, pause]), AssumptionVerdict::NotSeen);
}

#[test]
fn a_dial_speaks_of_the_login_that_this_check_made() {
    let login = || done(CheckStep::Login, json!({}));
    let unavailable = || refused(CheckStep::Dial, Reason::NotAllowed, "Agent is not available");
    let is = |answers: Vec<ObservedAnswer>| verdict("dial.virtual-login", &seen(answers));
    assert_eq!(is(vec![login(), done(CheckStep::Dial, json!({}))]), AssumptionVerdict::Holds);
    assert_eq!(is(vec![login(), unavailable()]), AssumptionVerdict::Contradicted);
    let already = refused(CheckStep::Login, Reason::NotAllowed, "Agent has already logged in");
    assert_eq!(is(vec![already, unavailable()]), AssumptionVerdict::NotSeen);
    let campaign = refused(CheckStep::Dial, Reason::NotFound, "Invalid campaign");
    assert_eq!(is(vec![login(), campaign]), AssumptionVerdict::NotSeen);
    let mut socket = seen([login(), done(CheckStep::Dial, json!({}))]);
    socket.socket = Some(ObservedSocket { up: true, names: Vec::new() });
    assert_eq!(verdict("dial.virtual-login", &socket), AssumptionVerdict::NotSeen);
}

#[test]
fn signing_in_shows_how_the_parameters_travel() {
    let is = |login: ObservedAnswer| verdict("agents.login-form", &seen([login]));
    assert_eq!(is(done(CheckStep::Login, json!({}))), AssumptionVerdict::Holds);
    assert_eq!(
        is(refused(CheckStep::Login, Reason::NotAllowed, "has already logged in")),
        AssumptionVerdict::Holds
    );
    assert_eq!(
        is(refused(CheckStep::Login, Reason::BadInput, "Invalid Json")),
        AssumptionVerdict::Contradicted
    );
    assert_eq!(
        is(refused(CheckStep::Login, Reason::BadCredentials, "")),
        AssumptionVerdict::NotSeen
    );
    assert_eq!(
        is(saw(CheckStep::Login, AnswerReading::Status(415), Value::Null)),
        AssumptionVerdict::Contradicted
    );
}

#[test]
fn a_call_shows_recording_and_disposition() {
    let pause = |reading, body| {
        verdict("recording.outer-status", &seen([saw(CheckStep::Pause, reading, body)]))
    };
    assert_eq!(pause(AnswerReading::Done, json!({"status": "Error"})), AssumptionVerdict::Holds);
    let other = AnswerReading::Refused(Reason::Other);
    assert_eq!(
        pause(other, json!({"status": "Error", "message": "paused"})),
        AssumptionVerdict::Contradicted
    );
    assert_eq!(
        pause(AnswerReading::Refused(Reason::BadInput), json!({})),
        AssumptionVerdict::NotSeen
    );
    let twice = |second: ObservedAnswer| {
        verdict("disposition.second-text", &seen([done(CheckStep::Dispose, json!({})), second]))
    };
    assert_eq!(
        twice(refused(CheckStep::DisposeAgain, Reason::Other, "x")),
        AssumptionVerdict::Holds
    );
    assert_eq!(
        twice(done(CheckStep::DisposeAgain, json!({"details": "saved"}))),
        AssumptionVerdict::Contradicted
    );
    let first = seen([refused(CheckStep::Dispose, Reason::NotFound, "Invalid ucid")]);
    assert_eq!(verdict("disposition.second-text", &first), AssumptionVerdict::NotSeen);
}

#[test]
fn a_session_needs_a_token_and_an_invite_needs_a_session() {
    let socket = |up: bool, names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Evidence { socket: Some(ObservedSocket { up, names }), ..Evidence::default() }
    };
    let session = |seen: &Evidence| verdict("mdl.session-fields", seen);
    assert_eq!(session(&socket(true, &["type", "usId"])), AssumptionVerdict::Holds);
    assert_eq!(session(&socket(false, &["type", "sid"])), AssumptionVerdict::Contradicted);
    assert_eq!(session(&socket(false, &[])), AssumptionVerdict::NotSeen);
    let invite = |up, rang| {
        let answers = vec![done(CheckStep::Dial, Value::Null)];
        let seen = Evidence { answers, rang, ..socket(up, &["usId"]) };
        verdict("mdl.invite-target", &seen)
    };
    assert_eq!(invite(true, Some(true)), AssumptionVerdict::Holds);
    assert_eq!(invite(true, Some(false)), AssumptionVerdict::Contradicted);
    assert_eq!(
        (invite(true, None), invite(false, Some(false))),
        (AssumptionVerdict::NotSeen, AssumptionVerdict::NotSeen)
    );
}

#[test]
fn a_zone_is_wrong_by_at_least_a_quarter_of_an_hour() {
    let is = |start: &str| {
        let row = json!({"CallDate": "2026-11-20", "StartTime": start});
        let placed = "2026-11-20 12:00:00".parse().ok();
        let row = done(CheckStep::CdrCall, json!({ "details": [row] }));
        verdict("zone.account", &Evidence { placed, ..seen([row]) })
    };
    assert_eq!(
        (is("12:00:03"), is("12:13:59")),
        (AssumptionVerdict::Holds, AssumptionVerdict::Holds)
    );
    assert_eq!(
        (is("06:30:03"), is("12:15:00")),
        (AssumptionVerdict::Contradicted, AssumptionVerdict::Contradicted)
    );
    assert_eq!(is("soon"), AssumptionVerdict::NotSeen);
}

#[test]
fn a_limit_that_was_met_is_told() {
    let limit = Some("429, \"Max limit exceeded\"".to_owned());
    assert_eq!(
        verdict("limits.form", &Evidence { limit, ..Evidence::default() }),
        AssumptionVerdict::Holds
    );
}

#[test]
fn ids_that_come_as_numbers_are_told_apart() {
    let summary = |step, ids: [Value; 2]| {
        done(step, json!({"message": ids.map(|id| json!({"AgentUniqueID": id}))}))
    };
    let filtered = |ids: [Value; 2]| {
        let all = summary(CheckStep::SummaryAll, [json!(1), json!(2)]);
        verdict("summary.filter-fields", &seen([all, summary(CheckStep::SummaryAgent, ids)]))
    };
    assert_eq!(filtered([json!(1), json!(2)]), AssumptionVerdict::Contradicted);
    assert_eq!(filtered([json!(1), json!("1")]), AssumptionVerdict::Holds);
}
