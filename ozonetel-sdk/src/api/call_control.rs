//! Hold, mute, conference, transfer, kick.
//!
//! Documented for calls dialled through an offline campaign. There is no transfer action at the service: a transfer
//! is a conference followed by kicking the agent out of it, and [`CallControl::transfer`] composes the two.
//! CONFERENCE rings a phone and KICK_CALL drops one, so neither is ever repeated.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::core::call::Call;
use crate::core::client::Client;
use crate::core::endpoint::{
    Discriminator, Effect, Endpoint, Envelope, Method, Payload, Repeat, Reply, Spec,
};
use crate::core::error::Error;
use crate::types::ids::{Did, PhoneName, Ucid};
use crate::types::invalid::Invalid;
use crate::types::invalid::filled;
use crate::types::phone::{DialPlan, PhoneNumber};
use crate::types::wire::{SensitiveText, record};

const CONTROL: Spec = Spec {
    name: "call_control.hold",
    title: "Call control V4",
    method: Method::Post,
    path: "/ca_apis/CallControl_V4",
    envelope: Envelope::of(&["Success"], Payload::Whole),
    docs: "https://docs.ozonetel.com/reference/post_ca-apis-callcontrol-v4",
    ..Spec::DEFAULT
};

record! {
    /// The service's answer to a call-control action.
    pub struct Controlled {
        /// The service's text, such as `dialing`.
        message: SensitiveText = "message",
        /// The leg, where the answer names it.
        ucid: Ucid = "ucid",
        /// The service's word.
        status: String = "status",
    }
}

impl Reply for Controlled {}

macro_rules! action {
    ($(#[$meta:meta])* $name:ident, $spec:literal, $action:literal, $repeat:expr, $effect:expr, number: $required:literal $(as $form:ident)?) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Serialize, Deserialize)]
        pub struct $name {
            /// The leg.
            pub ucid: Ucid,
            /// The DID that the call was dialled through.
            pub did: Did,
            /// The phone name of the agent's number.
            #[serde(rename = "agentPhoneName")]
            pub agent_phone_name: PhoneName,
            /// Marked mandatory for every action, meaningless for hold and mute: left out there unless set.
            #[serde(rename = "conferenceNumber", default)]
            pub conference_number: Option<PhoneNumber>,
        }

        impl $name {
            /// The action on a leg, without a number.
            pub fn new(
                ucid: Ucid,
                did: impl Into<Did>,
                agent_phone_name: impl Into<PhoneName>,
            ) -> Self {
                let (did, agent_phone_name) = (did.into(), agent_phone_name.into());
                Self { ucid, did, agent_phone_name, conference_number: None }
            }
        }

        impl Endpoint for $name {
            const SPEC: Spec =
                Spec { name: $spec, discriminator: Discriminator::Is("action", $action), repeat: $repeat, effect: $effect, ..CONTROL };
            type Reply = Controlled;

            $(fn prepare(&mut self, plan: &DialPlan) -> Result<(), Invalid> {
                if let Some(number) = &mut self.conference_number {
                    *number = number.$form(plan)?;
                }
                Ok(())
            })?

            fn check(&self) -> Result<(), Invalid> {
                filled("did", self.did.as_str())?;
                filled("agentPhoneName", self.agent_phone_name.as_str())?;
                match &self.conference_number {
                    None if $required => Err(Invalid::new("conferenceNumber", "is missing")),
                    Some(number) => filled("conferenceNumber", number.as_str()),
                    None => Ok(()),
                }
            }

            fn ucid(&self) -> Option<Ucid> {
                Some(self.ucid)
            }
        }
    };
}

action! {
    /// Rings another party into the call.
    StartConference, "call_control.conference", "CONFERENCE", Repeat::Once, Effect::Conference, number: true as for_conference
}
action! {
    /// Puts the customer on hold.
    Hold, "call_control.hold", "HOLD", Repeat::Safe, Effect::Hold, number: false
}
action! {
    /// Takes the customer off hold.
    Unhold, "call_control.unhold", "UNHOLD", Repeat::Safe, Effect::Unhold, number: false
}
action! {
    /// Mutes the agent.
    Mute, "call_control.mute", "MUTE", Repeat::Safe, Effect::Mute, number: false
}
action! {
    /// Unmutes the agent.
    Unmute, "call_control.unmute", "UNMUTE", Repeat::Safe, Effect::Unmute, number: false
}
action! {
    /// Drops a party: the agent, or (field report) the customer by its number.
    Kick, "call_control.kick", "KICK_CALL", Repeat::Once, Effect::Kick, number: true as for_kick
}

/// Call control: see [`Client::call_control`].
#[derive(Debug, Clone, Copy)]
pub struct CallControl<'c>(pub(crate) &'c Client);

