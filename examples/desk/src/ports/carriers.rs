//! Who brings a caller to an agent: one trait, and a carrier for each way.

pub mod cloudagent;
pub mod twilio;

use std::fmt;

use async_trait::async_trait;
use ozonetel_sdk::types::{AgentId, Did, PhoneName, PhoneNumber, Ucid};

use crate::core::profile::{CallKeys, Extension};

/// An agent who is to be rung for a caller.
#[derive(Clone)]
pub struct LegOrder {
    /// The hand-off: the reference that the call carries where the carrier has room for one.
    pub handoff: String,
    /// The extension to ring.
    pub extension: Extension,
    /// The agent.
    pub agent: AgentId,
    /// The ids of the caller's call.
    pub keys: CallKeys,
    /// The caller's number, where it is known.
    pub number: Option<PhoneNumber>,
    /// Where the caller waits, in the SIP domain of the agents' extensions.
    pub waits_at: Option<Extension>,
    /// The DID that the caller called.
    pub did: Option<Did>,
    /// The phone name of the number that the caller's call is on.
    pub call_phone: Option<PhoneName>,
    /// The phone name of the agent's number.
    pub agent_phone: Option<PhoneName>,
}

impl fmt::Debug for LegOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegOrder").field("handoff", &self.handoff).finish_non_exhaustive()
    }
}

/// What a carrier says about an agent it rings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RungLeg {
    /// The carrier's id of the agent's leg.
    pub leg_sid: Option<String>,
    /// The UCID of a call that was dialled.
    pub ucid: Option<Ucid>,
}

/// Why no agent is rung, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CarrierError {
    /// The order lacks something; nothing was sent.
    #[error("{field} {text}")]
    Missing {
        /// The field of the hand-off.
        field: &'static str,
        /// What is wrong with it.
        text: &'static str,
    },
    /// Nothing was sent, or it certainly did not happen.
    #[error("{0}")]
    Failed(String),
    /// It may have happened. It is not tried again.
    #[error("it is not known whether the agent is rung")]
    Unknown,
}

/// Brings a caller to an agent.
#[async_trait]
pub trait Carrier: Send + Sync + fmt::Debug {
    /// Its name in requests.
    fn name(&self) -> &'static str;

    /// Whether this is the way of a call with these ids, where no one says.
    fn is_way_of(&self, keys: &CallKeys) -> bool;

    /// Whether the caller is called, and so has to be one who may be called now.
    fn calls_the_caller(&self) -> bool {
        false
    }

    /// Whether the order has all that is needed. Sends nothing.
    ///
    /// # Errors
    /// [`CarrierError::Missing`].
    fn check(&self, order: &LegOrder) -> Result<(), CarrierError>;

    /// Rings the agent, once. The caller stays where it is until the agent is reached.
    ///
    /// # Errors
    /// [`CarrierError`]. After [`CarrierError::Unknown`] it may have happened.
    ///
    /// # Cancel safety
    /// If it is dropped, it may have happened.
    async fn ring(&self, order: &LegOrder) -> Result<RungLeg, CarrierError>;
}
