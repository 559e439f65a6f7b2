//! An assumption and what was seen of it: a verdict. No I/O and no clock.

use std::collections::BTreeSet;

use ozonetel_sdk::Reason;
use ozonetel_sdk::endpoint::{Assumption, ShownBy};
use ozonetel_sdk::types::LocalDateTime;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::evidence::{AnswerReading, CheckStep, Evidence, ObservedAnswer};

/// Whether an account agrees with an assumption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AssumptionVerdict {
    Holds,
    Contradicted,
    /// Nothing was seen that says so or otherwise.
    NotSeen,
}

/// A verdict and what it is based on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judgment {
    pub(crate) verdict: AssumptionVerdict,
    pub(crate) seen: String,
}

fn holds(seen: impl Into<String>) -> Judgment {
    Judgment { verdict: AssumptionVerdict::Holds, seen: seen.into() }
}

fn contradicted(seen: impl Into<String>) -> Judgment {
    Judgment { verdict: AssumptionVerdict::Contradicted, seen: seen.into() }
}

fn not_seen(why: impl Into<String>) -> Judgment {
    Judgment { verdict: AssumptionVerdict::NotSeen, seen: why.into() }
}

/// Names under which rows are looked for.
const SUMMARY: &[&str] = &["message", "data", "details"];
const MISSED: &[&str] = &["message"];
const CDR: &[&str] = &["details"];

/// How far the clocks may be apart before a zone is wrong; zones differ by at least this much.
const APART_S: i64 = 14 * 60;

/// Judges an assumption by what was seen.
pub(crate) fn judge(assumption: &Assumption, seen: &Evidence) -> Judgment {
    match assumption.id {
        "missed.range-fields" => missed(seen),
        "summary.filter-fields" => filters(seen),
        "summary.rows-place" => match seen.of(CheckStep::SummaryAll) {
            Some(all) if all.reading == AnswerReading::Done && all.rows(SUMMARY).is_empty() => {
                not_seen("no agent has a row today")
            }
            all => {
                shape(&[all], |all| format!("{} rows, {}", all.rows(SUMMARY).len(), all.shape()))
            }
        },
        "aht.nesting" => {
            let both = [seen.of(CheckStep::AhtAgent), seen.of(CheckStep::AhtCampaign)];
            shape(&both, ObservedAnswer::shape)
        }
        "cdr.row-dialects" => dialects(seen),
        "cdr.page-fields" => page(seen),
        "cdr.end-of-today" => end_of_today(seen),
        "recording.outer-status" => recording(seen),
        "disposition.second-text" => disposition(seen),
        "call-control.key-header" => key_header(seen),
        "call-control.online" => online(seen),
        "dial.virtual-login" => virtual_login(seen),
        "path.letter-case" => paths(seen),
        "answer.open" => {
            let both = [seen.of(CheckStep::AgentDetails), seen.of(CheckStep::PhoneNumber)];
            shape(&both, |_| "a JSON document".to_owned())
        }
        "login-status.shape" => match seen.of(CheckStep::LoginStatus) {
            Some(status) if status.reading == AnswerReading::Bare => {
                contradicted(format!("no campaign in an answer {}", status.shape()))
            }
            status => shape(&[status], ObservedAnswer::shape),
        },
        "agents.login-form" => login(seen),
        "mdl.session-fields" => session(seen),
        "mdl.invite-target" => invite(seen),
        "zone.account" => zone(seen),
        "limits.form" if seen.limit.is_some() => {
            holds(format!("met: {}", seen.limit.as_deref().unwrap_or_default()))
        }
        _ => not_seen(match assumption.shown_by {
            ShownBy::Nothing(why) => why,
            _ => NOT_ASKED,
        }),
    }
}

/// Why the agent's socket was not opened.
const NO_SOCKET: &str = "the socket is not configured: set OZONETEL_MDL_URL, OZONETEL_AGENT_UNIQ_ID and OZONETEL_CAMPAIGN_ID";

/// Why there is no answer to judge.
pub(super) const NOT_ASKED: &str = "not asked";

