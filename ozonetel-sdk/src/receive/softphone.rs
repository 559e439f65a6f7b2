//! Whether a softphone answers an INVITE without the agent: a pure decision, no socket and no clock.
//!
//! The policy remembers one thing: a dial whose INVITE has not come yet. It forgets the dial at the first of: its
//! INVITE, its refusal or failure, the end of its call, the next dial, and its expiry. Nothing else is remembered, so
//! no sequence of events can leave the softphone answering calls that it should not answer.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::phone_call::Invite;
use crate::api::dial::DialOutcome;
use crate::types::ids::Ucid;
use crate::types::invalid::Invalid;

/// The agent's setting `autoAnswer`: which calls the softphone answers without the agent.
///
/// ```
/// use ozonetel_sdk::phone_call::AutoAnswer;
/// assert_eq!(AutoAnswer::try_from(3)?, AutoAnswer::Outbound);
/// assert_eq!("3".parse::<AutoAnswer>()?, AutoAnswer::Outbound);
/// assert_eq!(u8::from(AutoAnswer::Outbound), 3);
/// assert!(AutoAnswer::try_from(4).is_err());
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
#[non_exhaustive]
pub enum AutoAnswer {
    /// 0: none.
    #[default]
    None,
    /// 1: all calls.
    All,
    /// 2: inbound calls.
    Inbound,
    /// 3: outbound calls.
    Outbound,
}

impl AutoAnswer {
    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::All => "all",
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

impl TryFrom<u8> for AutoAnswer {
    type Error = Invalid;

    fn try_from(number: u8) -> Result<Self, Invalid> {
        match number {
            0 => Ok(Self::None),
            1 => Ok(Self::All),
            2 => Ok(Self::Inbound),
            3 => Ok(Self::Outbound),
            _ => Err(Invalid::new("auto_answer", "expected 0, 1, 2 or 3")),
        }
    }
}

impl From<AutoAnswer> for u8 {
    fn from(auto: AutoAnswer) -> Self {
        match auto {
            AutoAnswer::None => 0,
            AutoAnswer::All => 1,
            AutoAnswer::Inbound => 2,
            AutoAnswer::Outbound => 3,
        }
    }
}

impl std::str::FromStr for AutoAnswer {
    type Err = Invalid;

    /// The service's digit, as text.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.trim() {
            "0" => Ok(Self::None),
            "1" => Ok(Self::All),
            "2" => Ok(Self::Inbound),
            "3" => Ok(Self::Outbound),
            _ => Err(Invalid::new("auto_answer", "expected 0, 1, 2 or 3")),
        }
    }
}

impl fmt::Display for AutoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the decision needs to know of an INVITE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct InviteHeaders {
    /// `X-UCID`, if it is there and can be parsed.
    pub ucid: Option<Ucid>,
    /// Whether `X-CALLERNO` is there. Only a call that a customer made carries it.
    pub caller: bool,
}

impl InviteHeaders {
    /// From the texts of the two headers, `None` for one that is missing.
    ///
    /// ```
    /// use ozonetel_sdk::phone_call::InviteHeaders;
    /// let headers = InviteHeaders::from_texts(Some("90000000000000009"), None);
    /// assert!(headers.ucid.is_some() && !headers.caller);
    /// ```
    pub fn from_texts(x_ucid: Option<&str>, x_callerno: Option<&str>) -> Self {
        let ucid = x_ucid.and_then(|text| text.trim().parse().ok());
        Self { ucid, caller: x_callerno.is_some() }
    }
}

impl From<&Invite> for InviteHeaders {
    fn from(invite: &Invite) -> Self {
        Self { ucid: Some(invite.ucid), caller: invite.caller.is_some() }
    }
}

/// What to do with an INVITE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerDecision {
    /// Answer it at once.
    Answer,
    /// Ring and wait for the agent.
    Ring,
}

impl AnswerDecision {
    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Ring => "ring",
        }
    }
}

impl fmt::Display for AnswerDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A dial that a [`SoftphonePolicy`] knows of. Hand it back with the dial's outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "hand it back with the dial's outcome: `SoftphonePolicy::dialed`"]
pub struct DialTicket(u64);

/// What kind of call an INVITE belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InviteKind {
    Inbound,
    Dialed,
    /// No caller, and no dial that waits for it: a header may be missing, or another program dialled.
    Unclear,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PendingDial {
    ticket: DialTicket,
    since: Duration,
    ucid: Option<Ucid>,
}

