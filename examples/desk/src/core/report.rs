//! What the platform is told of a finished call: once per phone call, by whichever of callback, call-detail record and
//! disposition comes first; the others complete it.

use std::fmt;

use ozonetel_sdk::phone_call::CallOutcomeKind;
use ozonetel_sdk::types::{AgentId, PhoneNumber, SensitiveText};
use serde::{Deserialize, Serialize};

use super::call::{CallState, Direction};

/// A finished call. `Debug` shows its ids only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallReport {
    /// The phone call's id: one call, one record.
    pub call_id: String,
    /// Its other ids: of legs. A record under one of these is this call's, from before the call's own id was known.
    pub other_ids: Vec<String>,
    /// The customer's number.
    pub caller_phone: Option<PhoneNumber>,
    /// Which way it went.
    pub direction: Option<Direction>,
    /// How long the conversation was, in seconds.
    pub duration_sec: Option<u32>,
    /// The lead, as the front end said it.
    pub lead_id: Option<String>,
    /// Notes.
    pub notes: Option<SensitiveText>,
    /// The front end's code of the disposition, else the service's name of it.
    pub disposition: Option<String>,
    /// The agent who had it last.
    pub agent: Option<AgentId>,
    /// When it began, in milliseconds since 1970.
    pub started_at: Option<i64>,
    /// Whether there was a conversation.
    pub answered: bool,
    /// How it ended.
    pub outcome: Option<CallOutcomeKind>,
}

impl fmt::Debug for CallReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallReport")
            .field("call_id", &self.call_id)
            .field("other_ids", &self.other_ids)
            .finish_non_exhaustive()
    }
}

impl CallReport {
    /// What the platform is told of a call; `None` of one that goes on, as far as is known.
    pub fn of(state: &CallState) -> Option<Self> {
        let said = state.counted_disposition().map(|known| &known.said);
        // A call of which there is a disposition and nothing else was handled elsewhere.
        let is_disposed = said.is_some() && (state.is_ended() || !state.is_live);
        if !(state.is_final || is_disposed) {
            return None;
        }
        let mut ids = state.ids.clone();
        let call_id = state.call_id.clone().or_else(|| ids.first().cloned())?;
        ids.remove(&call_id);
        let service = state.service_disposition.as_ref().map(|name| name.as_str().to_owned());
        Some(Self {
            call_id,
            other_ids: ids.into_iter().collect(),
            caller_phone: state.number.clone(),
            direction: state.direction,
            duration_sec: state.talk_sec.or_else(|| said.and_then(|said| said.duration_sec)),
            lead_id: said.and_then(|said| said.lead.clone()),
            notes: said.and_then(|said| said.notes.clone()),
            disposition: said.map(|said| said.code.clone()).or(service),
            agent: state.agent.clone(),
            started_at: state.began_ms,
            answered: state.is_answered(),
            outcome: state.outcome,
        })
    }

    /// All its ids.
    pub fn ids(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.call_id).chain(&self.other_ids)
    }
}
