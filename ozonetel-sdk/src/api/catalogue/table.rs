//! The table of endpoints on the front page, written from the descriptions.

#![allow(clippy::expect_used, clippy::panic)] // all of it is a test

use std::fmt::Write as _;

use super::{ALL, LEGACY};
use crate::core::endpoint::{Auth, Repeat, Spec};

/// The catalogue's index: every row, and the operations that make it up.
const INDEX: &[(&str, &[&str])] = &[
    ("Generate Token", &["auth.generate_token"]),
    ("Agent login / logout", &["agents.login", "agents.logout"]),
    ("Force logout / release agent", &["agents.force_logout", "agents.release"]),
    ("Change agent state", &["agents.change_state"]),
    ("Change agent state (legacy)", &["legacy.change_state"]),
    ("Agent details", &["agents.details"]),
    ("Agent login status", &["agents.login_status"]),
    ("Logged-in agents (legacy)", &["agents.logged_in"]),
    (
        "Create / edit / delete agent (legacy)",
        &["agents.create", "agents.edit", "agents.delete_managed"],
    ),
    ("Delete agent", &["agents.delete"]),
    (
        "Phone numbers: get/create/edit/delete",
        &[
            "phone_numbers.get",
            "phone_numbers.create",
            "phone_numbers.edit",
            "phone_numbers.delete",
        ],
    ),
    ("Release agent phone number", &["phone_numbers.release"]),
    ("Agent manual dial", &["dial.agent"]),
    ("Skill-wise agent manual dial", &["dial.skill"]),
    ("Agent manual dial (legacy)", &["legacy.agent_dial"]),
    ("Phone manual dial", &["dial.phone"]),
    ("Phone manual dial (legacy)", &["legacy.phone_dial"]),
    ("Set / get disposition", &["disposition.set", "disposition.list"]),
    ("Set disposition (legacy, 3 pages)", &["legacy.set_disposition"]),
    ("Dispositions of a campaign (legacy)", &["legacy.list_dispositions"]),
    (
        "Call control V4",
        &[
            "call_control.conference",
            "call_control.hold",
            "call_control.unhold",
            "call_control.mute",
            "call_control.unmute",
            "call_control.kick",
        ],
    ),
    (
        "Call control V4 (legacy)",
        &[
            "legacy.conference",
            "legacy.kick",
            "legacy.hold",
            "legacy.unhold",
            "legacy.mute",
            "legacy.unmute",
        ],
    ),
    ("Recording pause / unpause", &["recording.pause", "recording.unpause"]),
    ("Abandoned calls", &["missed.fetch"]),
    ("CDR, one day", &["cdr.fetch_day"]),
    ("CDR, paged", &["cdr.fetch_page"]),
    ("CDR by UCID", &["cdr.fetch_ucid"]),
    ("CDR dump, paged (legacy)", &["legacy.cdr_dump"]),
    ("CDR by UCID (legacy)", &["legacy.cdr_by_ucid"]),
    ("CDR in callbacks (legacy)", &["legacy.cdr_callback"]),
    ("CDR current day (legacy)", &["legacy.cdr_current_day"]),
    ("CDR range (legacy)", &["legacy.cdr_range"]),
    ("Agent state summary", &["summary.fetch"]),
    ("Average handling time", &["aht.agent", "aht.campaign"]),
    ("AHT (legacy)", &["legacy.aht"]),
    ("Campaign status", &["campaigns.status", "legacy.campaign_status"]),
    ("Start / stop campaign", &["campaigns.start", "campaigns.stop", "legacy.set_campaign"]),
    ("List campaigns", &["campaigns.list"]),
    (
        "Create inbound / outbound campaign",
        &["campaigns.create_inbound", "campaigns.create_outbound"],
    ),
    ("Update dynamic DIDs", &["campaigns.dynamic_dids"]),
    ("Add campaign data", &["leads.add"]),
    ("Add campaign bulk data V4", &["leads.bulk"]),
    ("Add campaign bulk data (legacy)", &["leads.bulk_legacy"]),
    ("Schedule campaign data", &["leads.schedule"]),
    ("Schedule campaign data (legacy)", &["legacy.schedule"]),
    ("Delete scheduled data", &["leads.delete_scheduled"]),
    ("Delete one lead", &["leads.delete"]),
    ("Delete leads over campaigns", &["leads.delete_many"]),
    ("Delete campaign data (legacy)", &["leads.clear"]),
    ("Create block-number group", &["block_numbers.create"]),
    ("Delete block numbers", &["block_numbers.delete"]),
    (
        "Block-number group (legacy)",
        &[
            "block_numbers.create_group",
            "block_numbers.add_to_group",
            "block_numbers.delete_from_group",
        ],
    ),
    ("Subscribe to events", &["events.subscribe"]),
    ("Unsubscribe", &["events.unsubscribe"]),
    ("List subscriptions", &["events.list"]),
    ("KooKoo outbound call", &["kookoo.call"]),
    // Outside of the index, in the catalogue's text and the field notes.
    ("KooKoo SMS", &["kookoo.sms"]),
    ("KooKoo call information", &["kookoo.call_information"]),
    ("IVR transfer and disconnect", &["kookoo.ivr_transfer", "kookoo.disconnect"]),
    ("WhatsApp template message", &["whatsapp.send_template"]),
    ("Agent details (legacy)", &["legacy.agent_details"]),
];

