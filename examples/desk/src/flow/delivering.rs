//! Delivery of what is in the outbox: at least once, counted once.

use std::sync::Arc;
use std::time::Duration;

use ozonetel_sdk::types::LocalDateTime;
use ozonetel_sdk::types::{AgentId, Did, DispositionName, PauseReason, SensitiveText, Ucid};
use ozonetel_sdk::{Error, ErrorKind, Reason};
use serde::Deserialize;

use super::facts::{Actor, TRIES, Together, acted, delivered, record_judged, service_has};
use super::viewing::now_ms;
use crate::core::call::CallState;
use crate::core::caller::Scope;
use crate::core::dial::DialWay;
use crate::core::fact::{Action, ActionOutcome};
use crate::core::outbox::{
    AttemptResult, OutboxEntry, OutboxState, OutboxTarget, REPORT, after_attempt, without_call,
};
use crate::core::report::CallReport;
use crate::desk::Desk;
use crate::ports::platform::PlatformError;
use crate::problem::{Kind, Problem};
use crate::store::audit::AuditRow;
use crate::store::{LoadedCall, OutboxWrite, StoreError};

/// For how long an entry is taken: longer than the service may stay silent.
const LEASE: Duration = Duration::from_mins(3);

/// What became of an attempt.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// The entry afterwards.
    pub entry: OutboxEntry,
    /// The service's words.
    pub message: Option<String>,
    /// The call is still up: the service sets it at the end.
    pub is_queued: bool,
    /// Why it has not arrived.
    pub problem: Option<Problem>,
}

/// What a disposition's entry holds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DispositionPayload {
    ucid: Ucid,
    #[serde(default)]
    did: Option<Did>,
    agent: AgentId,
    disposition: DispositionName,
    #[serde(default)]
    way: DialWay,
    #[serde(default)]
    notes: Option<SensitiveText>,
    #[serde(default)]
    pause_reason: Option<PauseReason>,
    #[serde(default)]
    call_back_time: Option<LocalDateTime>,
}

/// What a recording's entry holds.
#[derive(Deserialize)]
struct ResumePayload {
    ucid: Ucid,
}

/// Until when an entry that is taken now stays taken.
pub fn lease_until(now_ms: i64) -> i64 {
    now_ms.saturating_add(i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX))
}

/// Delivers an entry if it is to be delivered and no one has it.
///
/// # Errors
/// The store is not available. What was sent then is sent again, which is harmless.
pub async fn deliver(desk: &Desk, id: &str) -> Result<Option<Delivered>, StoreError> {
    let at = now_ms(desk);
    match desk.store().claim_entry(id, at, lease_until(at)).await? {
        Some(entry) => deliver_asked_for(desk, entry).await.map(Some),
        None => Ok(None),
    }
}

/// Delivers an entry that was taken, and writes down what became of it.
///
/// # Errors
/// As [`deliver`].
pub async fn deliver_claimed(desk: &Desk, entry: OutboxEntry) -> Result<Delivered, StoreError> {
    attempt(desk, entry, false).await
}

/// The same while someone waits for what becomes of it: who is told that there is no such call owes nothing of it.
pub(super) async fn deliver_asked_for(
    desk: &Desk,
    entry: OutboxEntry,
) -> Result<Delivered, StoreError> {
    attempt(desk, entry, true).await
}

async fn attempt(desk: &Desk, entry: OutboxEntry, is_told: bool) -> Result<Delivered, StoreError> {
    let (result, problem) = match entry.kind.as_str() {
        "disposition" => send_disposition(desk, &entry).await,
        "resume_recording" => send_resume(desk, &entry).await,
        REPORT => (send_report(desk, &entry).await, None),
        _ => {
            // A newer desk on the same store does.
            let message = "this version of the desk does not know how to deliver this".to_owned();
            let (may_have_arrived, ready_in_ms) = (false, None);
            (AttemptResult::Failed { message, may_have_arrived, ready_in_ms }, None)
        }
    };
    let (message, is_queued, is_done) = match &result {
        AttemptResult::Done { message, queued } => (Some(message.clone()), *queued, true),
        AttemptResult::Kept { message } => (Some(message.clone()), false, false),
        _ => (None, false, false),
    };
    let is_over = is_done && !is_queued && entry.kind == "disposition";
    let is_unknown = problem.as_ref().is_some_and(|problem| problem.kind() == Kind::NotFound);
    let jitter =
        entry.id.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)) % 100;
    let mut tried = 0;
    loop {
        let loaded = desk.store().load_calls(std::slice::from_ref(&entry.call)).await?;
        let state = loaded.first().map(|call| Arc::clone(call.call.state())).unwrap_or_default();
        let at = now_ms(desk);
        let mut after = after_attempt(&entry, &result, service_has(&state, &entry), at, jitter);
        // Of a call that turns up before this is written it is owed.
        if is_told && is_unknown && state.began_ms.is_none() {
            after = without_call(after);
        }
        match write(desk, &after, loaded, (&state, is_over), at).await {
            Err(StoreError::Conflict("call" | "dial")) if tried < TRIES => tried += 1,
            done => {
                done?;
                return Ok(Delivered { entry: after, message, is_queued, problem });
            }
        }
    }
}