/// The first answer that a client could not read, else the first that it could.
fn shape(
    answers: &[Option<&ObservedAnswer>],
    told: impl Fn(&ObservedAnswer) -> String,
) -> Judgment {
    let answers: Vec<&ObservedAnswer> = answers.iter().flatten().copied().collect();
    let find = |reading: AnswerReading| answers.iter().find(|answer| answer.reading == reading);
    if let Some(odd) = find(AnswerReading::Unreadable) {
        return contradicted(format!("{}: {}", odd.step.endpoint(), odd.told()));
    }
    match (find(AnswerReading::Done), answers.first()) {
        (Some(done), _) => holds(told(done)),
        (None, Some(first)) => not_seen(first.told()),
        (None, None) => not_seen(NOT_ASKED),
    }
}

/// The different values of a field in rows: names and numbers, which come as text or not.
fn values(rows: &[&Value], name: &str) -> BTreeSet<String> {
    let value = |row: &&Value| match row.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    rows.iter().filter_map(value).collect()
}

/// A whole number, as a number or as text.
fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// What a filtered answer has to say: nothing but rows that the filter lets through.
fn filtered(
    answer: Option<&ObservedAnswer>,
    rows: &[&str],
    stray: &dyn Fn(&[&Value]) -> usize,
) -> Option<Judgment> {
    let answer = answer?;
    Some(match &answer.reading {
        AnswerReading::Done => match stray(&answer.rows(rows)) {
            0 => holds("the rows that were asked for, and no others"),
            stray => contradicted(format!("{stray} rows that were not asked for")),
        },
        AnswerReading::Refused(Reason::TooManyRequests | Reason::BadCredentials) => {
            not_seen(answer.told())
        }
        AnswerReading::Refused(_) => contradicted(answer.told()),
        _ => not_seen(answer.told()),
    })
}

/// The worst of several: a contradiction, else what holds, else the reason why nothing was seen.
fn together(of: impl IntoIterator<Item = Option<Judgment>>, otherwise: Judgment) -> Judgment {
    let all: Vec<Judgment> = of.into_iter().flatten().collect();
    let find = |verdict| all.iter().find(|one| one.verdict == verdict);
    let found = find(AssumptionVerdict::Contradicted)
        .or_else(|| find(AssumptionVerdict::Holds))
        .or(all.first());
    found.cloned().unwrap_or(otherwise)
}

fn missed(seen: &Evidence) -> Judgment {
    let Some(all) = seen.of(CheckStep::MissedAll) else { return not_seen(NOT_ASKED) };
    if all.reading != AnswerReading::Done {
        return not_seen(all.told());
    }
    let every = |rows: &[&Value]| rows.len();
    let others = |rows: &[&Value]| match values(rows, "campaign").len() {
        0 | 1 => 0,
        _ => rows.len(),
    };
    let range = filtered(seen.of(CheckStep::MissedRange), MISSED, &every);
    let campaign = filtered(seen.of(CheckStep::MissedCampaign), MISSED, &others);
    together([range, campaign], not_seen("no abandoned call today that a range could leave out"))
}

fn filters(seen: &Evidence) -> Judgment {
    let Some(all) = seen.of(CheckStep::SummaryAll) else { return not_seen(NOT_ASKED) };
    if all.reading != AnswerReading::Done {
        return not_seen(all.told());
    }
    let more_than_one = |name: &'static str| {
        move |rows: &[&Value]| if values(rows, name).len() > 1 { rows.len() } else { 0 }
    };
    let agent =
        filtered(seen.of(CheckStep::SummaryAgent), SUMMARY, &more_than_one("AgentUniqueID"));
    let mode = filtered(seen.of(CheckStep::SummaryMode), SUMMARY, &more_than_one("ModeType"));
    together([agent, mode], not_seen("no two agents or modes today that a filter could tell apart"))
}

fn dialects(seen: &Evidence) -> Judgment {
    let days = [seen.of(CheckStep::CdrPage), seen.of(CheckStep::CdrYesterday)];
    for day in days.into_iter().flatten() {
        if day.reading == AnswerReading::Unreadable {
            return contradicted(format!("{}: {}", day.step.endpoint(), day.told()));
        }
    }
    let [Some(today), Some(yesterday)] = days else { return not_seen(NOT_ASKED) };
    for day in [today, yesterday] {
        if day.reading != AnswerReading::Done {
            return not_seen(day.told());
        }
    }
    match (today.rows(CDR).len(), yesterday.rows(CDR).len()) {
        (0, _) => not_seen("no call today"),
        (_, 0) => not_seen("no call yesterday"),
        (_, rows) => holds(format!("a row of today and {rows} of yesterday, all read")),
    }
}

