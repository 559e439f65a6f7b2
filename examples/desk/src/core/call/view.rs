//! A call as it is sent out.

use std::collections::BTreeMap;
use std::fmt;

use ozonetel_sdk::phone_call::CallOutcomeKind;
use ozonetel_sdk::types::{AgentId, DispositionName, redact_number};
use serde::Serialize;
use utoipa::ToSchema;

use super::state::{
    CallPhase, CallState, Direction, DispositionState, Participant, ParticipantRole,
    ParticipantState, RecordingState, SipLeg, Wrapup,
};
use crate::core::assist::gate::AssistState;
use crate::core::can::{Can, CanContext};
use crate::core::transfer::TransferStep;

/// How long a third party may be shown as being rung.
const RINGS_MS: i64 = 45_000;

/// Who looks at a call, and what is known besides its facts.
#[derive(Debug, Clone, Default)]
pub struct Viewer {
    /// The key under which the call is stored.
    pub ucid: String,
    /// How often it has changed.
    pub version: i64,
    /// Whether numbers are shown whole: to who handles the call.
    pub whole: bool,
    /// Notes as they were typed, where no disposition holds them yet.
    pub notes: Option<String>,
    /// The lead: id and name.
    pub lead: Option<(String, String)>,
    /// What the judgements depend on.
    pub can: CanContext,
    /// Now, in milliseconds since 1970.
    pub now_ms: i64,
    /// The dial's state in the ledger.
    pub dial_state: Option<String>,
    /// Whether it is listened to, where it could be.
    pub assist: Option<AssistState>,
    /// The agent who looks and has handed it on, and what is judged by for that one.
    pub part: Option<(AgentId, CanContext)>,
}

/// A call as it is sent out.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the fields are those of the route's description")]
pub struct CallView {
    pub ucid: String,
    pub version: i64,
    pub ids: Vec<String>,
    pub agent: Option<String>,
    pub direction: Option<Direction>,
    pub masked: String,
    pub phase: CallPhase,
    pub held: Option<bool>,
    pub muted: Option<bool>,
    pub recording: RecordingState,
    pub recording_paused_at: Option<i64>,
    pub asked_at: Option<i64>,
    pub ringing_at: Option<i64>,
    pub answered_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub campaign: Option<String>,
    pub did: Option<String>,
    pub skill: Option<String>,
    #[schema(value_type = Option<String>)]
    pub outcome: Option<CallOutcomeKind>,
    pub transferred: bool,
    pub lead: Option<LeadOfCall>,
    pub booked: bool,
    pub wrapup: Option<WrapupView>,
    pub disposition: Option<DispositionOfCall>,
    pub dial: Option<DialOfCall>,
    pub phone: PhoneView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assist: Option<AssistState>,
    pub can: Can,
    pub part: Option<PartView>,
    // What depends on who looks comes last: see `ShownPart`.
    pub number: Option<String>,
    pub participants: Vec<ParticipantView>,
    pub transfer: TransferView,
    pub notes: String,
}

/// The last fields of a view, which alone depend on whether numbers are shown whole.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownPart {
    number: Option<String>,
    participants: Vec<ParticipantView>,
    transfer: TransferView,
    notes: String,
}

impl ShownPart {
    fn of(call: &CallState, whole: bool, notes: Option<String>, now_ms: i64) -> Self {
        let shown = |number: &str| if whole { number.to_owned() } else { redact_number(number) };
        let number = call.number.as_ref().filter(|_| whole);
        Self {
            number: number.map(|number| number.as_str().to_owned()),
            participants: call
                .participants
                .iter()
                .map(|one| participant(one, now_ms, &shown))
                .collect(),
            transfer: TransferView {
                step: call.transfer.step,
                number: call.transfer.number.as_ref().map(|number| shown(number.as_str())),
                warm: call.transfer.warm,
            },
            notes: notes.filter(|_| whole).unwrap_or_default(),
        }
    }
}

/// The own part of an agent who has handed a call on to a colleague.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PartView {
    /// The agent.
    pub agent: String,
    /// `after_call`, or `closed`.
    pub phase: CallPhase,
    /// When the agent handed it on, in milliseconds since 1970.
    pub ended_at: i64,
    /// The agent's after-call work.
    pub wrapup: WrapupView,
    /// What the agent said.
    pub disposition: Option<DispositionOfCall>,
    /// What the agent may do still.
    pub can: Can,
}

impl PartView {
    fn of(call: &CallState, agent: &AgentId, context: CanContext, now_ms: i64) -> Option<Self> {
        let part = call.part_of(agent)?;
        Some(Self {
            agent: part.agent.as_str().to_owned(),
            phase: part.phase,
            ended_at: part.wrapup.started_ms,
            wrapup: WrapupView::of(part.wrapup, part.phase, now_ms),
            disposition: part.disposition.as_ref().map(disposition),
            can: Can::of(call, context),
        })
    }
}

