//! Everything that there was with a person.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::LeadView;
use super::messages::MessageView;
use crate::access::no_such;
use crate::core::appointment::{Appointment, AppointmentState, AppointmentView, LONGEST_SLOT_MS};
use crate::core::call::{CallState, Direction};
use crate::core::caller::Caller;
use crate::core::followup::FollowUp;
use crate::core::message::{LeadMessage, MessageState};
use crate::core::worklist::{EntryKind, ServiceLevel};
use crate::desk::Desk;
use crate::flow::customers::{MOST_CALLS, handles_lead};
use crate::flow::listed_leads::ListedLeads;
use crate::problem::Problem;
use crate::routes::work::FollowUpView;
use crate::store::work::{Lead, Versioned};
use crate::store::{AppointmentQuery, StoredCall};

/// How many records of a kind an answer has at most.
const MOST: u32 = 50;

/// How many appointments to come it has at most.
const MOST_TO_COME: u32 = 200;

/// Everything about a lead.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeadOverview {
    /// Who it is.
    lead: LeadView,
    /// What there was last.
    last_interaction: Option<Interaction>,
    /// How long the person has been waiting.
    service_level: LevelView,
    /// Calls, the newest first.
    calls: Vec<LeadCall>,
    /// Appointments, the first first: at most the last 50 of those that are over, and those to come.
    appointments: Vec<AppointmentView>,
    /// Whether there are more.
    more_appointments: bool,
    /// Follow-ups, the last due first; the open ones are to be done.
    follow_ups: Vec<FollowUpView>,
    /// Messages to the person, the newest first.
    messages: Vec<MessageView>,
    /// Whether there is an appointment to come.
    booked: bool,
}

/// What there was with a person.
#[derive(Serialize, ToSchema, PartialEq, Eq, Debug)]
struct Interaction {
    /// When, in milliseconds since 1970.
    at: i64,
    /// What it was.
    kind: InteractionKind,
    /// In a word: the call's disposition or outcome, the doctor.
    text: String,
}

/// What there was with a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum InteractionKind {
    /// A call.
    Call,
    /// An appointment was made.
    Appointment,
    /// A message was sent.
    Message,
    /// Something of which the time is known only.
    Other,
}

/// How long a person has been waiting.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LevelView {
    /// How that is to be judged.
    state: ServiceLevel,
    /// Since the last interaction, or since the lead was added, in seconds.
    age_sec: i64,
}

/// A call with a person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LeadCall {
    /// Its id.
    ucid: String,
    /// When it began, in milliseconds since 1970.
    at: Option<i64>,
    /// Which way it went, where that is known.
    direction: Option<Direction>,
    /// Who had it.
    agent: Option<String>,
    /// Whether there was a conversation.
    answered: bool,
    /// How long it was, in seconds.
    duration_sec: Option<u32>,
    /// How it ended.
    #[schema(value_type = Option<String>)]
    outcome: Option<ozonetel_sdk::phone_call::CallOutcomeKind>,
    /// What was said about it.
    disposition: Option<String>,
    /// The notes; only for who handles the person.
    notes: Option<String>,
}

fn disposition(state: &CallState) -> Option<String> {
    let said = state.disposition.as_ref().map(|known| known.said.disposition.clone());
    let name = state.service_disposition.clone().or(said);
    name.map(|name| name.as_str().to_owned())
}

impl LeadCall {
    fn of(call: StoredCall, whole: bool) -> Self {
        let state = call.state;
        let said = state.disposition.as_ref().and_then(|known| known.said.notes.as_ref());
        Self {
            at: state.began_ms,
            direction: state.direction,
            agent: state.agent.as_ref().map(|agent| agent.as_str().to_owned()),
            answered: state.is_answered(),
            duration_sec: state.talk_sec,
            outcome: state.outcome,
            disposition: disposition(&state),
            notes: said.filter(|_| whole).map(|notes| notes.as_str().to_owned()),
            ucid: call.id,
        }
    }
}

