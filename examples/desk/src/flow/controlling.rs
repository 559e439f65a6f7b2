//! Commands on a call: hold, mute, conference, kick, transfer, recording, end, reconnect.

use std::sync::Arc;

use ozonetel_sdk::Error;
use ozonetel_sdk::call_control::{CallControl, Controlled};
use ozonetel_sdk::error::Reason;
use ozonetel_sdk::types::{Did, PhoneName, PhoneNumber, Ucid};

use super::auditing::append;
use super::facts::{Actor, Together, acted, record, record_with};
use super::kookoo;
use super::viewing::{can_context, now_ms};
use super::write_again;
use crate::core::answer::{AskedLeg, AskedLegKind};
use crate::core::call::{CallState, SipLeg};
use crate::core::can::{Command, Standing, judge};
use crate::core::dial::DialWay;
use crate::core::fact::{Action, ActionOutcome, Fact};
use crate::core::transfer::{TransferCommand, TransferStep};
use crate::desk::Desk;
use crate::problem::{Kind, Problem};
use crate::store::audit::AuditRow;
use crate::store::{LoadedCall, StoreError, StoredCall};
use crate::tasks::TaskKind;

/// A command on a call.
#[derive(Debug, Clone)]
pub struct ControlOrder {
    /// Who asks, and of which agent's call.
    pub actor: Actor,
    /// The call, or a leg of it.
    pub ucid: Ucid,
    /// The call as it was read for this command; `None` where the desk does not know it.
    pub call: Option<StoredCall>,
    /// The same with its facts, where they were read: then they are not read again for what came of the command.
    pub loaded: Option<LoadedCall>,
    /// The DID, where it is known.
    pub did: Option<Did>,
    /// The phone name of the agent's number, where it is known.
    pub phone_name: Option<PhoneName>,
    /// The number that the agent is on: what dropping the agent takes.
    pub agent_number: Option<PhoneNumber>,
    /// The command.
    pub action: Action,
    /// Whether what is known of the call is a reason to refuse; without it the service alone decides.
    pub is_judged: bool,
    /// The row of the audit, which is written with how the command ended.
    pub audit: AuditRow,
}

/// The service's words on a command.
#[derive(Debug, Clone, Default)]
pub struct ControlReply {
    /// Its status word.
    pub status: String,
    /// Its text.
    pub message: String,
    /// The leg, where it names one.
    pub ucid: Option<Ucid>,
    /// The call afterwards, where the desk knows it.
    pub call: Option<StoredCall>,
}

/// The command that judges an action; `None` for what is not judged here.
fn command_of(action: &Action) -> Option<Command> {
    Some(match action {
        Action::Hold => Command::Hold,
        Action::Unhold => Command::Unhold,
        Action::Mute => Command::Mute,
        Action::Unmute => Command::Unmute,
        Action::PauseRecording => Command::PauseRecording,
        Action::ResumeRecording => Command::ResumeRecording,
        Action::Conference(_) => Command::Conference,
        Action::Kick(_) => Command::Kick,
        Action::End => Command::End,
        Action::Reconnect => Command::Reconnect,
        Action::Transfer { .. } => Command::Transfer,
        Action::CompleteTransfer => Command::CompleteTransfer,
        Action::CancelTransfer => Command::CancelTransfer,
        Action::Dispose(_) | Action::Deliver { .. } | Action::Appointment { .. } => return None,
    })
}

/// Sends a command and records how it ended.
///
/// # Errors
/// The command is not allowed now, with the reason; the service refuses it; it may have happened; the store is not
/// available.
///
/// # Cancel safety
/// If it is dropped, the work goes on.
pub async fn control(desk: &Desk, order: ControlOrder) -> Result<ControlReply, Problem> {
    let work = {
        let desk = desk.clone();
        async move { judge_and_send(&desk, order).await }
    };
    desk.tasks().run(TaskKind::Change, work).await
}