/// Decides whether an INVITE is answered without the agent.
///
/// `now` is the time since any fixed moment, on a clock that only moves forward: the `elapsed()` of an `Instant` taken
/// when the program began, for instance.
///
/// ```
/// use ozonetel_sdk::dial::DialOutcome;
/// use ozonetel_sdk::phone_call::{AnswerDecision, AutoAnswer, InviteHeaders, SoftphonePolicy};
/// use ozonetel_sdk::types::Ucid;
///
/// let begun = std::time::Instant::now();
/// let mut policy = SoftphonePolicy::new(AutoAnswer::Outbound);
///
/// // Before the dial is sent: the INVITE may arrive before the reply.
/// let ticket = policy.dialing(begun.elapsed());
/// let outcome = DialOutcome::<Ucid>::Accepted("90000000000000009".parse()?); // what the dial returned
/// policy.dialed(begun.elapsed(), ticket, &outcome);
///
/// let invite = InviteHeaders::from_texts(Some("90000000000000009"), None);
/// assert_eq!(policy.decide(begun.elapsed(), invite), AnswerDecision::Answer);
/// assert_eq!(policy.decide(begun.elapsed(), invite), AnswerDecision::Ring, "one dial, one answer");
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoftphonePolicy {
    auto: AutoAnswer,
    expiry: Duration,
    tickets: u64,
    pending: Option<PendingDial>,
}

impl SoftphonePolicy {
    /// How long a dial waits for its INVITE unless [`expiry`](Self::expiry) says otherwise.
    pub const EXPIRY: Duration = Duration::from_secs(30);

    /// A policy for a setting.
    pub fn new(auto: AutoAnswer) -> Self {
        Self { auto, expiry: Self::EXPIRY, tickets: 0, pending: None }
    }

    /// Changes how long a dial waits for its INVITE.
    #[must_use]
    pub fn expiry(mut self, limit: Duration) -> Self {
        self.expiry = limit;
        self
    }

    /// Changes the setting, also while calls are in progress.
    pub fn set(&mut self, auto: AutoAnswer) {
        self.auto = auto;
    }

    /// Whether a dial waits for its INVITE.
    pub fn is_waiting(&self, now: Duration) -> bool {
        self.pending.is_some_and(|pending| !self.expired(pending, now))
    }

    fn expired(&self, pending: PendingDial, now: Duration) -> bool {
        now.saturating_sub(pending.since) >= self.expiry
    }

    /// Notes a manual dial that is about to be sent; an earlier one is forgotten. Call it before sending: the INVITE
    /// may arrive before the reply.
    pub fn dialing(&mut self, now: Duration) -> DialTicket {
        self.tickets += 1;
        let ticket = DialTicket(self.tickets);
        self.pending = Some(PendingDial { ticket, since: now, ucid: None });
        ticket
    }

    /// Notes a dial's outcome, whichever it is. A dial that was refused or not sent waits no longer. One whose outcome
    /// is unknown keeps waiting until it expires: its call may be on the way.
    pub fn dialed<U: Copy + Into<Option<Ucid>>>(
        &mut self,
        now: Duration,
        ticket: DialTicket,
        outcome: &DialOutcome<U>,
    ) {
        match outcome {
            DialOutcome::Accepted(ucid) => self.accepted(now, ticket, (*ucid).into()),
            DialOutcome::Unknown(_) => self.forget_expired(now),
            _ => self.failed(ticket),
        }
    }

    /// Notes that a dial was accepted, learned in another way than by its reply: from a late reply, an event or the
    /// CDR. From then on only an INVITE with this UCID, or with none, is its own.
    pub fn accepted(&mut self, now: Duration, ticket: DialTicket, ucid: Option<Ucid>) {
        self.forget_expired(now);
        if let Some(pending) = &mut self.pending
            && pending.ticket == ticket
        {
            pending.ucid = ucid.or(pending.ucid);
        }
    }

    /// Notes that a dial is known to have failed.
    pub fn failed(&mut self, ticket: DialTicket) {
        self.pending.take_if(|pending| pending.ticket == ticket);
    }

    /// Notes the end of a call, answered or not. The end of a call that is known to be another one leaves a dial
    /// waiting; any other end may be its own.
    pub fn ended(&mut self, now: Duration, ucid: Option<Ucid>) {
        self.forget_expired(now);
        self.pending.take_if(|pending| may_be_same(pending.ucid, ucid));
    }

