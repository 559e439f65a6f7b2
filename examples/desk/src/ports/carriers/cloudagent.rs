//! CloudAgent as a carrier: the agent is rung into the caller's call, or is dialled together with the caller.

use std::fmt;

use async_trait::async_trait;
use ozonetel_sdk::types::{PhoneNumber, Ucid};
use ozonetel_sdk::{Client, Error};

use super::{Carrier, CarrierError, LegOrder, RungLeg};
use crate::core::profile::CallKeys;

fn missing(field: &'static str, text: &'static str) -> CarrierError {
    CarrierError::Missing { field, text }
}

/// The failure without what it may repeat of the request.
fn failure(error: &Error) -> CarrierError {
    if error.may_have_happened() {
        return CarrierError::Unknown;
    }
    CarrierError::Failed(error.service_text().map_or_else(|| error.summary(), str::to_owned))
}

/// Rings the agent's extension into the live call of the caller: the call's id is its UCID.
pub struct Conference {
    client: Client,
}

/// Dials the agent's telephone and then the caller: for a caller whose own call has ended or is elsewhere.
pub struct PhoneDial {
    client: Client,
}

macro_rules! plain_debug {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }

        impl $name {
            /// On a client of the account.
            pub fn new(client: Client) -> Self {
                Self { client }
            }
        }
    )*};
}
plain_debug!(Conference, PhoneDial);

fn ucid(keys: &CallKeys) -> Option<Ucid> {
    keys.call_id.as_deref().and_then(|id| id.parse().ok())
}

#[async_trait]
impl Carrier for Conference {
    fn name(&self) -> &'static str {
        "conference"
    }

    fn is_way_of(&self, keys: &CallKeys) -> bool {
        keys.call_sid.is_none() && ucid(keys).is_some()
    }

    fn check(&self, order: &LegOrder) -> Result<(), CarrierError> {
        ucid(&order.keys).ok_or(missing("call_id", "has to be the UCID of the caller's call"))?;
        order.did.as_ref().ok_or(missing("did", "is missing, and OZONETEL_DID is not set"))?;
        let name = "is not known of the agent on the call, and OZONETEL_PHONE_NAME is not set";
        order.call_phone.as_ref().map(|_| ()).ok_or(missing("agentPhoneName", name))
    }

    async fn ring(&self, order: &LegOrder) -> Result<RungLeg, CarrierError> {
        self.check(order)?;
        let (Some(ucid), Some(did), Some(name)) =
            (ucid(&order.keys), order.did.clone(), order.call_phone.clone())
        else {
            return Err(missing("call_id", "is missing"));
        };
        let extension = PhoneNumber::from(order.extension.as_str());
        let rung = self.client.call_control().conference(ucid, did, name, extension).await;
        rung.map(|_| RungLeg::default()).map_err(|error| failure(&error))
    }
}

#[async_trait]
impl Carrier for PhoneDial {
    fn name(&self) -> &'static str {
        "dial"
    }

    fn calls_the_caller(&self) -> bool {
        true
    }

    /// Only where it is asked for: it calls the caller once more.
    fn is_way_of(&self, _: &CallKeys) -> bool {
        false
    }

    fn check(&self, order: &LegOrder) -> Result<(), CarrierError> {
        order.number.as_ref().ok_or(missing("user.phone", "is missing"))?;
        order.did.as_ref().ok_or(missing("did", "is missing, and OZONETEL_DID is not set"))?;
        let name = "has an agent whose phone name is not known: set it in the agent's link";
        order.agent_phone.as_ref().map(|_| ()).ok_or(missing("extension", name))
    }

    async fn ring(&self, order: &LegOrder) -> Result<RungLeg, CarrierError> {
        self.check(order)?;
        let (Some(number), Some(did), Some(name)) =
            (order.number.clone(), order.did.clone(), order.agent_phone.clone())
        else {
            return Err(missing("user.phone", "is missing"));
        };
        let dial = self.client.dial().phone(name, did, number).uui(order.handoff.as_str());
        let ucid = dial.await.map_err(|error| failure(&error))?;
        Ok(RungLeg { ucid: Some(ucid), ..RungLeg::default() })
    }
}