/// The sentence for a reason.
fn sentence(reason: &str) -> &'static str {
    match reason {
        "call_ended" => "the call has ended",
        "no_answer_yet" => "no one has answered yet",
        "already_held" => "the customer is on hold already",
        "not_held" => "the customer is not on hold",
        "already_muted" => "the agent is muted already",
        "not_muted" => "the agent is not muted",
        "already_paused" => "the recording is paused already",
        "not_paused" => "the recording is not paused",
        "transfer_under_way" => "a transfer is under way: complete or cancel it first",
        "transferred" => "the call was transferred",
        "no_transfer" => "no transfer is under way",
        "no_one_to_drop" => "no one was rung into this call",
        "not_over_kookoo" => "KooKoo knows no such command for this call",
        "not_available_on_account" => "this is not proven on the account: DESK_RECONNECT",
        "phone_is_connected" => "the phone is connected",
        "no_phone_here" => "the agent has no phone in the browser",
        _ => "this is not possible now",
    }
}

fn refused(reason: &'static str) -> Problem {
    Problem::new(Kind::Conflict, sentence(reason)).because(reason)
}

/// Does it, and sees to it that the row of the audit is written: with the call, if there is news of it.
async fn judge_and_send(desk: &Desk, order: ControlOrder) -> Result<ControlReply, Problem> {
    let mut audit = Some(order.audit.clone());
    let done = judged(desk, order, &mut audit).await;
    if let Some(row) = audit {
        append(desk, ended(row, done.as_ref().err())).await;
    }
    done
}

fn ended(row: AuditRow, failure: Option<&Problem>) -> AuditRow {
    match failure {
        Some(problem) => row.ending(problem.word()),
        None => row,
    }
}

async fn judged(
    desk: &Desk,
    mut order: ControlOrder,
    audit: &mut Option<AuditRow>,
) -> Result<ControlReply, Problem> {
    let state = order.call.take().map(|call| call.state).unwrap_or_default();
    if let Some(command) = command_of(&order.action).filter(|_| order.is_judged) {
        judge(command, &state, can_context(desk, &state, Standing::Handler)).map_err(refused)?;
    } else if state.way == DialWay::Kookoo && !matches!(order.action, Action::End) {
        // Front ends whose commands the service alone judges: CloudAgent does not know this call.
        return Err(refused("not_over_kookoo"));
    }
    if is_over_call_control(&order.action, &state) {
        // Before anything is asked for or written down.
        line(desk, &order)?;
    }
    if let Action::Reconnect = order.action {
        ask_for_own_leg(desk, &order, &state).await?;
    }
    // A cold transfer goes on once the third party was certainly rung; its end is what the audit says.
    let is_cold = matches!(order.action, Action::Transfer { warm: false, .. });
    let mut later = None;
    let row = if is_cold { &mut later } else { &mut *audit };
    let begun = order.action.clone();
    let mut reply = one(desk, &mut order, &state, row).await?;
    if is_cold {
        let mut order = ControlOrder { action: Action::CompleteTransfer, ..order };
        let state = match &reply.call {
            Some(call) => Arc::clone(&call.state),
            None => Arc::new(going_on(&state, &begun)),
        };
        reply = one(desk, &mut order, &state, audit).await?;
    }
    Ok(reply)
}

/// A call after a command that has happened and could not be recorded yet: what comes next is judged by what has happened.
fn going_on(state: &CallState, action: &Action) -> CallState {
    CallState { transfer: state.transfer.after(action, ActionOutcome::Done), ..state.clone() }
}

/// Whether a command goes to call control: a call over KooKoo is ended by KooKoo, a recording has an endpoint of its own.
fn is_over_call_control(action: &Action, state: &CallState) -> bool {
    state.way != DialWay::Kookoo
        && !matches!(action, Action::PauseRecording | Action::ResumeRecording)
}