/// Who is, or was, on a call, as it is sent out.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ParticipantView {
    /// The number, masked where the call's is; of an agent, the id.
    pub number: String,
    /// What they are.
    pub role: ParticipantRole,
    /// Whether they are on.
    pub state: ParticipantState,
}

impl fmt::Debug for ParticipantView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.role, self.state)
    }
}

/// The lead whose number a call's is.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LeadOfCall {
    /// The lead's id.
    pub id: String,
    /// The lead's name.
    pub name: String,
}

impl fmt::Debug for LeadOfCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lead {}", self.id)
    }
}

/// What was said about a call, and where that has arrived.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DispositionOfCall {
    /// The code that was chosen.
    pub code: String,
    /// The account's disposition it stands for.
    #[schema(value_type = String)]
    pub name: DispositionName,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// By whom.
    pub by: String,
    /// When to call back, in milliseconds since 1970.
    pub call_back_at: Option<i64>,
    /// For each target (`service`, `platform`) `pending`, `sent`, `already`, `overtaken`, `refused` or `given_up`.
    pub targets: BTreeMap<String, String>,
}

/// The dial that a call comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DialOfCall {
    /// Its id in the ledger.
    pub id: String,
    /// What was sent along, to find the call by.
    pub reference: String,
    /// Its state in the ledger.
    pub state: Option<String>,
}

/// A call's transfer as it is sent out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TransferView {
    /// Where it is.
    pub step: TransferStep,
    /// Whom it is to, masked.
    pub number: Option<String>,
    /// Whether the agent stays until it is completed.
    pub warm: bool,
}

/// After-call work as it is sent out.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WrapupView {
    /// When it began.
    pub started_at: i64,
    /// The campaign's limit, where it is known.
    pub limit_sec: Option<u32>,
    /// Seconds left, where the limit is known and work goes on.
    pub remaining_sec: Option<i64>,
    /// Whether the limit has passed.
    pub overrun: bool,
}

impl WrapupView {
    /// After-call work of a call, or of a part in one, that is so far.
    pub fn of(wrapup: Wrapup, phase: CallPhase, now_ms: i64) -> Self {
        let limit_ms = wrapup.limit_sec.map(|limit| i64::from(limit) * 1000);
        let left = limit_ms.map(|limit| wrapup.started_ms.saturating_add(limit) - now_ms);
        let goes_on = phase == CallPhase::AfterCall;
        Self {
            started_at: wrapup.started_ms,
            limit_sec: wrapup.limit_sec,
            remaining_sec: left.filter(|_| goes_on).map(|ms| ms.max(0) / 1000),
            overrun: wrapup.overrun || (goes_on && left.is_some_and(|ms| ms < 0)),
        }
    }
}

/// The agent's softphone in a call, as it is sent out.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhoneView {
    /// The leg in the tab that owns the phone.
    pub leg: SipLeg,
    /// Whether a tab has the call.
    pub tab: bool,
    /// Whether the customer can hear the agent, as far as is known.
    pub heard: bool,
    /// No INVITE came in the time it should have.
    pub invite_missing: bool,
    /// The setting to look at, where it did not.
    pub invite_setting: Option<&'static str>,
}

impl CallView {
    /// A call as this viewer may see it.
    pub fn of(call: &CallState, viewer: Viewer) -> Self {
        let can = Can::of(call, viewer.can);
        let of_part = viewer.part.as_ref().and_then(|(agent, _)| call.part_of(agent));
        let said = of_part.map_or_else(|| said_of(call), |part| part.disposition.as_ref());
        let said = said.and_then(|known| known.said.notes.as_ref());
        let notes = viewer.notes.or_else(|| said.map(|notes| notes.as_str().to_owned()));
        let shown = ShownPart::of(call, viewer.whole, notes, viewer.now_ms);
        let dial = call.dial.as_ref().map(|(id, reference)| DialOfCall {
            id: id.clone(),
            reference: reference.clone(),
            state: viewer.dial_state,
        });
        let heard = matches!(call.sip, SipLeg::Up | SipLeg::None) && !call.is_ended();
        let invite_missing = call.invite_missing && call.sip == SipLeg::None;
        Self {
            ids: call.ids.iter().cloned().collect(),
            agent: call.agent.as_ref().map(|agent| agent.as_str().to_owned()),
            direction: call.direction,
            masked: call
                .number
                .as_ref()
                .map(|number| redact_number(number.as_str()))
                .unwrap_or_default(),
            phase: call.phase,
            held: call.held,
            muted: call.muted,
            recording: call.recording.state,
            recording_paused_at: call.recording.paused_ms,
            asked_at: call.asked_ms,
            ringing_at: call.ringing_ms,
            answered_at: call.answered_ms,
            ended_at: call.ended_ms,
            campaign: call.campaign.as_ref().map(|name| name.as_str().to_owned()),
            did: call.did.as_ref().map(|did| did.as_str().to_owned()),
            skill: call.skill.as_ref().map(|skill| skill.as_str().to_owned()),
            outcome: call.outcome,
            transferred: call.transferred,
            lead: viewer.lead.map(|(id, name)| LeadOfCall { id, name }),
            booked: !call.appointments.is_empty(),
            wrapup: call.wrapup.map(|one| WrapupView::of(one, call.phase, viewer.now_ms)),
            disposition: said_of(call).map(disposition),
            dial,
            phone: PhoneView {
                leg: call.sip,
                tab: !matches!(call.sip, SipLeg::None | SipLeg::Lost),
                heard,
                invite_missing,
                invite_setting: invite_missing.then(|| call.way.invite_setting()),
            },
            assist: viewer.assist,
            can,
            part: viewer
                .part
                .and_then(|(agent, context)| PartView::of(call, &agent, context, viewer.now_ms)),
            ucid: viewer.ucid,
            version: viewer.version,
            number: shown.number,
            participants: shown.participants,
            transfer: shown.transfer,
            notes: shown.notes,
        }
    }

