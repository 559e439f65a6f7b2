//! The fields of machine output: only ever added. What is listed here, scripts rely on.

use serde_json::Value;

use crate::harness::Desk;

/// Commands in the order in which they run, with the fields of what they print as JSON.
const CONTRACT: &[(&[&str], &[&str])] = &[
    (&["agent", "login"], &["message", "status"]),
    (&["agent", "status"], &["AgentId", "CampaignName", "status"]),
    (&["agent", "list"], &["AgentId", "AgentName", "AgentState", "PhoneNumber", "SkillName"]),
    (&["dial", "9000000001", "--uui", "order-7"], &["status", "ucid", "uui"]),
    (&["campaign", "list"], &["CampaignID", "CampaignName", "CampaignType", "DID", "Position"]),
    (&["lead", "add", "9000000001", "--name", "A B"], &["outcome"]),
    (&["block", "create", "nuisance", "9000000001"], &["outcome", "lastInsertId"]),
    (&["events", "list"], &["agentEventsURL", "callEventsURL"]),
    (&["api"], &["limit", "name", "repeated", "title"]),
    (
        &["api", "dial.agent", "--describe"],
        &[
            "asks_first",
            "effect",
            "fields",
            "limit",
            "name",
            "page",
            "repeated",
            "request",
            "title",
        ],
    ),
    (&["doctor"], &["advice", "check", "found", "verdict"]),
    (&["cdr", "day"], &["CallDate", "CallID", "CallerID", "Status", "UCID", "UUI"]),
    (
        &["cdr", "sync", "--back-fill", "0"],
        &[
            "changed",
            "days_failed",
            "days_never_read",
            "days_read",
            "gaps",
            "new",
            "same",
            "store",
            "unread",
        ],
    ),
    (
        &["cdr", "stats", "--from", "today"],
        &[
            "agents",
            "answer_percent",
            "answered",
            "as_of",
            "calls",
            "days_in_part",
            "days_never_read",
            "from",
            "gaps",
            "hours",
            "missed",
            "outcomes",
            "to",
            "unread",
        ],
    ),
    (&["sim", "state"], &["agents", "calls", "now", "pushes"]),
    (&["token"], &["token"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_scripts_rely_on_are_there() {
    let desk = Desk::start().await;
    for (arguments, fields) in CONTRACT {
        let ran = desk.json(arguments).await;
        assert_eq!(ran.code, 0, "{arguments:?} {ran:?}");
        let printed = ran.json();
        let object = match &printed {
            Value::Array(rows) => rows.first().unwrap_or_else(|| panic!("{arguments:?}: no rows")),
            one => one,
        };
        for field in *fields {
            assert!(object.get(field).is_some(), "{arguments:?} has no {field}: {object}");
        }
        // A line of jsonl is the same object; asked for again where that changes nothing and has no limit.
        if matches!(arguments[0], "api" | "campaign" | "doctor" | "sim") {
            let lines = desk.run(&[arguments, &["--output", "jsonl"][..]].concat()).await;
            let first = lines.out.lines().next().map(serde_json::from_str::<Value>);
            let first = first.unwrap_or_else(|| panic!("{arguments:?} {lines:?}")).unwrap();
            for field in *fields {
                assert!(first.get(field).is_some(), "{arguments:?} as jsonl has no {field}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_objects_with_the_same_fields() {
    let desk = Desk::start().await;
    for arguments in [&["campaign", "status", ""][..], &["dial", "letters"], &["api", "no.such"]] {
        let error = desk.json(arguments).await.error();
        for field in [
            "kind",
            "reason",
            "message",
            "call",
            "status",
            "may_have_happened",
            "ready_in_s",
            "advice",
        ] {
            assert!(error.get(field).is_some(), "{arguments:?} {field}: {error}");
        }
    }
}