/// What call control needs with every command: the DID, and the phone name of the agent's number.
fn line(desk: &Desk, order: &ControlOrder) -> Result<(Did, PhoneName), Problem> {
    let name = order.phone_name.clone();
    let name = name.map_or_else(|| desk.needed_phone_name(&order.actor.agent), Ok)?;
    Ok((desk.did(order.did.clone())?, name))
}

/// The agent's phone is about to ring for a call that it is in already.
async fn ask_for_own_leg(
    desk: &Desk,
    order: &ControlOrder,
    state: &CallState,
) -> Result<(), StoreError> {
    let leg = AskedLeg {
        id: crate::chance::id_text(),
        kind: AskedLegKind::Reconnect,
        ucid: state.leg.or(Some(order.ucid)),
        since_ms: now_ms(desk),
    };
    desk.store().ask_leg(&order.actor.agent, leg).await
}

/// Sends one step and records how it ended.
async fn one(
    desk: &Desk,
    order: &mut ControlOrder,
    state: &CallState,
    audit: &mut Option<AuditRow>,
) -> Result<ControlReply, Problem> {
    let sent = send(desk, order, state).await;
    let outcome = match &sent {
        Ok(_) => ActionOutcome::Done,
        Err(Failure::Service(error)) if error.may_have_happened() => ActionOutcome::Unknown,
        Err(_) => ActionOutcome::Failed,
    };
    let sent = sent.map_err(|failure| match failure {
        Failure::Service(error) => Problem::from(&error),
        Failure::Problem(problem) => problem,
    });
    let is_known = !state.ids.is_empty();
    let mut call = None;
    // What no one knows and did not happen leaves nothing to record.
    if is_known || outcome != ActionOutcome::Failed {
        let mut of = state.clone();
        of.ids.insert(order.ucid.to_string());
        let key = crate::chance::id_text();
        let action = order.action.clone();
        let fact = acted(&of, key, order.actor.clone(), action, outcome, now_ms(desk));
        let facts: Vec<Fact> = fact.into_iter().collect();
        let rows = audit.iter().map(|row| ended(row.clone(), sent.as_ref().err())).collect();
        let call_id = Some(order.ucid.to_string());
        let loaded = order.loaded.take().map(|loaded| vec![loaded]);
        let together = Together { call: call_id, audit: rows, loaded, ..Together::default() };
        match record_with(desk, facts.clone(), together).await {
            Ok(recorded) => {
                if recorded.is_news {
                    *audit = None;
                }
                call = Some(recorded.call);
            }
            // It has happened: the caller is told so, whatever the store says.
            Err(error) => {
                tracing::error!(%error, "a command was not recorded");
                record_later(desk, facts);
            }
        }
    }
    Ok(ControlReply { call, ..sent? })
}

/// Records how a command ended once the store can be used again: what comes after it depends on it, and to repeat it may
/// ring someone twice.
fn record_later(desk: &Desk, facts: Vec<Fact>) {
    let (desk, tasks) = (desk.clone(), desk.tasks().clone());
    tasks.watch(async move {
        for _ in 0..write_again::TIMES {
            tokio::time::sleep(write_again::PAUSE).await;
            if record(&desk, facts.clone()).await.is_ok() {
                return;
            }
        }
        tracing::error!("how a command ended was given up");
    });
}

/// Why a step was not sent, or failed.
enum Failure {
    Service(Error),
    Problem(Problem),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Service(error)
    }
}