    /// A call as JSON, as who handles it sees it and as others do. What they have in common is written once.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn texts(call: &CallState, viewer: &Viewer) -> Result<(String, String), serde_json::Error> {
        let of = |whole| Self::of(call, Viewer { whole, ..viewer.clone() });
        let view = of(true);
        let whole = text(&view)?;
        let Self { number, participants, transfer, notes, .. } = view;
        let shown = serde_json::to_string(&ShownPart { number, participants, transfer, notes })?;
        let hidden = ShownPart::of(call, false, None, viewer.now_ms);
        let hidden = serde_json::to_string(&hidden)?;
        let common = whole.strip_suffix(shown.trim_start_matches('{'));
        let masked = match common {
            Some(common) => [common, hidden.trim_start_matches('{')].concat(),
            None => text(&of(false))?,
        };
        Ok((whole, masked))
    }
}

/// As long as nearly all views are as JSON: to begin with less is to copy it several times.
const ROOM: usize = 2_048;

fn text(view: &CallView) -> Result<String, serde_json::Error> {
    let mut text = Vec::with_capacity(ROOM);
    serde_json::to_writer(&mut text, view)?;
    text.shrink_to_fit();
    String::from_utf8(text).map_err(serde::ser::Error::custom)
}

fn participant(one: &Participant, now_ms: i64, shown: &dyn Fn(&str) -> String) -> ParticipantView {
    let rang_out = one.since_ms.is_some_and(|since| now_ms.saturating_sub(since) > RINGS_MS);
    let state = match one.state {
        ParticipantState::Ringing if rang_out => ParticipantState::NotConfirmed,
        state => state,
    };
    let number = match one.role {
        ParticipantRole::Agent => one.number.clone(),
        _ => shown(&one.number),
    };
    ParticipantView { number, role: one.role, state }
}

/// What was said about it: of a call that was answered, by who has it.
fn said_of(call: &CallState) -> Option<&DispositionState> {
    if call.is_answered() { call.own_disposition() } else { call.disposition.as_ref() }
}

fn disposition(known: &DispositionState) -> DispositionOfCall {
    DispositionOfCall {
        code: known.said.code.clone(),
        name: known.said.disposition.clone(),
        at: known.at_ms,
        by: known.by.clone(),
        call_back_at: known.said.call_back_ms,
        targets: known.targets.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::transfer::Transfer;

    #[test]
    fn both_texts_of_a_call_are_those_of_its_views() {
        let third = Participant {
            number: "9000000002".to_owned(),
            role: ParticipantRole::Third,
            state: ParticipantState::Ringing,
            since_ms: Some(0),
        };
        let transfer = Transfer { number: Some("9000000003".into()), ..Transfer::default() };
        let full = CallState {
            number: Some("9000000001".into()),
            participants: vec![third],
            transfer,
            ..CallState::default()
        };
        for call in [full, CallState::default()] {
            for notes in [None, Some("call on \"Monday\"".to_owned())] {
                let viewer = Viewer { now_ms: 1, notes, ..Viewer::default() };
                let (whole, masked) = CallView::texts(&call, &viewer).unwrap();
                for (whole, text) in [(true, whole), (false, masked)] {
                    let view = CallView::of(&call, Viewer { whole, ..viewer.clone() });
                    assert_eq!(text, serde_json::to_string(&view).unwrap());
                    assert!(whole || !text.contains("900000000") && !text.contains("Monday"));
                }
            }
        }
    }
}
