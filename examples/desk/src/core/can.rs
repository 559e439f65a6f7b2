//! What is allowed on a call, and why not: the function that judges a command also fills `can` in every call that is
//! sent out.
//!
//! What is not known is no reason to refuse: where no source speaks of a call while it is up, the service decides.

use ozonetel_sdk::types::AgentId;
use serde::Serialize;
use utoipa::ToSchema;

use super::call::{CallPhase, CallState, DispositionState, RecordingState, SipLeg};
use super::caller::Caller;
use super::dial::DialWay;
use super::transfer::TransferStep;

/// Why a command is not allowed; `null` in `can` is allowed.
pub type Refusal = &'static str;

/// How someone stands to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'a> {
    /// Handles it, or may act for the one who does.
    Handler,
    /// Speaks of this agent's part in it, and of nothing else.
    Participant(&'a AgentId),
    /// Sees it.
    Onlooker,
}

impl<'a> Standing<'a> {
    /// How a caller stands to a call: who is an agent who had a part in it speaks of that.
    pub fn of(caller: &'a Caller, call: &CallState) -> Self {
        if caller.may_act_on_call_of(call.agent.as_ref()) {
            return Self::Handler;
        }
        own_part(caller, call).map_or(Self::Onlooker, Self::Participant)
    }
}

/// The caller's own agent in a call: whose call it is, else one who had a part in it.
pub fn own_part<'a>(caller: &'a Caller, call: &CallState) -> Option<&'a AgentId> {
    let has = |own: &&AgentId| call.agent.as_ref().is_some_and(|agent| agent.is_same_agent(own));
    let own = || caller.own.iter();
    own().find(has).or_else(|| own().find(|own| call.is_of(own)))
}

/// What else a judgement depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CanContext {
    /// Whether the caller handles this call, or may act for the one who does.
    pub may_act: bool,
    /// Whether the caller may say how it went: as one who may act, or of the own part in it.
    pub may_dispose: bool,
    /// Whether reconnecting is known to work on this account.
    pub reconnect: bool,
    /// Why the call's number cannot be dialled now: calling hours, the block list, an open dial.
    pub dial: Option<Refusal>,
    /// Whether a disposition is on its way to the service, or refused by it.
    pub disposition: DispositionProgress,
}

impl CanContext {
    /// What is judged by for who stands so to a call, as far as the call says it.
    pub fn of(call: &CallState, standing: Standing<'_>) -> Self {
        let disposition = match standing {
            Standing::Participant(agent) => DispositionProgress::for_agent(call, agent),
            Standing::Handler | Standing::Onlooker => DispositionProgress::of(call),
        };
        Self {
            may_act: standing == Standing::Handler,
            may_dispose: standing != Standing::Onlooker,
            disposition,
            ..Self::default()
        }
    }
}

/// How far the disposition of a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DispositionProgress {
    /// No one has said anything.
    #[default]
    None,
    /// It is stored and not at the service.
    Waiting,
    /// The service has it.
    Delivered,
    /// It ended badly, and can be given again.
    Refused,
}

impl DispositionProgress {
    /// How far the disposition of a call is, for who has it.
    pub fn of(call: &CallState) -> Self {
        Self::of_known(
            call.agent
                .as_ref()
                .map_or(call.disposition.as_ref(), |agent| call.disposition_for(agent)),
        )
    }

    /// How far the disposition of a call is, for an agent.
    pub fn for_agent(call: &CallState, agent: &AgentId) -> Self {
        Self::of_known(call.disposition_for(agent))
    }

    fn of_known(known: Option<&DispositionState>) -> Self {
        let Some(disposition) = known else { return Self::None };
        match disposition.targets.get("service").map(String::as_str) {
            Some("sent" | "already" | "kept") => Self::Delivered,
            Some("refused" | "given_up" | "overtaken") => Self::Refused,
            _ => Self::Waiting,
        }
    }
}

/// A command on a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Picks up.
    Answer,
    /// Puts the customer on hold.
    Hold,
    /// Takes the customer off hold.
    Unhold,
    /// Mutes the agent.
    Mute,
    /// Unmutes the agent.
    Unmute,
    /// Sends a digit.
    Keypad,
    /// Begins a transfer.
    Transfer,
    /// Completes a warm transfer.
    CompleteTransfer,
    /// Cancels a transfer.
    CancelTransfer,
    /// Rings another party into the call.
    Conference,
    /// Drops a party.
    Kick,
    /// Pauses the recording.
    PauseRecording,
    /// Resumes the recording.
    ResumeRecording,
    /// Ends the call.
    End,
    /// Sets the disposition.
    Dispose,
    /// Rings the agent's phone into the call again.
    Reconnect,
    /// Shows the whole number.
    Reveal,
    /// Dials the call's number.
    Dial,
}

