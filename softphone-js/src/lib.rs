//! The auto-answer decision of softphones, and what an INVITE says, for JavaScript.
//!
//! Everything is decided by `ozonetel_sdk::phone_call::SoftphonePolicy` and `sip_ucid`; this crate only translates.
//! `scripts/softphone-js` makes the npm package `ozonetel-softphone` out of it. Its documentation is in the types that
//! come with the package, and so written for people who read TypeScript.

use std::fmt;
use std::time::Duration;

use ozonetel_sdk::phone_call::{AutoAnswer, InviteHeaders, SoftphonePolicy as Policy};
use ozonetel_sdk::types::Ucid;
use wasm_bindgen::prelude::*;

/// A dial that a `SoftphonePolicy` knows of: hand it back with what became of the dial.
#[wasm_bindgen]
#[derive(Debug)]
pub struct DialTicket(ozonetel_sdk::phone_call::DialTicket);

/// Decides whether an INVITE is answered without the agent. It has no clock: `now` is in milliseconds on a clock that
/// only moves forward, such as `performance.now()`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct SoftphonePolicy(Policy);

#[wasm_bindgen]
impl SoftphonePolicy {
    /// A policy for the agent's setting `autoAnswer`: 0 none, 1 all calls, 2 inbound calls, 3 outbound calls. A dial
    /// waits for its INVITE for 30 seconds unless `expiry` (milliseconds) says otherwise.
    ///
    /// Throws if the setting is not one of the four.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(js_name = autoAnswer, unchecked_param_type = "0 | 1 | 2 | 3")]
        auto_answer: f64,
        expiry: Option<f64>,
    ) -> Result<SoftphonePolicy, JsError> {
        let policy = Policy::new(setting(auto_answer)?);
        Ok(Self(match expiry {
            Some(limit) => policy.expiry(time(limit)),
            None => policy,
        }))
    }

    /// Changes the setting, also while calls are in progress. Throws if it is not one of the four.
    pub fn set(
        &mut self,
        #[wasm_bindgen(js_name = autoAnswer, unchecked_param_type = "0 | 1 | 2 | 3")]
        auto_answer: f64,
    ) -> Result<(), JsError> {
        self.0.set(setting(auto_answer)?);
        Ok(())
    }

    /// Whether a dial waits for its INVITE.
    #[wasm_bindgen(js_name = isWaiting)]
    pub fn is_waiting(&self, now: f64) -> bool {
        self.0.is_waiting(time(now))
    }

    /// Notes a dial that is about to be sent; an earlier one is forgotten. Call it before sending: the INVITE may arrive
    /// before the reply.
    pub fn dialing(&mut self, now: f64) -> DialTicket {
        DialTicket(self.0.dialing(time(now)))
    }

    /// Notes that a dial was accepted. From then on only an INVITE with this UCID, or with none, is its own. Nothing is
    /// to be called for a dial of unknown outcome: it waits until it expires.
    pub fn accepted(&mut self, now: f64, ticket: &DialTicket, ucid: Option<String>) {
        self.0.accepted(time(now), ticket.0, id(ucid.as_deref()));
    }

    /// Notes that a dial was refused or not sent: it waits no longer.
    pub fn failed(&mut self, ticket: &DialTicket) {
        self.0.failed(ticket.0);
    }

    /// Notes the end of a call, answered or not.
    pub fn ended(&mut self, now: f64, ucid: Option<String>) {
        self.0.ended(time(now), id(ucid.as_deref()));
    }

    /// Decides about an INVITE by its headers `X-UCID` and `X-CALLERNO`, `null` or `undefined` where one is missing: with
    /// JsSIP, `request.getHeader("X-UCID")`. Ask once per INVITE: a dial's INVITE ends its wait.
    #[wasm_bindgen(unchecked_return_type = "'answer' | 'ring'")]
    pub fn decide(
        &mut self,
        now: f64,
        #[wasm_bindgen(js_name = xUcid)] x_ucid: Option<String>,
        #[wasm_bindgen(js_name = xCallerno)] x_callerno: Option<String>,
    ) -> String {
        let invite = InviteHeaders::from_texts(x_ucid.as_deref(), x_callerno.as_deref());
        self.0.decide(time(now), invite).as_str().to_owned()
    }
}

/// What an INVITE says of its call.
#[wasm_bindgen(getter_with_clone)]
pub struct Invite {
    /// The UCID in `X-UCID`, which is written in any letter case.
    pub ucid: Option<String>,
    /// The caller's number in `X-CALLERNO`: only a call that a customer made carries it. An empty header is one that is
    /// missing.
    pub callerno: Option<String>,
    /// The number in `From`; `undefined` where a name is in its place, such as `anonymous`.
    #[wasm_bindgen(js_name = fromNumber)]
    pub from_number: Option<String>,
}

