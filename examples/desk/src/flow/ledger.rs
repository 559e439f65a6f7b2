//! A row of the dial ledger as an answer, as an event and as a fact.

use axum::response::IntoResponse as _;
use futures_util::FutureExt as _;
use ozonetel_sdk::types::{AgentId, Ucid};
use serde::Serialize;
use serde_json::Value;

use crate::core::dial::{AnswerBody, DialEntry, DialState, GivenAnswer};
use crate::core::fact::{DialedFact, Fact, FactBody, FactSource};
use crate::problem::{Kind, Problem};
use crate::store::{Audience, EventText, NewEvent};

/// What a request is answered whose dial was being sent when the desk stopped.
pub fn unknown_answer(entry: &DialEntry) -> GivenAnswer {
    let message = "It is not known whether this happened. Do not repeat it before it is settled.";
    given(Problem::new(Kind::Unknown, message).with_reference(&entry.reference))
}

/// A problem as the answer that is given again when the request is repeated.
pub(super) fn given(problem: Problem) -> GivenAnswer {
    let (parts, body) = problem.into_response().into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).now_or_never();
    let bytes = bytes.and_then(Result::ok).unwrap_or_default();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    GivenAnswer { status: parts.status.as_u16(), body: body.into() }
}

/// What a repeated request is answered once its dial is settled.
pub(super) fn answer(settled: &DialEntry) -> GivenAnswer {
    if settled.state == DialState::SettledHappened && settled.ucid.is_some() {
        let message = "it had happened".to_owned();
        return GivenAnswer { status: 200, body: AnswerBody::Message { message } };
    }
    let problem = match settled.state {
        DialState::SettledHappened => {
            Problem::new(Kind::Conflict, "the dial has happened; under which UCID is not known")
                .because("settled_happened")
        }
        _ => Problem::new(Kind::Conflict, "the dial did not happen: dialling again is safe")
            .because("settled_not_happened"),
    };
    given(problem.with_reference(&settled.reference))
}

/// A row with the answer that its repeated request is given: a new one where its state has changed.
pub(super) fn answered(before: &DialEntry, settled: DialEntry) -> DialEntry {
    let same = settled.state == before.state;
    let answer = if same { before.answer.clone() } else { Some(answer(&settled)) };
    DialEntry { answer, ..settled }
}

/// The body of `dial.changed`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DialNews {
    id: String,
    state: DialState,
    agent: AgentId,
    reference: String,
    ucid: Option<Ucid>,
    asked_at: i64,
    decided_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invite_missing: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invite_setting: Option<&'static str>,
}

impl DialNews {
    fn of(entry: &DialEntry) -> Self {
        Self {
            id: entry.id.clone(),
            state: entry.state,
            agent: entry.agent.clone(),
            reference: entry.reference.clone(),
            ucid: entry.ucid,
            asked_at: entry.asked_ms,
            decided_at: entry.decided_ms,
            invite_missing: None,
            invite_setting: None,
        }
    }

    fn event(self) -> NewEvent {
        let audience = Audience::Agent(self.agent.clone());
        NewEvent::unwritten("dial.changed", audience, move || EventText::of(&self))
    }
}

/// The event that reports a dial.
pub(crate) fn dial_changed(entry: &DialEntry) -> NewEvent {
    DialNews::of(entry).event()
}

/// The event that reports that no INVITE came of a dial whose call is not known.
pub(super) fn invite_missing(entry: &DialEntry) -> NewEvent {
    let invite_setting = Some(entry.way.invite_setting());
    let news =
        DialNews { ucid: None, invite_missing: Some(true), invite_setting, ..DialNews::of(entry) };
    news.event()
}

/// The fact that a dial was accepted, or has happened.
pub(crate) fn dialed(entry: &DialEntry, ucid: Ucid, at_ms: i64) -> Fact {
    let body = FactBody::Dialed(Box::new(DialedFact {
        ucid,
        dial: entry.id.clone(),
        agent: entry.agent.clone(),
        number: entry.number.clone(),
        reference: entry.reference.clone(),
        campaign: entry.campaign.clone(),
        did: entry.did.clone(),
        phone_name: entry.phone_name.clone(),
        way: entry.way,
    }));
    Fact::new(FactSource::Dial, entry.id.clone(), at_ms, body)
}