/// Judges a command.
///
/// # Errors
/// The key of the reason why it is not allowed.
pub fn judge(command: Command, call: &CallState, context: CanContext) -> Result<(), Refusal> {
    if command == Command::Reveal {
        return if call.number.is_some() { Ok(()) } else { Err("no_number") };
    }
    if command == Command::Dial {
        let is_in_it = context.may_act && call.phase == CallPhase::Active;
        return match (&call.number, context.dial) {
            (None, _) => Err("no_number"),
            (_, Some(refusal)) => Err(refusal),
            _ if is_in_it => Err("in_a_call"),
            (Some(_), None) => Ok(()),
        };
    }
    let is_allowed = context.may_act || (command == Command::Dispose && context.may_dispose);
    if !is_allowed {
        return Err("not_your_call");
    }
    if call.way == DialWay::Kookoo && !is_over_kookoo(command) {
        return Err("not_over_kookoo");
    }
    match command {
        Command::Dispose => dispose(call, context),
        Command::Answer => answer(call),
        Command::Reconnect => reconnect(call, context),
        Command::End => going_on(call),
        _ => {
            going_on(call)?;
            talking(call)?;
            on_call(command, call)
        }
    }
}

/// Whether a command is for calls over KooKoo too, of which CloudAgent's call control knows nothing.
fn is_over_kookoo(command: Command) -> bool {
    matches!(command, Command::Answer | Command::Keypad | Command::End | Command::Dispose)
}

fn going_on(call: &CallState) -> Result<(), Refusal> {
    if call.is_ended() { Err("call_ended") } else { Ok(()) }
}

/// Whether there is a conversation, as far as anyone can know.
fn talking(call: &CallState) -> Result<(), Refusal> {
    let is_known = call.is_live || matches!(call.sip, SipLeg::Ringing);
    if call.phase < CallPhase::Active && is_known { Err("no_answer_yet") } else { Ok(()) }
}

fn on_call(command: Command, call: &CallState) -> Result<(), Refusal> {
    let open = call.transfer.is_open();
    let refusal = match command {
        Command::Hold if call.held == Some(true) => "already_held",
        Command::Unhold if call.held == Some(false) => "not_held",
        Command::Mute if call.muted == Some(true) => "already_muted",
        Command::Unmute if call.muted == Some(false) => "not_muted",
        Command::PauseRecording if call.recording.state == RecordingState::Paused => {
            "already_paused"
        }
        Command::ResumeRecording if call.recording.state == RecordingState::On => "not_paused",
        Command::Transfer | Command::Conference if open => "transfer_under_way",
        Command::Transfer if call.transfer.step == TransferStep::Completed => "transferred",
        Command::CompleteTransfer | Command::CancelTransfer if !open => "no_transfer",
        Command::Kick if call.thirds().next().is_none() => "no_one_to_drop",
        _ => return Ok(()),
    };
    Err(refusal)
}

fn answer(call: &CallState) -> Result<(), Refusal> {
    going_on(call)?;
    match call.sip {
        SipLeg::Ringing => Ok(()),
        SipLeg::Up | SipLeg::NoDevice => Err("already_answered"),
        _ => Err("not_ringing"),
    }
}

/// A second disposition of one call is refused by the service: it is refused here, with what has become of the first.
fn dispose(call: &CallState, context: CanContext) -> Result<(), Refusal> {
    match context.disposition {
        DispositionProgress::Waiting | DispositionProgress::Delivered => Err("already_disposed"),
        DispositionProgress::None | DispositionProgress::Refused => {
            let known = call.is_live && call.is_ended() && !call.wants_disposition();
            if known { Err("no_conversation") } else { Ok(()) }
        }
    }
}

fn reconnect(call: &CallState, context: CanContext) -> Result<(), Refusal> {
    going_on(call)?;
    if !context.reconnect {
        return Err("not_available_on_account");
    }
    match call.sip {
        SipLeg::Lost | SipLeg::Ended => Ok(()),
        SipLeg::None => Err("no_phone_here"),
        SipLeg::Ringing | SipLeg::Up | SipLeg::NoDevice => Err("phone_is_connected"),
    }
}

/// All judgements of a call: `null`, or the reason why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "each is the command of its name")]
pub struct Can {
    pub answer: Option<Refusal>,
    pub hold: Option<Refusal>,
    pub unhold: Option<Refusal>,
    pub mute: Option<Refusal>,
    pub unmute: Option<Refusal>,
    pub keypad: Option<Refusal>,
    pub transfer: Option<Refusal>,
    pub complete_transfer: Option<Refusal>,
    pub cancel_transfer: Option<Refusal>,
    pub conference: Option<Refusal>,
    pub kick: Option<Refusal>,
    pub pause_recording: Option<Refusal>,
    pub resume_recording: Option<Refusal>,
    pub end: Option<Refusal>,
    pub dispose: Option<Refusal>,
    pub reconnect: Option<Refusal>,
    pub reveal: Option<Refusal>,
    pub dial: Option<Refusal>,
}

impl Can {
    /// The judgements of a call.
    pub fn of(call: &CallState, context: CanContext) -> Self {
        let why = |command| judge(command, call, context).err();
        Self {
            answer: why(Command::Answer),
            hold: why(Command::Hold),
            unhold: why(Command::Unhold),
            mute: why(Command::Mute),
            unmute: why(Command::Unmute),
            keypad: why(Command::Keypad),
            transfer: why(Command::Transfer),
            complete_transfer: why(Command::CompleteTransfer),
            cancel_transfer: why(Command::CancelTransfer),
            conference: why(Command::Conference),
            kick: why(Command::Kick),
            pause_recording: why(Command::PauseRecording),
            resume_recording: why(Command::ResumeRecording),
            end: why(Command::End),
            dispose: why(Command::Dispose),
            reconnect: why(Command::Reconnect),
            reveal: why(Command::Reveal),
            dial: why(Command::Dial),
        }
    }
}

#[cfg(test)]
mod tests;