/// Rows of the index that stand for what the service sends, not for what it is asked.
const RECEIVED: usize = 2;

/// How many rows the catalogue's index has.
const INDEX_ROWS: usize = 58;

fn row(out: &mut String, subject: &str, spec: &Spec) {
    let mark = if spec.path_verified { "" } else { " †" };
    let auth = match spec.auth {
        Auth::Account => "account",
        Auth::KeyHeader | Auth::KeyOnlyHeader(_) => "key header",
        Auth::Fields { .. } | Auth::KeyField(_) => "key in the fields",
        Auth::Headers { .. } => "name and key headers",
        Auth::AccountBasic => "Basic (account)",
        Auth::AgentBasic { .. } => "Basic (agent)",
        Auth::Kookoo(_) => "KooKoo key",
    };
    let rate = match spec.rate.limit() {
        None => "—".to_owned(),
        Some((limit, 60)) => format!("{limit} / min"),
        Some((limit, 3600)) => format!("{limit} / h"),
        Some((limit, seconds)) => format!("{limit} / {seconds} s"),
    };
    let again = if spec.repeat == Repeat::Once { "never" } else { "yes" };
    let (name, method, path) = (spec.name, spec.method.as_str(), spec.path);
    let page = if spec.docs.starts_with("http") {
        format!("[page]({})", spec.docs)
    } else {
        spec.docs.to_owned()
    };
    writeln!(
        out,
        "| {subject} | `{name}` | `{method} {path}`{mark} | {auth} | {rate} | {again} | {page} |"
    )
    .expect("a text takes text");
}

fn table() -> String {
    let mut out = String::from(
        "| what | name | method and path | credential | limit | repeated | source |\n|---|---|---|---|---|---|---|\n",
    );
    for (subject, names) in INDEX {
        for name in *names {
            let spec = ALL.iter().chain(LEGACY).find(|spec| spec.name == *name);
            row(&mut out, subject, spec.unwrap_or_else(|| panic!("{name} is not there")));
        }
    }
    out
}

#[test]
fn the_front_page_has_the_table_of_all_endpoints() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/ENDPOINTS.md");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let (head, old) = written.split_once("\n| what").unwrap_or((&written, ""));
    let new = table();
    if format!("| what{old}") != new {
        // `UPDATE_ENDPOINTS=1 cargo test` writes it anew.
        if std::env::var_os("UPDATE_ENDPOINTS").is_some() {
            std::fs::write(path, format!("{head}\n{new}")).unwrap();
        }
        panic!("ENDPOINTS.md is not what the descriptions say");
    }
}

#[test]
fn every_row_of_the_index_has_its_operations_and_every_operation_a_row() {
    let named: Vec<&str> = INDEX.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    for spec in ALL.iter().chain(LEGACY) {
        let times = named.iter().filter(|name| **name == spec.name).count();
        assert_eq!(times, 1, "{} stands {times} times in the table", spec.name);
    }
    assert_eq!(named.len(), ALL.len() + LEGACY.len());
    let beside = INDEX.iter().rev().take_while(|(what, _)| *what != "KooKoo outbound call").count();
    assert_eq!(INDEX.len() - beside + RECEIVED, INDEX_ROWS);
}