macro_rules! plain {
    ($(#[$meta:meta])* $method:ident, $name:ident) => {
        $(#[$meta])*
        ///
        /// # Errors
        /// Refused with [`Reason::NotFound`](crate::Reason::NotFound) when the call is not up.
        pub fn $method(
            &self,
            ucid: Ucid,
            did: impl Into<Did>,
            agent_phone_name: impl Into<PhoneName>,
        ) -> Call<'c, $name> {
            Call::new(self.0, Ok($name::new(ucid, did, agent_phone_name)))
        }
    };
}

impl Client {
    /// Hold, mute, conference, transfer, kick.
    ///
    /// Each takes the leg, the DID that the call was dialled through, and the phone name of the agent's number. As texts
    /// the last two are easily exchanged; [`Did`] and [`PhoneName`] are not, and neither is a [`Ucid`], which is parsed
    /// from a text.
    pub fn call_control(&self) -> CallControl<'_> {
        CallControl(self)
    }
}

impl<'c> CallControl<'c> {
    plain! {
        /// Puts the customer on hold.
        ///
        /// ```
        /// # ozonetel_sim::doc(async |sim, client| {
        /// # client.agents().login("agent01", "secret", "500001").await?;
        /// let ucid = client.dial().agent("agent01", "support_out", "9000000001").await?.ucid();
        /// sim.advance(std::time::Duration::from_secs(5)).await;
        /// let held = client.call_control().hold(ucid, "918000000001", "agent01").await?;
        /// assert!(held.message.is_some_and(|text| text == "User hold is successful"));
        /// client.call_control().unhold(ucid, "918000000001", "agent01").await?;
        /// # Ok(()) });
        /// ```
        hold, Hold
    }
    plain! {
        /// Takes the customer off hold.
        unhold, Unhold
    }
    plain! {
        /// Mutes the agent.
        mute, Mute
    }
    plain! {
        /// Unmutes the agent.
        unmute, Unmute
    }

    /// Rings another party into the call. The number is converted to the form that the region requires.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let ucid = client.dial().agent("agent01", "support_out", "9000000001").await?.ucid();
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// let ringing = client.call_control().conference(ucid, "918000000001", "agent01", "9000000002").await?;
    /// assert!(ringing.message.is_some_and(|text| text == "dialing"));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::BadInput`](crate::Reason::BadInput) for a number the service does not take, with
    /// [`Reason::NotFound`](crate::Reason::NotFound) when the call is not up. Any failure after it may have arrived
    /// has [`Error::may_have_happened`] set.
    pub fn conference(
        &self,
        ucid: Ucid,
        did: impl Into<Did>,
        agent_phone_name: impl Into<PhoneName>,
        number: impl Into<PhoneNumber>,
    ) -> Call<'c, StartConference> {
        let request = StartConference {
            conference_number: Some(number.into()),
            ..StartConference::new(ucid, did, agent_phone_name)
        };
        Call::new(self.0, Ok(request))
    }

    /// Drops a party. The page says to put the agent's number; clients also drop the customer by its number. SIP
    /// extensions and other short numbers go out as they are.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let ucid = client.dial().agent("agent01", "support_out", "9000000001").await?.ucid();
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// client.call_control().kick(ucid, "918000000001", "agent01", "9000000001").await?;
    /// // No one is left to be held.
    /// assert!(client.call_control().hold(ucid, "918000000001", "agent01").await.is_err());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`conference`](Self::conference).
    pub fn kick(
        &self,
        ucid: Ucid,
        did: impl Into<Did>,
        agent_phone_name: impl Into<PhoneName>,
        number: impl Into<PhoneNumber>,
    ) -> Call<'c, Kick> {
        let request = Kick {
            conference_number: Some(number.into()),
            ..Kick::new(ucid, did, agent_phone_name)
        };
        Call::new(self.0, Ok(request))
    }

    /// A transfer to another number: [`Transfer::warm`] or [`Transfer::cold`].
    ///
    /// `agent_number` is the number that the agent is on, which is what kicking the agent takes.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let ucid = client.dial().agent("agent01", "support_out", "9000000001").await?.ucid();
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// let transfer = client.call_control().transfer(ucid, "918000000001", "agent01", "500001", "9000000002");
    /// let talking = transfer.warm().await?;
    /// // The agent speaks with the third party; then:
    /// talking.complete().await?;
    /// # Ok(()) });
    /// ```
    pub fn transfer(
        &self,
        ucid: Ucid,
        did: impl Into<Did>,
        agent_phone_name: impl Into<PhoneName>,
        agent_number: impl Into<PhoneNumber>,
        to: impl Into<PhoneNumber>,
    ) -> Transfer<'c> {
        Transfer {
            client: self.0,
            ucid,
            did: did.into(),
            agent_phone_name: agent_phone_name.into(),
            agent_number: agent_number.into(),
            to: to.into(),
        }
    }
}