async fn send(
    desk: &Desk,
    order: &ControlOrder,
    state: &CallState,
) -> Result<ControlReply, Failure> {
    let (client, leg) = (desk.client().clone(), order.ucid);
    if state.way == DialWay::Kookoo {
        kookoo::end(desk, state).await?;
        let message = "both legs are ended".to_owned();
        return Ok(ControlReply {
            status: "Success".to_owned(),
            message,
            ..ControlReply::default()
        });
    }
    if let Action::PauseRecording | Action::ResumeRecording = order.action {
        let recording = client.recording();
        let done = match order.action {
            Action::PauseRecording => recording.pause(leg).await?,
            _ => recording.unpause(leg).await?,
        };
        let (status, message) = (done.status, done.message.as_str().to_owned());
        return Ok(ControlReply { status, message, ..ControlReply::default() });
    }
    let control = client.call_control();
    let (did, name) = line(desk, order)?;
    let done = match &order.action {
        Action::Hold => control.hold(leg, did, name).await?,
        Action::Unhold => control.unhold(leg, did, name).await?,
        Action::Mute => control.mute(leg, did, name).await?,
        Action::Unmute => control.unmute(leg, did, name).await?,
        Action::Conference(number) => control.conference(leg, did, name, number.clone()).await?,
        Action::Kick(number) => control.kick(leg, did, name, number.clone()).await?,
        Action::End => end(control, (did, name), order, leg, state).await?,
        Action::Reconnect => control.conference(leg, did, name, own_number(order)?).await?,
        action => match state.transfer.begin(action) {
            Some(command) => {
                let step = state.transfer.step;
                transfer(control, (did, name), order, leg, (command, step)).await?
            }
            None => return Err(Failure::Problem(refused("no_transfer"))),
        },
    };
    Ok(ControlReply {
        status: done.status.unwrap_or_else(|| "Success".to_owned()),
        message: done.message.map(|text| text.as_str().to_owned()).unwrap_or_default(),
        ucid: done.ucid,
        call: None,
    })
}

/// Drops the agent, which ends the call. Where the agent's phone was lost, dropping what is left of its leg keeps the
/// customer on the line, alone: then the customer is dropped as well, unless a third party is there to talk to.
async fn end(
    control: CallControl<'_>,
    (did, name): (Did, PhoneName),
    order: &ControlOrder,
    leg: Ucid,
    state: &CallState,
) -> Result<Controlled, Failure> {
    let ended = control.kick(leg, did.clone(), name.clone(), own_number(order)?).await;
    let is_lost = state.sip == SipLeg::Lost;
    let customer = state.number.clone().filter(|_| match &ended {
        Ok(_) => is_lost && state.thirds().next().is_none(),
        Err(error) => is_lost && is_gone(error),
    });
    let Some(customer) = customer else { return Ok(ended?) };
    match (ended, control.kick(leg, did, name, customer).await) {
        // Dropping the agent has ended the call.
        (Ok(ended), Err(error)) if is_gone(&error) => Ok(ended),
        (_, done) => Ok(done?),
    }
}

async fn transfer(
    control: CallControl<'_>,
    (did, name): (Did, PhoneName),
    order: &ControlOrder,
    leg: Ucid,
    (command, step): (TransferCommand, TransferStep),
) -> Result<Controlled, Failure> {
    Ok(match command {
        TransferCommand::Conference(number) => {
            // Found now rather than when the customer is already with the third party.
            own_number(order)?;
            control.conference(leg, did, name, number).await?
        }
        TransferCommand::KickAgent => control.kick(leg, did, name, own_number(order)?).await?,
        TransferCommand::KickThird(number) => {
            match control.kick(leg, did, name, number).await {
                // The third party was rung and is there no longer: the agent has the customer as after a cancellation.
                // One that may not have been rung yet may still come.
                Err(error) if is_gone(&error) && step == TransferStep::Consulting => {
                    Controlled::default()
                }
                done => done?,
            }
        }
    })
}

/// Whether who was to be dropped is not there.
fn is_gone(error: &Error) -> bool {
    error.reason() == Some(Reason::NotFound)
}

fn own_number(order: &ControlOrder) -> Result<PhoneNumber, Failure> {
    order.agent_number.clone().ok_or_else(|| {
        let message = "the agent's own number is not known: set the link's extension";
        Failure::Problem(Problem::new(Kind::Unprocessable, message).because("no_agent_number"))
    })
}

#[cfg(test)]
mod tests;
