//! The screen pop: what an agent's browser or a server is sent when a call comes.

use serde_json::{Map, Value};

use super::error::PushError;
use super::payload::{Keeps, PushPayload, Sealed, decode};
use super::ping;
use crate::api::cdr::CallType;
use crate::types::ids::{AgentId, CallId, Did, PhoneName, SkillName, Ucid};
use crate::types::phone::PhoneNumber;
use crate::types::wire::{Extra, SensitiveText, record};

record! {
    /// A screen pop, from a query or from JSON. Any field may be absent.
    ///
    /// Keep both ids: on inbound calls [`ucid`](Self::ucid) and [`call_id`](Self::call_id) differ, and a callback has
    /// only the latter. With "Client & Server" both sides fire for one call: recognize repeats by `ucid`. The address
    /// carries a customer's number into logs and histories: parse it once and remove it.
    ///
    /// ```
    /// use ozonetel_sdk::push::PushReader;
    /// let query = "ucid=90000000000000002&amp;monitorUcid=90000000000000001&amp;phoneNumber=9000000001";
    /// let push = PushReader::new().screen_pops(Some(query), b"")?;
    /// let pop = &push.items[0];
    /// assert_eq!(pop.call_id.unwrap().as_str(), "90000000000000001");
    /// assert_eq!(pop.caller().unwrap().as_str(), "9000000001");
    /// # Ok::<(), ozonetel_sdk::push::PushError>(())
    /// ```
    pub struct ScreenPop {
        /// The customer, as `phoneNumber`.
        phone_number: PhoneNumber = "phoneNumber",
        /// The customer, as `callerID`.
        caller_id: PhoneNumber = "callerID" | "callerId",
        /// The leg.
        ucid: Ucid = "ucid",
        /// The phone call: the callback's `monitorUCID`.
        call_id: CallId = "monitorUcid" | "monitorUCID",
        /// The DID.
        did: Did = "did",
        /// The skill.
        skill: SkillName = "skillName",
        /// The agent's login id; may be an e-mail address.
        agent_id: AgentId = "agentID" | "agentId",
        /// The agent's numeric id.
        agent_unique_id: String = "agentUniqueID",
        /// The agent's number.
        agent_phone_number: PhoneNumber = "agentPhoneNumber",
        /// The agent's phone name.
        phone_name: PhoneName = "phoneName",
        /// The campaign's data row.
        data_id: String = "dataID" | "dataId",
        /// The campaign's number.
        campaign_id: String = "campaignID" | "campaignId",
        /// Type and with it direction.
        kind: CallType = "type",
        /// What came in as UUI.
        uui: SensitiveText = "uui",
        /// The account.
        customer: String = "customer",
        /// An e-mail address.
        email: SensitiveText = "email",
        /// Whether the call is new, in the service's word.
        new_call: String = "newCall",
    }
}

impl ScreenPop {
    /// The customer's number, under whichever name it came.
    pub fn caller(&self) -> Option<&PhoneNumber> {
        self.caller_id.as_ref().or(self.phone_number.as_ref())
    }
}

impl Sealed for ScreenPop {}

impl PushPayload for ScreenPop {
    const FLAT: bool = false;

    fn is_ping(fields: &Map<String, Value>) -> bool {
        ping::is_ping(fields, Self::FIELDS)
    }

    fn from_fields(fields: Map<String, Value>) -> Result<Self, PushError> {
        decode(fields)
    }
}

impl Keeps for ScreenPop {
    fn extra(&mut self) -> &mut Extra {
        &mut self.extra
    }
}

#[cfg(test)]
mod tests {
    use crate::receive::push::reader::PushReader;

    #[test]
    fn query_and_json_of_one_pop_are_equal() {
        let query = "ucid=90000000000000002&monitorUcid=90000000000000001&agentID=agent01%40example.test&type=inbound&uui=";
        let json = br#"{"ucid":90000000000000002,"monitorUcid":"90000000000000001",
            "agentId":"agent01@example.test","type":"InBound","uui":null}"#;
        let reader = PushReader::new();
        let (a, b) = (reader.screen_pops(Some(query), b""), reader.screen_pops(None, json));
        assert_eq!(a.unwrap().items, b.unwrap().items);
    }

    #[test]
    fn escaped_ampersands_are_repaired_in_names_and_left_in_values() {
        let query = "ucid=1&amp;did=918000000001&amp;amp;uui=a%26amp%3Bb";
        let push = PushReader::new().screen_pops(Some(query), b"").unwrap();
        let pop = &push.items[0];
        assert_eq!(pop.did.as_ref().unwrap().as_str(), "918000000001");
        assert_eq!(pop.uui.as_ref().unwrap().as_str(), "a&amp;b");
        assert!(pop.extra.is_empty());
    }

    #[test]
    fn debug_shows_no_number() {
        let push = PushReader::new().screen_pops(Some("callerID=9000000001&ucid=1"), b"").unwrap();
        assert!(!format!("{push:?}").contains("9000000001"));
    }
}