/// Writes down what became of an attempt, by the call as it was loaded.
///
/// # Errors
/// [`StoreError::Conflict`] if the call has changed since; the store is not available.
async fn write(
    desk: &Desk,
    after: &OutboxEntry,
    loaded: Vec<LoadedCall>,
    (state, is_over): (&CallState, bool),
    at: i64,
) -> Result<(), StoreError> {
    let mut facts = Vec::new();
    if after.state != OutboxState::Pending {
        // Of a call without a disposition no one asks where it has arrived.
        let is_asked_for = match after.target {
            OutboxTarget::Service => after.kind == "disposition",
            OutboxTarget::Platform => state.disposition.is_some(),
        };
        if is_asked_for {
            facts.extend(delivered(after, state, is_over, at));
        }
        if after.kind == "resume_recording" {
            let outcome = match after.state {
                OutboxState::Sent => ActionOutcome::Done,
                _ => ActionOutcome::Failed,
            };
            let agent = state.agent.clone().unwrap_or_else(|| AgentId::from(""));
            let actor = Actor { by: "desk".to_owned(), agent };
            let key = format!("{}:resumed", after.id);
            facts.extend(acted(state, key, actor, Action::ResumeRecording, outcome, at));
        }
    }
    let together = Together {
        call: Some(after.call.clone()),
        outbox: vec![OutboxWrite::Result(after.clone())],
        loaded: Some(loaded),
        ..Together::default()
    };
    match record_judged(desk, facts, together).await {
        // Another worker has taken it meanwhile: its word counts.
        Ok(_) | Err(StoreError::Conflict("outbox entry")) => {}
        Err(error) => return Err(error),
    }
    if after.kind == "resume_recording" && after.state != OutboxState::Pending {
        let target = format!("call:{}", after.call);
        let row =
            AuditRow::of_desk(at, "call.resume_recording", target).about(state.agent.as_ref());
        let row = match after.state {
            OutboxState::Sent => row,
            ended => row.ending(ended.as_str()),
        };
        desk.store().append_audit(vec![row]).await?;
    }
    Ok(())
}

async fn send_disposition(desk: &Desk, entry: &OutboxEntry) -> (AttemptResult, Option<Problem>) {
    let Ok(payload) = serde_json::from_value::<DispositionPayload>(entry.payload.clone()) else {
        let message = "what is stored cannot be parsed".to_owned();
        return (AttemptResult::Refused { message, is_clear: true }, None);
    };
    if payload.way == DialWay::Kookoo {
        let message =
            "CloudAgent has no calls over KooKoo: the desk keeps what was said".to_owned();
        return (AttemptResult::Kept { message }, None);
    }
    let DispositionPayload { ucid, did, agent, disposition, .. } = payload;
    let did = match did_of(desk, entry, did).await {
        Ok(did) => did,
        // It may come with an event, the callback, or the setting: nothing is lost until then.
        Err(problem) => {
            let message = problem.message().to_owned();
            let failed =
                AttemptResult::Failed { message, may_have_arrived: false, ready_in_ms: None };
            return (failed, Some(problem));
        }
    };
    let mut call = desk.client().disposition().set(ucid, did, agent, disposition);
    if let Some(reason) = payload.pause_reason {
        call = call.pause_after(reason);
    }
    if let Some(notes) = payload.notes {
        call = call.comments(notes);
    }
    if let Some(time) = payload.call_back_time {
        call = call.call_back_at(time);
    }
    match call.await {
        Ok(answer) => {
            let message = answer.message().to_owned();
            (AttemptResult::Done { message, queued: answer.is_queued() }, None)
        }
        Err(error) => (attempt_result(&error), Some(problem(&error, entry))),
    }
}