/// Everything that there was with a lead: details, calls, appointments, follow-ups. Numbers, notes and details are whole
/// for who handles the person: whose lead it is, everyone if it is no one's, who had a call with the number.
#[utoipa::path(
    get,
    path = "/api/leads/{id}/360",
    tag = "customers",
    params(("id" = String, Path, description = "The lead's id")),
    extensions(("x-allow" = json!("agent"))),
    responses(
        (status = 200, description = "What is known", body = LeadOverview),
        (status = 404, description = "There is no such lead"),
    ),
)]
pub(super) async fn overview(
    State(desk): State<Desk>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<LeadOverview>, Problem> {
    let lead = desk.platform().lead(&id).await?.ok_or_else(|| no_such("lead"))?;
    let whole = handles_lead(&desk, &caller, &lead).await?;
    let now = desk.now();
    let (calls, appointments, follow_ups, messages) = tokio::join!(
        desk.store().calls_of_number(&lead.number, MOST_CALLS),
        appointments_of(&desk, &lead, now),
        desk.store().follow_ups_of_number(&lead.number, MOST),
        desk.store().messages_of_number(&lead.number, MOST),
    );
    let (calls, (appointments, more_appointments), messages) = (calls?, appointments?, messages?);
    let last_interaction = last_interaction(&lead, &calls, &appointments, &messages);
    let service_level = level(&desk, &lead, last_interaction.as_ref(), now);
    let to_come = |one: &Appointment| one.state == AppointmentState::Booked && one.ends_ms > now;
    let named = ListedLeads::of_one(&lead);
    let follow_ups = follow_ups?.into_iter();
    let view = |found: Versioned<FollowUp>| FollowUpView::with_lead(found.record, whole, &named);
    Ok(Json(LeadOverview {
        last_interaction,
        service_level,
        calls: calls.into_iter().map(|call| LeadCall::of(call, whole)).collect(),
        booked: appointments.iter().any(to_come),
        more_appointments,
        appointments: appointments.iter().map(|one| AppointmentView::of(one, whole)).collect(),
        messages: messages.into_iter().map(|one| MessageView::of(one, whole, now)).collect(),
        follow_ups: follow_ups.map(view).collect(),
        lead: LeadView::of(lead, whole),
    }))
}

/// The last appointments of those that are over and all to come, the first first; whether there are more.
async fn appointments_of(
    desk: &Desk,
    lead: &Lead,
    now: i64,
) -> Result<(Vec<Appointment>, bool), Problem> {
    // What began within a day may go on.
    let since = now.saturating_sub(LONGEST_SLOT_MS);
    let number = Some(lead.number.clone());
    let to_come = AppointmentQuery {
        number: number.clone(),
        from_ms: Some(since),
        most: MOST_TO_COME,
        ..AppointmentQuery::default()
    };
    let over = AppointmentQuery {
        number,
        to_ms: Some(since),
        most: MOST,
        latest: true,
        ..AppointmentQuery::default()
    };
    let platform = desk.platform();
    let (over, to_come) =
        tokio::try_join!(platform.appointments(&over), platform.appointments(&to_come))?;
    let more = [&over, &to_come].iter().any(|found| found.more || found.unreadable > 0);
    let mut appointments = over.appointments;
    appointments.extend(to_come.appointments);
    Ok((appointments, more))
}

fn last_interaction(
    lead: &Lead,
    calls: &[StoredCall],
    appointments: &[Appointment],
    messages: &[LeadMessage],
) -> Option<Interaction> {
    // A call that has not ended is neither answered nor not, and is no last contact.
    let call = |call: &StoredCall| {
        call.state.ended_ms?;
        let text = disposition(&call.state).unwrap_or_else(|| {
            (if call.state.is_answered() { "answered" } else { "not answered" }).to_owned()
        });
        Some(Interaction { at: call.state.began_ms?, kind: InteractionKind::Call, text })
    };
    let appointment = |one: &Appointment| Interaction {
        at: one.booked_ms,
        kind: InteractionKind::Appointment,
        text: one.doctor.name.clone(),
    };
    let other = lead.last_interaction.map(|at| Interaction {
        at,
        kind: InteractionKind::Other,
        text: String::new(),
    });
    let message = |one: &LeadMessage| Interaction {
        at: one.at_ms,
        kind: InteractionKind::Message,
        text: one.template.clone().unwrap_or_default(),
    };
    let known = calls.iter().filter_map(call).chain(appointments.iter().map(appointment));
    let sent = |one: &&LeadMessage| one.state == MessageState::Sent;
    let known = known.chain(messages.iter().filter(sent).map(message));
    // A conversation is noted with the lead at its end: the call itself says more.
    let newest = known.max_by_key(|one| one.at);
    newest.or(other)
}

fn level(desk: &Desk, lead: &Lead, last: Option<&Interaction>, now: i64) -> LevelView {
    let since = lead.last_interaction.max(last.map(|last| last.at)).unwrap_or(lead.added);
    let age_ms = now.saturating_sub(since).max(0);
    let level = if lead.done {
        ServiceLevel::Ok
    } else {
        desk.service_levels().level(EntryKind::Lead, age_ms)
    };
    LevelView { state: level, age_sec: age_ms / 1000 }
}