/// A transfer that has not begun.
#[derive(Debug)]
#[must_use = "a transfer begins with warm or cold"]
pub struct Transfer<'c> {
    client: &'c Client,
    ucid: Ucid,
    did: Did,
    agent_phone_name: PhoneName,
    agent_number: PhoneNumber,
    to: PhoneNumber,
}

impl<'c> Transfer<'c> {
    /// Rings the third party into the call; the agent stays until [`Warm::complete`].
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let ucid = client.dial().agent("agent01", "support_out", "9000000001").await?.ucid();
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// let control = client.call_control();
    /// let transfer = control.transfer(ucid, "918000000001", "agent01", "500001", "9000000002");
    /// let talking = transfer.warm().await?;
    /// sim.advance(std::time::Duration::from_secs(5)).await;
    /// // The agent has introduced the two, and leaves.
    /// talking.complete().await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// [`TransferError`] at step [`TransferStep::Conference`].
    pub async fn warm(self) -> Result<Warm<'c>, TransferError> {
        // Found now rather than when the customer is already with the third party.
        self.agent_number.for_kick(self.client.dial_plan()).map_err(|invalid| TransferError {
            step: TransferStep::Conference,
            error: invalid.into(),
        })?;
        let control = self.client.call_control();
        let conference = control.conference(self.ucid, &self.did, &self.agent_phone_name, &self.to);
        match conference.await {
            Ok(reply) => Ok(Warm { transfer: self, reply }),
            Err(error) => Err(TransferError { step: TransferStep::Conference, error }),
        }
    }

    /// Rings the third party and drops the agent at once.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let ucid = client.dial().agent("agent01", "support_out", "9000000001").await?.ucid();
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// let control = client.call_control();
    /// let transfer = control.transfer(ucid, "918000000001", "agent01", "500001", "9000000002");
    /// transfer.cold().await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// [`TransferError`], whose step says how far it got.
    ///
    /// # Cancel safety
    /// If it is dropped between the two steps, the conference continues with the agent in it.
    pub async fn cold(self) -> Result<Controlled, TransferError> {
        self.warm().await?.complete().await
    }
}

/// A conference of three that is about to become a call of two.
#[derive(Debug)]
#[must_use = "the agent stays in the call until the transfer is completed"]
pub struct Warm<'c> {
    transfer: Transfer<'c>,
    reply: Controlled,
}

impl Warm<'_> {
    /// The service's answer to the conference.
    pub fn reply(&self) -> &Controlled {
        &self.reply
    }

    /// Drops the agent.
    ///
    /// # Errors
    /// [`TransferError`] at step [`TransferStep::Kick`]: the conference continues.
    pub async fn complete(self) -> Result<Controlled, TransferError> {
        let Transfer { client, ucid, did, agent_phone_name, agent_number, .. } = self.transfer;
        let kick = client.call_control().kick(ucid, did, agent_phone_name, agent_number);
        kick.await.map_err(|error| TransferError { step: TransferStep::Kick, error })
    }
}

/// The steps of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransferStep {
    /// Ringing the third party.
    Conference,
    /// Dropping the agent.
    Kick,
}

/// A transfer that failed, and how far it got.
#[derive(Debug)]
pub struct TransferError {
    step: TransferStep,
    error: Error,
}

impl TransferError {
    /// The step that failed; the ones before it took effect.
    pub fn step(&self) -> TransferStep {
        self.step
    }

    /// Why it failed.
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// Why it failed, by value.
    pub fn into_error(self) -> Error {
        self.error
    }
}

impl fmt::Display for TransferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.step {
            TransferStep::Conference => {
                "the transfer failed before the third party was in the call"
            }
            TransferStep::Kick => "the third party is in the call, and dropping the agent failed",
        })
    }
}

impl std::error::Error for TransferError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