/// Without what it says: a number is in no log.
impl fmt::Debug for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Invite")
    }
}

/// Takes UCID and caller out of an INVITE, as text with its line ends: with JsSIP, `request.data`. A header that is
/// damaged is one that is missing.
#[wasm_bindgen(js_name = readInvite)]
pub fn read_invite(message: &str) -> Invite {
    let bytes = message.as_bytes();
    let identity = sip_ucid::identity(bytes);
    Invite {
        ucid: sip_ucid::ucid(bytes).map(|text| text.to_string()),
        callerno: identity
            .callerno()
            .map(sip_ucid::IdentityHeader::value)
            .filter(|text| !text.as_bytes().trim_ascii().is_empty())
            .map(|text| text.to_string()),
        from_number: identity
            .from()
            .and_then(sip_ucid::IdentityHeader::number)
            .filter(|text| sip_ucid::is_number(text.as_bytes()))
            .map(|text| text.to_string()),
    }
}

/// Whether a text is a UCID as CloudAgent writes it.
#[wasm_bindgen(js_name = isCloudagentUcid)]
pub fn is_cloudagent_ucid(text: &str) -> bool {
    sip_ucid::is_cloudagent_ucid(text)
}

/// Whether two texts are the same telephone number, however they are spelled: `09000000001`, `+91 9000 000 001`.
#[wasm_bindgen(js_name = sameNumber)]
pub fn same_number(one: &str, other: &str) -> bool {
    sip_ucid::same_number(one, other)
}

/// A number of JavaScript as it is: as an integer, 259 would be 3.
fn setting(auto_answer: f64) -> Result<AutoAnswer, JsError> {
    let known = (0..=3_u8).find(|&known| f64::from(known).total_cmp(&(auto_answer + 0.0)).is_eq());
    AutoAnswer::try_from(known.unwrap_or(u8::MAX))
        .map_err(|invalid| JsError::new(&invalid.to_string()))
}

/// Milliseconds; what is no time counts as the beginning.
fn time(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1_000.0).unwrap_or_default()
}

fn id(text: Option<&str>) -> Option<Ucid> {
    text.and_then(|text| text.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dials_invite_is_answered_once() {
        let mut policy = SoftphonePolicy::new(3.0, None).unwrap_or_else(|_| unreachable!());
        let ticket = policy.dialing(1_000.0);
        policy.accepted(1_200.0, &ticket, Some(" 90000000000000009 ".to_owned()));
        let ucid = || Some("90000000000000009".to_owned());
        assert_eq!(policy.decide(1_300.0, ucid(), Some("09000000001".to_owned())), "ring");
        assert_eq!(policy.decide(1_400.0, ucid(), None), "answer");
        assert_eq!(policy.decide(1_500.0, ucid(), None), "ring");
    }

    #[test]
    fn a_time_that_is_none_lets_no_call_be_answered_late() {
        assert_eq!(time(f64::NAN), Duration::ZERO);
        assert_eq!(time(-1.0), Duration::ZERO);
        assert_eq!(time(1_500.0), Duration::from_millis(1_500));
        let mut policy = SoftphonePolicy::new(3.0, Some(20.0)).unwrap_or_else(|_| unreachable!());
        let _ = policy.dialing(0.0);
        assert!(policy.is_waiting(19.0) && !policy.is_waiting(20.0));
        assert_eq!(policy.decide(20.0, None, None), "ring");
    }

    #[test]
    fn an_invite_is_read() {
        let invite = read_invite(
            "INVITE sip:500001@example.test SIP/2.0\r\n\
             From: <sip:9000000001@example.test>;tag=1\r\n\
             x-ucid: 90174967305497\r\n\
             X-CALLERNO: 09000000001\r\n\r\n",
        );
        assert_eq!(invite.ucid.as_deref(), Some("90174967305497"));
        assert_eq!(invite.callerno.as_deref(), Some("09000000001"));
        assert_eq!(invite.from_number.as_deref(), Some("9000000001"));
        assert_eq!(format!("{invite:?}"), "Invite");
        for (from, callerno) in [
            ("\"Anonymous\" <sip:anonymous@anonymous.invalid>", ""),
            ("sip:alice@example.test", " "),
        ] {
            let invite = read_invite(&format!(
                "INVITE sip:500001@example.test SIP/2.0\r\nFrom: {from}\r\nX-CALLERNO:{callerno}\r\n\r\n"
            ));
            assert_eq!((invite.from_number, invite.callerno), (None, None), "{from}");
        }
        assert!(same_number("09000000001", "+91 9000 000 001"));
        assert!(is_cloudagent_ucid("90174967305497") && !is_cloudagent_ucid("x"));
    }
}