    /// Decides about an INVITE. Ask once per INVITE: a dial's INVITE ends its wait.
    pub fn decide(&mut self, now: Duration, invite: InviteHeaders) -> AnswerDecision {
        self.forget_expired(now);
        let kind = self.kind(invite);
        if kind == InviteKind::Dialed {
            self.pending = None;
        }
        match (self.auto, kind) {
            (AutoAnswer::All, _)
            | (AutoAnswer::Inbound, InviteKind::Inbound)
            | (AutoAnswer::Outbound, InviteKind::Dialed) => AnswerDecision::Answer,
            _ => AnswerDecision::Ring,
        }
    }

    fn kind(&self, invite: InviteHeaders) -> InviteKind {
        match self.pending {
            _ if invite.caller => InviteKind::Inbound,
            Some(pending) if may_be_same(pending.ucid, invite.ucid) => InviteKind::Dialed,
            _ => InviteKind::Unclear,
        }
    }

    fn forget_expired(&mut self, now: Duration) {
        if self.pending.is_some_and(|pending| self.expired(pending, now)) {
            self.pending = None;
        }
    }
}

/// Two different UCIDs are two calls. Where one of them is unknown, they may be the same call.
fn may_be_same(one: Option<Ucid>, other: Option<Ucid>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::error::{Error, ErrorKind};
    use proptest::prelude::*;

    fn ucid(n: u8) -> Ucid {
        n.to_string().parse().unwrap()
    }

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// The INVITE of a dialled call.
    fn bridge(n: u8) -> InviteHeaders {
        InviteHeaders { ucid: Some(ucid(n)), caller: false }
    }

    #[test]
    fn every_setting_and_every_kind_of_call() {
        use AnswerDecision::{Answer, Ring};
        use AutoAnswer::{All, Inbound, None, Outbound};
        let inbound = InviteHeaders { ucid: Some(ucid(1)), caller: true };
        for (auto, to_inbound, to_dialed, to_unclear) in [
            (None, Ring, Ring, Ring),
            (All, Answer, Answer, Answer),
            (Inbound, Answer, Ring, Ring),
            (Outbound, Ring, Answer, Ring),
        ] {
            let fresh = || SoftphonePolicy::new(auto);
            let mut dialed = fresh();
            let _ = dialed.dialing(s(0));
            assert_eq!(fresh().decide(s(1), inbound), to_inbound, "{auto}");
            assert_eq!(dialed.clone().decide(s(1), inbound), to_inbound, "{auto}, a dial waits");
            assert_eq!(dialed.decide(s(1), bridge(1)), to_dialed, "{auto}");
            assert_eq!(fresh().decide(s(1), bridge(1)), to_unclear, "{auto}");
        }
    }

    #[test]
    fn a_setting_is_its_digit_in_every_form() {
        use AutoAnswer::{All, Inbound, None, Outbound};
        for (number, want) in [(0_u8, None), (1, All), (2, Inbound), (3, Outbound)] {
            assert_eq!(AutoAnswer::try_from(number), Ok(want));
            assert_eq!(u8::from(want), number);
            assert_eq!(format!(" {number} ").parse(), Ok(want));
            assert_eq!(serde_json::to_string(&want).unwrap(), number.to_string());
            assert_eq!(serde_json::from_str::<AutoAnswer>(&number.to_string()).unwrap(), want);
        }
        for text in ["", "4", "-1", "00", "all"] {
            let invalid = text.parse::<AutoAnswer>().unwrap_err();
            assert_eq!(invalid.field(), "auto_answer", "{text:?}");
        }
        for number in 4..=u8::MAX {
            assert_eq!(AutoAnswer::try_from(number).unwrap_err().field(), "auto_answer");
        }
        assert!(serde_json::from_str::<AutoAnswer>("4").is_err());
    }

    #[test]
    fn headers_and_decision_cross_a_json_boundary() {
        let headers: InviteHeaders = serde_json::from_str("{}").unwrap();
        assert_eq!(headers, InviteHeaders::default());
        let text = serde_json::to_string(&bridge(7)).unwrap();
        assert_eq!(serde_json::from_str::<InviteHeaders>(&text).unwrap(), bridge(7));
        for decision in [AnswerDecision::Answer, AnswerDecision::Ring] {
            assert_eq!(serde_json::to_string(&decision).unwrap(), format!("\"{decision}\""));
        }
        let invite = Invite::new(ucid(7));
        assert_eq!(InviteHeaders::from(&invite), bridge(7));
        assert!(InviteHeaders::from(&invite.caller("09000000001")).caller);
        assert_eq!(InviteHeaders::from_texts(Some("x"), Some("")).ucid, None);
        assert!(InviteHeaders::from_texts(None, Some("")).caller);
    }

    #[test]
    fn setting_and_expiry_can_be_changed() {
        let mut policy = SoftphonePolicy::new(AutoAnswer::None).expiry(s(5));
        let _ = policy.dialing(s(0));
        assert!(policy.is_waiting(s(4)) && !policy.is_waiting(s(5)));
        assert_eq!(policy.clone().decide(s(4), bridge(1)), AnswerDecision::Ring);
        policy.set(AutoAnswer::Outbound);
        assert_eq!(policy.clone().decide(s(4), bridge(1)), AnswerDecision::Answer);
        assert_eq!(policy.decide(s(5), bridge(1)), AnswerDecision::Ring);
    }

    #[test]
    fn a_dial_is_named_by_its_own_reply_only() {
        let mut policy = SoftphonePolicy::new(AutoAnswer::Outbound);
        let first = policy.dialing(s(0));
        let second = policy.dialing(s(1));
        policy.accepted(s(2), first, Some(ucid(1)));
        assert_eq!(policy.clone().decide(s(3), bridge(2)), AnswerDecision::Answer, "not named yet");
        policy.accepted(s(3), second, Some(ucid(2)));
        assert_eq!(policy.clone().decide(s(4), bridge(1)), AnswerDecision::Ring);
        // A second reply without a UCID takes nothing back.
        policy.accepted(s(5), second, None);
        assert_eq!(policy.clone().decide(s(6), bridge(1)), AnswerDecision::Ring);
        assert_eq!(policy.decide(s(6), bridge(2)), AnswerDecision::Answer);
    }

    #[test]
    fn a_refused_dial_waits_no_longer_and_an_unknown_one_does() {
        let refused = || Error::from(Invalid::new("customer", "is empty"));
        let of = |outcome: DialOutcome<Option<Ucid>>| {
            let mut policy = SoftphonePolicy::new(AutoAnswer::Outbound);
            let ticket = policy.dialing(s(0));
            policy.dialed(s(1), ticket, &outcome);
            policy.is_waiting(s(2))
        };
        assert_eq!(refused().kind(), ErrorKind::Input);
        assert!(!of(DialOutcome::NotSent(refused())));
        assert!(!of(DialOutcome::Refused(refused())));
        assert!(of(DialOutcome::Unknown(refused())));
        assert!(of(DialOutcome::Accepted(Some(ucid(1)))));
    }

    #[test]
    fn what_ends_the_wait() {
        type Note = fn(&mut SoftphonePolicy, DialTicket, DialTicket);
        const ANSWER: AnswerDecision = AnswerDecision::Answer;
        const RING: AnswerDecision = AnswerDecision::Ring;
        let inbound = InviteHeaders { ucid: Some(ucid(9)), caller: true };
        #[rustfmt::skip]
        let table: &[(&str, Note, u64, AnswerDecision)] = &[
            ("nothing", |_, _, _| {}, 29, ANSWER),
            ("expiry", |_, _, _| {}, 30, RING),
            ("its reply", |p, own, _| p.accepted(s(0), own, Some(ucid(1))), 1, ANSWER),
            ("another call's UCID", |p, own, _| p.accepted(s(0), own, Some(ucid(2))), 1, RING),
            ("a reply without UCID", |p, own, _| p.accepted(s(0), own, None), 1, ANSWER),
            ("another dial's late reply", |p, _, old| p.accepted(s(0), old, Some(ucid(2))), 1, ANSWER),
            ("its failure", |p, own, _| p.failed(own), 1, RING),
            ("another's failure", |p, _, old| p.failed(old), 1, ANSWER),
            ("its end", |p, own, _| { p.accepted(s(0), own, Some(ucid(1))); p.ended(s(0), Some(ucid(1))); }, 1, RING),
            ("another's end", |p, own, _| { p.accepted(s(0), own, Some(ucid(1))); p.ended(s(0), Some(ucid(7))); }, 1, ANSWER),
            ("an end that may be its own", |p, _, _| p.ended(s(0), Some(ucid(7))), 1, RING),
        ];
        for (name, note, at, want) in table {
            let mut policy = SoftphonePolicy::new(AutoAnswer::Outbound);
            let old = policy.dialing(s(0));
            let own = policy.dialing(s(0));
            note(&mut policy, own, old);
            // An inbound call in between is not its call.
            assert_eq!(policy.decide(s(0), inbound), RING, "{name}");
            let waits = *want == ANSWER || *name == "another call's UCID";
            assert_eq!(policy.is_waiting(s(*at)), waits, "{name}");
            assert_eq!(policy.decide(s(*at), bridge(1)), *want, "{name}");
        }
    }

    #[test]
    fn the_next_inbound_call_after_an_outbound_one_rings() {
        let mut policy = SoftphonePolicy::new(AutoAnswer::Outbound);
        let ticket = policy.dialing(s(0));
        assert_eq!(policy.decide(s(1), bridge(1)), AnswerDecision::Answer);
        policy.accepted(s(2), ticket, Some(ucid(1)));
        for caller in [true, false] {
            let invite = InviteHeaders { ucid: Some(ucid(2)), caller };
            assert_eq!(policy.decide(s(3), invite), AnswerDecision::Ring);
        }
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Dialing,
        Accepted(u64, Option<Ucid>),
        Failed(u64),
        Ended(Option<Ucid>),
        Invite(InviteHeaders),
        Wait(u64),
        Set(AutoAnswer),
    }

    fn any_ucid() -> impl Strategy<Value = Option<Ucid>> {
        prop::option::of((1_u8..5).prop_map(ucid))
    }

    fn step() -> impl Strategy<Value = Step> {
        let auto = (0_u8..4).prop_map(|number| AutoAnswer::try_from(number).unwrap());
        let invite = (any_ucid(), any::<bool>());
        prop_oneof![
            3 => Just(Step::Dialing),
            2 => ((0_u64..4), any_ucid()).prop_map(|(back, ucid)| Step::Accepted(back, ucid)),
            1 => (0_u64..4).prop_map(Step::Failed),
            2 => any_ucid().prop_map(Step::Ended),
            4 => invite.prop_map(|(ucid, caller)| Step::Invite(InviteHeaders { ucid, caller })),
            2 => (0_u64..25).prop_map(Step::Wait),
            1 => auto.prop_map(Step::Set),
        ]
    }

    proptest! {
        /// No sequence of events makes it answer what it should not.
        #[test]
        fn an_inbound_call_is_never_answered_unless_the_setting_says_so(
            steps in prop::collection::vec(step(), 0..200),
        ) {
            let mut policy = SoftphonePolicy::new(AutoAnswer::Outbound);
            let (mut auto, mut now, mut dials) = (AutoAnswer::Outbound, s(5), 0_u64);
            // The last dial, seen from outside: its ticket and time, until something uses it up.
            let mut last: Option<(DialTicket, Duration)> = None;
            let fresh = |last: Option<(DialTicket, Duration)>, now: Duration| {
                last.is_some_and(|(_, at)| now.saturating_sub(at) < SoftphonePolicy::EXPIRY)
            };
            for step in steps {
                match step {
                    Step::Set(to) => {
                        auto = to;
                        policy.set(to);
                    }
                    Step::Wait(seconds) => now += s(seconds),
                    Step::Dialing => {
                        dials += 1;
                        last = Some((policy.dialing(now), now));
                    }
                    Step::Accepted(back, ucid) => {
                        policy.accepted(now, DialTicket(dials.saturating_sub(back)), ucid);
                    }
                    Step::Failed(back) => {
                        let ticket = DialTicket(dials.saturating_sub(back));
                        policy.failed(ticket);
                        last.take_if(|last| last.0 == ticket);
                    }
                    Step::Ended(ucid) => {
                        policy.ended(now, ucid);
                        if ucid.is_none() {
                            last = None;
                        }
                    }
                    Step::Invite(invite) => {
                        let decision = policy.decide(now, invite);
                        match auto {
                            AutoAnswer::None => prop_assert_eq!(decision, AnswerDecision::Ring),
                            AutoAnswer::All => prop_assert_eq!(decision, AnswerDecision::Answer),
                            AutoAnswer::Inbound => {
                                prop_assert_eq!(decision == AnswerDecision::Answer, invite.caller);
                            }
                            AutoAnswer::Outbound if decision == AnswerDecision::Answer => {
                                prop_assert!(!invite.caller, "an inbound call");
                                prop_assert!(fresh(last, now), "no dial waits");
                                last = None;
                                prop_assert!(!policy.is_waiting(now), "the dial outlives its call");
                            }
                            AutoAnswer::Outbound => {}
                        }
                    }
                }
                prop_assert!(!policy.is_waiting(now) || fresh(last, now));
            }
            // Left alone, it forgets.
            prop_assert!(!policy.is_waiting(now + SoftphonePolicy::EXPIRY));
        }
    }
}