fn page(seen: &Evidence) -> Judgment {
    let Some(page) = seen.of(CheckStep::CdrPage) else { return not_seen(NOT_ASKED) };
    if page.reading != AnswerReading::Done {
        return not_seen(page.told());
    }
    let total = page.body.get("totalCount").and_then(count);
    match (page.rows(CDR).len(), total) {
        (0, _) => not_seen("no call today"),
        (1, Some(0 | 1)) => not_seen("one call today, which any page has"),
        (1, Some(_)) => holds("1 row on a page of 1"),
        (1, None) => {
            not_seen("1 row on a page of 1, and no total that says whether there are more")
        }
        (rows, _) => contradicted(format!("{rows} rows on a page of 1")),
    }
}

fn end_of_today(seen: &Evidence) -> Judgment {
    let Some(page) = seen.of(CheckStep::CdrPage) else { return not_seen(NOT_ASKED) };
    let says_future = page.text().to_ascii_lowercase().contains("future");
    match &page.reading {
        AnswerReading::Done => holds("today was asked for up to its end"),
        AnswerReading::Refused(Reason::BadInput) if says_future => contradicted(page.told()),
        _ => not_seen(page.told()),
    }
}

fn paths(seen: &Evidence) -> Judgment {
    let unsure = |one: &&ObservedAnswer| one.step.spec().is_some_and(|spec| !spec.path_verified);
    let asked: Vec<&ObservedAnswer> = seen.answers.iter().filter(unsure).collect();
    let lost = |one: &&&ObservedAnswer| matches!(one.reading, AnswerReading::Status(404 | 405));
    if let Some(lost) = asked.iter().find(lost) {
        return contradicted(format!("{}: {}", lost.step.endpoint(), lost.told()));
    }
    let found: BTreeSet<&str> = asked.iter().map(|one| one.step.endpoint()).collect();
    if found.is_empty() {
        return not_seen(NOT_ASKED);
    }
    let found: Vec<&str> = found.into_iter().collect();
    holds(format!("{}; the others change something and are not asked", found.join(", ")))
}

fn login(seen: &Evidence) -> Judgment {
    let Some(login) = seen.of(CheckStep::Login) else { return not_seen(NOT_ASKED) };
    match &login.reading {
        AnswerReading::Done | AnswerReading::Bare | AnswerReading::Refused(Reason::NotAllowed) => {
            holds(login.told())
        }
        AnswerReading::Refused(Reason::BadInput | Reason::Other)
        | AnswerReading::Status(400 | 415 | 422) => contradicted(login.told()),
        _ => not_seen(login.told()),
    }
}

fn session(seen: &Evidence) -> Judgment {
    let Some(socket) = &seen.socket else {
        let asked = seen.of(CheckStep::Login).is_some();
        return not_seen(if asked { NO_SOCKET } else { NOT_ASKED });
    };
    let names = socket.names.join(", ");
    match (socket.up, socket.names.is_empty()) {
        (true, _) => holds(format!("a session, from a token with {names}")),
        (false, false) => contradicted(format!("no session; the first token has {names}")),
        (false, true) => not_seen("no token arrived"),
    }
}

fn invite(seen: &Evidence) -> Judgment {
    if seen.of(CheckStep::Dial).is_none() {
        return not_seen(NOT_ASKED);
    }
    if seen.socket.as_ref().is_none_or(|socket| !socket.up) {
        return not_seen("the agent's socket was not open while the call was dialled");
    }
    match seen.rang {
        Some(true) => holds("the softphone in the browser rang while this program held the socket"),
        Some(false) => contradicted("the softphone in the browser did not ring"),
        None => not_seen("no one said whether the softphone rang: --rang yes or no, or a terminal"),
    }
}

fn key_header(seen: &Evidence) -> Judgment {
    let Some(hold) = seen.of(CheckStep::Hold) else { return not_seen(NOT_ASKED) };
    if seen.by_token {
        return not_seen("the account is in token mode: no key was sent in a header");
    }
    match &hold.reading {
        AnswerReading::Refused(Reason::BadCredentials) | AnswerReading::Status(401 | 403) => {
            contradicted(hold.told())
        }
        AnswerReading::Refused(Reason::TooManyRequests) | AnswerReading::Status(_) => {
            not_seen(hold.told())
        }
        AnswerReading::Refused(_) => holds(format!("the key was taken; {}", hold.told())),
        AnswerReading::Done | AnswerReading::Bare => holds("the call was put on hold"),
        AnswerReading::Unreadable => not_seen(hold.told()),
    }
}

