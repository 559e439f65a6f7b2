//! `call hold|unhold|mute|unmute|conference|kick|transfer`

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use ozonetel_sdk::call_control::{Controlled, TransferError};
use ozonetel_sdk::types::PhoneNumber;
use ozonetel_sdk::types::{Did, PhoneName, Ucid};

use super::perform::{Confirmation, confirmed};
use crate::args::{AgentNumberFlag, DidFlag, PhoneNameFlag};
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::mask::printable;
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum CallControl {
    /// Puts the customer on hold.
    Hold(CallFlags),
    /// Takes the customer off hold.
    Unhold(CallFlags),
    /// Mutes the agent.
    Mute(CallFlags),
    /// Unmutes the agent.
    Unmute(CallFlags),
    /// Rings another party into the call. Never repeated.
    Conference(Party),
    /// Drops a party: the agent, or the customer by its number. Never repeated.
    Kick(Party),
    /// Rings another party into the call; with --cold drops the agent at once.
    Transfer(Transfer),
}

/// A live call.
#[derive(Debug, Args)]
pub(crate) struct CallFlags {
    /// The call.
    ucid: Ucid,
    #[command(flatten)]
    did: DidFlag,
    #[command(flatten)]
    phone_name: PhoneNameFlag,
}

/// A live call and another number.
#[derive(Debug, Args)]
pub(crate) struct Party {
    /// The call.
    ucid: Ucid,
    /// The other party.
    number: PhoneNumber,
    #[command(flatten)]
    did: DidFlag,
    #[command(flatten)]
    phone_name: PhoneNameFlag,
    #[command(flatten)]
    confirmation: Confirmation,
}

/// The agent speaks with the third party, then `call kick UCID AGENT-NUMBER` completes the transfer.
#[derive(Debug, Args)]
pub(crate) struct Transfer {
    #[command(flatten)]
    party: Party,
    #[command(flatten)]
    agent_number: AgentNumberFlag,
    /// Drops the agent as soon as the other party is being rung. If that fails, it exits with 7: the other party is
    /// being rung already.
    #[arg(long)]
    cold: bool,
}

impl CallFlags {
    fn resolve(&self, context: &Context) -> Result<(Ucid, Did, PhoneName), Failure> {
        Ok((self.ucid, context.did(&self.did)?, context.phone_name(&self.phone_name)?))
    }
}

impl Party {
    /// The number for a question: whole, since one that is hidden cannot be confirmed.
    fn shown(&self) -> String {
        printable(self.number.as_str())
    }

    fn resolve(&self, context: &Context) -> Result<(Ucid, Did, PhoneName), Failure> {
        Ok((self.ucid, context.did(&self.did)?, context.phone_name(&self.phone_name)?))
    }
}

impl CallControl {
    /// Whether a second step follows the first.
    pub(crate) fn asks_more_than_once(&self) -> bool {
        matches!(self, Self::Transfer(transfer) if transfer.cold)
    }

    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let control = context.client.call_control();
        let once = match &self {
            Self::Transfer(transfer) if transfer.cold => Some("call_control.kick"),
            Self::Kick(_) => Some("call_control.kick"),
            Self::Conference(_) | Self::Transfer(_) => Some("call_control.conference"),
            _ => None,
        };
        let controlled = match self {
            Self::Hold(live) => {
                let (ucid, did, name) = live.resolve(context)?;
                context.until_stopped(control.hold(ucid, did, name).send()).await
            }
            Self::Unhold(live) => {
                let (ucid, did, name) = live.resolve(context)?;
                context.until_stopped(control.unhold(ucid, did, name).send()).await
            }
            Self::Mute(live) => {
                let (ucid, did, name) = live.resolve(context)?;
                context.until_stopped(control.mute(ucid, did, name).send()).await
            }
            Self::Unmute(live) => {
                let (ucid, did, name) = live.resolve(context)?;
                context.until_stopped(control.unmute(ucid, did, name).send()).await
            }
            Self::Conference(party) => {
                let (ucid, did, name) = party.resolve(context)?;
                let call = control.conference(ucid, did, name, &party.number);
                let what = format!("{} is rung into call {ucid}", party.shown());
                confirmed(context, &call, &what, &party.confirmation).await?;
                hidden(context.until_stopped(call.send()).await, &party.number)
            }
            Self::Kick(party) => {
                let (ucid, did, name) = party.resolve(context)?;
                let call = control.kick(ucid, did, name, &party.number);
                let what = format!("{} is dropped from call {ucid}", party.shown());
                confirmed(context, &call, &what, &party.confirmation).await?;
                hidden(context.until_stopped(call.send()).await, &party.number)
            }
            Self::Transfer(transfer) => {
                let number = transfer.party.number.clone();
                hidden(transfer.run(context).await, &number)
            }
        };
        let controlled = controlled?;
        output::one(context.output, &controlled).map_err(|failure| match once {
            Some(call) => failure.accepted(call, &controlled),
            None => failure,
        })
    }
}

fn hidden(
    result: Result<Controlled, Failure>,
    number: &PhoneNumber,
) -> Result<Controlled, Failure> {
    result.map_err(|failure| failure.hide(number.as_str()))
}

impl Transfer {
    async fn run(self, context: &Context) -> Result<Controlled, Failure> {
        let (ucid, did, name) = self.party.resolve(context)?;
        let agent_number = context.agent_number(&self.agent_number)?;
        let control = context.client.call_control();
        let mut what = format!("{} is rung into call {ucid}", self.party.shown());
        if self.cold {
            let agent = printable(agent_number.as_str());
            let _ = write!(what, ", and {agent} is dropped from it at once");
        }
        let first = control.conference(ucid, &did, &name, &self.party.number);
        confirmed(context, &first, &what, &self.party.confirmation).await?;
        let transfer = control.transfer(ucid, did, name, agent_number, self.party.number);
        let warm = context.until_stopped(transfer.warm()).await?;
        let reply = warm.reply().clone();
        if !self.cold {
            return Ok(reply);
        }
        let dropped = context.until_stopped(warm.complete()).await;
        dropped.map_err(|failure| {
            // An agent who may have left already is not dropped again without looking.
            if failure.may_have_happened() {
                return said_once(failure);
            }
            let failure = said_once(failure).accepted("call_control.conference", &reply);
            failure.resume("ozonetel call kick UCID AGENT-NUMBER")
        })
    }
}

/// Says of a failure of the second step, if it does not say so itself, how far the transfer got.
fn said_once(failure: Failure) -> Failure {
    const IN_THE_CALL: &str = "the third party is in the call";
    if failure.told().0.contains(IN_THE_CALL) { failure } else { failure.within(IN_THE_CALL) }
}

impl From<TransferError> for Failure {
    fn from(error: TransferError) -> Self {
        let what = error.to_string();
        Self::from(error.into_error()).within(&what)
    }
}