/// The DID of a call: as said, as it is known by now, or as the desk is set to.
async fn did_of(desk: &Desk, entry: &OutboxEntry, said: Option<Did>) -> Result<Did, Problem> {
    if said.is_some() {
        return desk.did(said);
    }
    let call = desk.store().call(&entry.call, &Scope::All).await?;
    desk.did(call.and_then(|call| call.state.did.clone()))
}

async fn send_resume(desk: &Desk, entry: &OutboxEntry) -> (AttemptResult, Option<Problem>) {
    let Ok(ResumePayload { ucid }) = serde_json::from_value(entry.payload.clone()) else {
        let message = "what is stored cannot be parsed".to_owned();
        return (AttemptResult::Refused { message, is_clear: true }, None);
    };
    match desk.client().recording().unpause(ucid).await {
        Ok(answer) => {
            let message = answer.message.as_str().to_owned();
            (AttemptResult::Done { message, queued: false }, None)
        }
        Err(error) => (attempt_result(&error), Some(Problem::from(&error))),
    }
}

/// Tells the platform of a finished call. The latest attempt has the newest word.
async fn send_report(desk: &Desk, entry: &OutboxEntry) -> AttemptResult {
    let Ok(mut report) = serde_json::from_value::<CallReport>(entry.payload.clone()) else {
        let message = "what is stored cannot be parsed".to_owned();
        return AttemptResult::Refused { message, is_clear: true };
    };
    let reported = async {
        if let (None, Some(number)) = (&report.lead_id, &report.caller_phone) {
            let lead = desk.platform().lead_of_number(number).await?;
            report.lead_id = lead.map(|lead| lead.id);
        }
        desk.platform().report_call(&report, entry.attempt).await
    };
    match reported.await {
        Ok(()) => AttemptResult::Done { message: "kept".to_owned(), queued: false },
        Err(PlatformError::Unknown) => AttemptResult::Failed {
            message: PlatformError::Unknown.to_string(),
            may_have_arrived: true,
            ready_in_ms: None,
        },
        Err(error @ (PlatformError::Unavailable(_) | PlatformError::Store(_))) => {
            let message = error.to_string();
            AttemptResult::Failed { message, may_have_arrived: false, ready_in_ms: None }
        }
        Err(error) => AttemptResult::Refused { message: error.to_string(), is_clear: true },
    }
}

/// What a failed attempt means for the next one.
fn attempt_result(error: &Error) -> AttemptResult {
    let message = error.service_text().map_or_else(|| error.summary(), str::to_owned);
    let ready_in_ms =
        error.ready_in().map(|time| i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
    let failed = |may_have_arrived| AttemptResult::Failed {
        message: message.clone(),
        may_have_arrived,
        ready_in_ms,
    };
    match (error.kind(), error.reason()) {
        (ErrorKind::Input, _) => AttemptResult::Refused { message, is_clear: true },
        // The account's own trouble passes, or is mended.
        (
            ErrorKind::Refused,
            Some(Reason::TooManyRequests | Reason::BadCredentials | Reason::TokenExpired),
        ) => failed(error.may_have_reached()),
        (ErrorKind::Refused, Some(Reason::Other) | None) if error.may_have_reached() => {
            // An earlier attempt of this very request may be what the service speaks of.
            failed_first(message)
        }
        (ErrorKind::Refused, reason) => {
            let is_clear = reason.is_some_and(|reason| reason != Reason::Other);
            AttemptResult::Refused { message, is_clear }
        }
        _ => failed(error.may_have_happened() || error.may_have_reached()),
    }
}

/// A refusal after an attempt whose answer was lost. The next attempt is refused too, and then counted as that.
fn failed_first(message: String) -> AttemptResult {
    AttemptResult::Failed { message, may_have_arrived: true, ready_in_ms: None }
}

/// What is said of a disposition that may have arrived.
pub(super) fn not_known_yet(entry: &OutboxEntry) -> String {
    format!(
        "It is not known yet whether the disposition was saved. It is kept and sent again: see /api/owed/{}.",
        entry.id
    )
}

/// A disposition may be sent again, and a second one is refused: after an attempt whose answer was lost, nothing but a
/// documented refusal says that it was not saved.
fn problem(error: &Error, entry: &OutboxEntry) -> Problem {
    let problem = Problem::from(error);
    let known = error.reason().is_some_and(|reason| reason != Reason::Other);
    if error.may_have_reached() && !known {
        return problem.unknown().saying(not_known_yet(entry));
    }
    problem
}