/// A call that is up is known by its recording, which can be paused.
fn online(seen: &Evidence) -> Judgment {
    let Some(hold) = seen.of(CheckStep::Hold) else { return not_seen(NOT_ASKED) };
    let is_up = seen.of(CheckStep::Pause).is_some_and(|pause| pause.reading == AnswerReading::Done);
    match &hold.reading {
        AnswerReading::Done | AnswerReading::Bare => holds("the call was put on hold"),
        AnswerReading::Refused(Reason::NotFound) if is_up => {
            contradicted(format!("{}, of a call whose recording was paused", hold.told()))
        }
        _ => not_seen(hold.told()),
    }
}

/// What the dial said of an agent who was signed in over REST a moment before.
pub(super) fn virtual_login(seen: &Evidence) -> Judgment {
    let (Some(login), Some(dial)) = (seen.of(CheckStep::Login), seen.of(CheckStep::Dial)) else {
        return not_seen(NOT_ASKED);
    };
    if login.reading != AnswerReading::Done {
        return not_seen(format!("the agent was not signed in by this: {}", login.told()));
    }
    match &dial.reading {
        AnswerReading::Done if seen.socket.as_ref().is_some_and(|socket| socket.up) => {
            not_seen("the agent's socket was open, which may count as the toolbar")
        }
        AnswerReading::Done => holds("the agent, signed in over REST alone, was dialled for"),
        AnswerReading::Refused(Reason::NotAllowed) => contradicted(dial.told()),
        _ => not_seen(dial.told()),
    }
}

fn recording(seen: &Evidence) -> Judgment {
    let Some(pause) = seen.of(CheckStep::Pause) else { return not_seen(NOT_ASKED) };
    let outer = pause.body.get("status").and_then(Value::as_str).unwrap_or("nothing");
    match &pause.reading {
        AnswerReading::Done | AnswerReading::Bare => {
            holds(format!("paused, under the outer word {outer}"))
        }
        AnswerReading::Refused(Reason::Other) | AnswerReading::Unreadable => {
            contradicted(format!("{} under the outer word {outer}", pause.told()))
        }
        _ => not_seen(pause.told()),
    }
}

fn disposition(seen: &Evidence) -> Judgment {
    let first = seen.of(CheckStep::Dispose);
    let Some(second) = seen.of(CheckStep::DisposeAgain) else {
        return not_seen(first.map_or_else(|| NOT_ASKED.to_owned(), ObservedAnswer::told));
    };
    match &second.reading {
        AnswerReading::Refused(_) => holds(second.told()),
        AnswerReading::Done | AnswerReading::Bare => {
            contradicted(format!("the second was saved: {}", second.text()))
        }
        _ => not_seen(second.told()),
    }
}

fn zone(seen: &Evidence) -> Judgment {
    let (Some(row), Some(placed)) = (seen.of(CheckStep::CdrCall), seen.placed) else {
        return not_seen(NOT_ASKED);
    };
    if row.reading != AnswerReading::Done {
        return not_seen(row.told());
    }
    let rows = row.rows(CDR);
    let Some(begun) = rows.iter().find_map(|row| begin(row)) else {
        return not_seen("the call is not in the CDR yet");
    };
    let (begun, placed) = (jiff::civil::DateTime::from(begun), jiff::civil::DateTime::from(placed));
    let apart = begun.duration_since(placed).as_secs();
    let minutes = apart / 60;
    if apart.abs() <= APART_S {
        holds(format!("the call's row begins {} min from our clock", minutes.abs()))
    } else {
        contradicted(format!("the call's row begins {minutes} min from our clock"))
    }
}

/// When a call of the CDR began.
fn begin(row: &Value) -> Option<LocalDateTime> {
    let day = row.get("CallDate")?.as_str()?;
    let time = row.get("StartTime")?.as_str()?;
    let text = if time.len() > 8 { time.to_owned() } else { format!("{day} {time}") };
    text.parse().ok()
}

#[cfg(test)]
mod tests;
