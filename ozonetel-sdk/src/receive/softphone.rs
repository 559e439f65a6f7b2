//! Whether an INVITE is answered by itself: a pure decision.
//!
//! It holds one thing between inputs: a dial that waits for its INVITE. That flag ends with the first of: its INVITE,
//! its refusal or failure, the end of its call, the next dial, and its expiry. Nothing else is remembered, so no
//! sequence of events can leave the softphone answering calls that nobody meant it to answer.

use std::time::Duration;

use crate::types::ids::Ucid;
use crate::types::invalid::Invalid;

/// The agent's setting `autoAnswer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
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

impl std::str::FromStr for AutoAnswer {
    type Err = Invalid;
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

/// Something the softphone learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SoftphoneEvent {
    /// A manual dial goes out, under a name of the caller's choice. Tell it before the dial is sent: the INVITE may
    /// be faster than the reply.
    Dialed {
        /// The dial's name.
        dial: u64,
    },
    /// The dial was accepted, with the UCID where the reply carried one.
    Accepted {
        /// The dial's name.
        dial: u64,
        /// Its UCID.
        ucid: Option<Ucid>,
    },
    /// The dial was refused, was not sent, or failed. An unknown outcome is not this: its call may be coming.
    Failed {
        /// The dial's name.
        dial: u64,
    },
    /// A call ended, answered or not.
    Ended {
        /// Its UCID.
        ucid: Option<Ucid>,
    },
    /// Time has passed.
    Tick,
}

/// An INVITE, as far as the decision needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InviteHeaders {
    /// `X-UCID`, if there and readable.
    pub ucid: Option<Ucid>,
    /// Whether `X-CALLERNO` is there, which only true inbound calls carry.
    pub caller: bool,
}

/// What to do with an INVITE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerDecision {
    /// Answer it at once.
    Answer,
    /// Ring and wait for the agent.
    Ring,
}

/// What kind of call an INVITE belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Inbound,
    Outbound,
    /// No caller, and no dial that waits for it: a header may be missing, or another program dialled.
    Unclear,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Waiting {
    dial: u64,
    since: Duration,
    ucid: Option<Ucid>,
}

/// Decides. `now` is any monotonic reading.
///
/// ```
/// use std::time::Duration;
/// use ozonetel_sdk::mdl::{AutoAnswer, AnswerDecision, InviteHeaders, SoftphoneEvent, SoftphonePolicy};
/// let mut policy = SoftphonePolicy::new(AutoAnswer::Outbound);
/// let bridge = InviteHeaders { ucid: None, caller: false };
/// let second = Duration::from_secs;
/// policy.on(second(0), SoftphoneEvent::Dialed { dial: 1 });
/// assert_eq!(policy.invite(second(2), bridge), AnswerDecision::Answer);
/// assert_eq!(policy.invite(second(3), bridge), AnswerDecision::Ring, "one dial answers one call");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoftphonePolicy {
    auto: AutoAnswer,
    expiry: Duration,
    waiting: Option<Waiting>,
}

impl SoftphonePolicy {
    /// How long a dial waits for its INVITE unless [`expiry`](Self::expiry) says otherwise.
    pub const EXPIRY: Duration = Duration::from_secs(30);

    /// A policy for a setting.
    pub fn new(auto: AutoAnswer) -> Self {
        Self { auto, expiry: Self::EXPIRY, waiting: None }
    }

    /// Another time for a dial to wait for its INVITE.
    pub fn expiry(mut self, limit: Duration) -> Self {
        self.expiry = limit;
        self
    }

    /// The setting, which may change while calls run.
    pub fn set(&mut self, auto: AutoAnswer) {
        self.auto = auto;
    }

    /// Whether a dial waits for its INVITE.
    pub fn is_waiting(&self, now: Duration) -> bool {
        self.waiting.is_some_and(|waiting| !self.expired(waiting, now))
    }

    fn expired(&self, waiting: Waiting, now: Duration) -> bool {
        now.saturating_sub(waiting.since) >= self.expiry
    }

    /// Takes note.
    pub fn on(&mut self, now: Duration, input: SoftphoneEvent) {
        self.forget_expired(now);
        match (input, &mut self.waiting) {
            (SoftphoneEvent::Dialed { dial }, waiting) => {
                *waiting = Some(Waiting { dial, since: now, ucid: None });
            }
            (SoftphoneEvent::Accepted { dial, ucid }, Some(waiting)) if waiting.dial == dial => {
                waiting.ucid = ucid.or(waiting.ucid);
            }
            (SoftphoneEvent::Failed { dial }, waiting) => {
                waiting.take_if(|waiting| waiting.dial == dial);
            }
            // The end of a call that is known to be another one leaves the dial alone; any other may be its own.
            (SoftphoneEvent::Ended { ucid }, waiting) => {
                waiting.take_if(|waiting| may_be_same(waiting.ucid, ucid));
            }
            (SoftphoneEvent::Accepted { .. } | SoftphoneEvent::Tick, _) => {}
        }
    }

    /// Decides about an INVITE. Ask once per INVITE: the answer to a dial's INVITE ends the dial's wait.
    pub fn invite(&mut self, now: Duration, invite: InviteHeaders) -> AnswerDecision {
        self.forget_expired(now);
        let direction = self.direction(invite);
        if direction == Direction::Outbound {
            self.waiting = None;
        }
        match (self.auto, direction) {
            (AutoAnswer::All, _)
            | (AutoAnswer::Inbound, Direction::Inbound)
            | (AutoAnswer::Outbound, Direction::Outbound) => AnswerDecision::Answer,
            _ => AnswerDecision::Ring,
        }
    }

    fn direction(&self, invite: InviteHeaders) -> Direction {
        match self.waiting {
            _ if invite.caller => Direction::Inbound,
            Some(waiting) if may_be_same(waiting.ucid, invite.ucid) => Direction::Outbound,
            _ => Direction::Unclear,
        }
    }

    fn forget_expired(&mut self, now: Duration) {
        if self.waiting.is_some_and(|waiting| self.expired(waiting, now)) {
            self.waiting = None;
        }
    }
}

/// Two different UCIDs are two calls; where one is not known, nothing says so.
fn may_be_same(one: Option<Ucid>, other: Option<Ucid>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ucid(n: u8) -> Ucid {
        n.to_string().parse().unwrap()
    }

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn every_setting_and_every_kind_of_call() {
        use AnswerDecision::{Answer, Ring};
        use AutoAnswer::{All, Inbound, None, Outbound};
        let inbound = InviteHeaders { ucid: Some(ucid(1)), caller: true };
        let bridge = InviteHeaders { ucid: Some(ucid(1)), caller: false };
        for (auto, to_inbound, to_dialed, to_unclear) in [
            (None, Ring, Ring, Ring),
            (All, Answer, Answer, Answer),
            (Inbound, Answer, Ring, Ring),
            (Outbound, Ring, Answer, Ring),
        ] {
            let fresh = || SoftphonePolicy::new(auto);
            let mut dialed = fresh();
            dialed.on(s(0), SoftphoneEvent::Dialed { dial: 1 });
            assert_eq!(fresh().invite(s(1), inbound), to_inbound, "{auto:?}");
            assert_eq!(dialed.clone().invite(s(1), inbound), to_inbound, "{auto:?}, a dial waits");
            assert_eq!(dialed.invite(s(1), bridge), to_dialed, "{auto:?}");
            assert_eq!(fresh().invite(s(1), bridge), to_unclear, "{auto:?}");
        }
    }

    #[test]
    fn a_setting_reads_from_its_digit() {
        use AutoAnswer::{All, Inbound, None, Outbound};
        for (text, want) in [("0", None), ("1", All), (" 2 ", Inbound), ("3", Outbound)] {
            assert_eq!(text.parse(), Ok(want), "{text:?}");
        }
        for text in ["", "4", "-1", "00", "all"] {
            let invalid = text.parse::<AutoAnswer>().unwrap_err();
            assert_eq!(invalid.field(), "auto_answer", "{text:?}");
        }
    }

    #[test]
    fn setting_and_expiry_can_be_changed() {
        let bridge = InviteHeaders { ucid: Some(ucid(1)), caller: false };
        let mut policy = SoftphonePolicy::new(AutoAnswer::None).expiry(s(5));
        policy.on(s(0), SoftphoneEvent::Dialed { dial: 1 });
        assert!(policy.is_waiting(s(4)) && !policy.is_waiting(s(5)));
        assert_eq!(policy.clone().invite(s(4), bridge), AnswerDecision::Ring);
        policy.set(AutoAnswer::Outbound);
        assert_eq!(policy.clone().invite(s(4), bridge), AnswerDecision::Answer);
        assert_eq!(policy.invite(s(5), bridge), AnswerDecision::Ring);
    }

    #[test]
    fn a_dial_is_named_by_its_own_reply_only() {
        let bridge = |n| InviteHeaders { ucid: Some(ucid(n)), caller: false };
        let mut policy = SoftphonePolicy::new(AutoAnswer::Outbound);
        policy.on(s(0), SoftphoneEvent::Dialed { dial: 1 });
        policy.on(s(1), SoftphoneEvent::Dialed { dial: 2 });
        policy.on(s(2), SoftphoneEvent::Accepted { dial: 1, ucid: Some(ucid(1)) });
        assert_eq!(policy.clone().invite(s(3), bridge(2)), AnswerDecision::Answer, "not named yet");
        policy.on(s(3), SoftphoneEvent::Accepted { dial: 2, ucid: Some(ucid(2)) });
        assert_eq!(policy.clone().invite(s(4), bridge(1)), AnswerDecision::Ring);
        // A second reply without a UCID takes nothing back, and a tick changes nothing.
        policy.on(s(5), SoftphoneEvent::Accepted { dial: 2, ucid: None });
        policy.on(s(5), SoftphoneEvent::Tick);
        assert_eq!(policy.clone().invite(s(6), bridge(1)), AnswerDecision::Ring);
        assert_eq!(policy.invite(s(6), bridge(2)), AnswerDecision::Answer);
    }

    #[test]
    fn what_ends_the_wait() {
        let bridge = InviteHeaders { ucid: Some(ucid(1)), caller: false };
        let inbound = InviteHeaders { ucid: Some(ucid(9)), caller: true };
        let accepted = SoftphoneEvent::Accepted { dial: 1, ucid: Some(ucid(1)) };
        #[rustfmt::skip]
        let table: &[(&str, &[SoftphoneEvent], u64, AnswerDecision)] = &[
            ("nothing", &[], 29, AnswerDecision::Answer),
            ("expiry", &[], 30, AnswerDecision::Ring),
            ("its reply", &[accepted], 1, AnswerDecision::Answer),
            ("another call's UCID", &[SoftphoneEvent::Accepted { dial: 1, ucid: Some(ucid(2)) }], 1, AnswerDecision::Ring),
            ("a reply without UCID", &[SoftphoneEvent::Accepted { dial: 1, ucid: None }], 1, AnswerDecision::Answer),
            ("another dial's late reply", &[SoftphoneEvent::Accepted { dial: 0, ucid: Some(ucid(2)) }], 1, AnswerDecision::Answer),
            ("its failure", &[SoftphoneEvent::Failed { dial: 1 }], 1, AnswerDecision::Ring),
            ("another's failure", &[SoftphoneEvent::Failed { dial: 0 }], 1, AnswerDecision::Answer),
            ("its end", &[accepted, SoftphoneEvent::Ended { ucid: Some(ucid(1)) }], 1, AnswerDecision::Ring),
            ("another's end", &[accepted, SoftphoneEvent::Ended { ucid: Some(ucid(7)) }], 1, AnswerDecision::Answer),
            ("an end that may be its own", &[SoftphoneEvent::Ended { ucid: Some(ucid(7)) }], 1, AnswerDecision::Ring),
        ];
        for (name, inputs, at, want) in table {
            let mut policy = SoftphonePolicy::new(AutoAnswer::Outbound);
            policy.on(s(0), SoftphoneEvent::Dialed { dial: 1 });
            for input in *inputs {
                policy.on(s(0), *input);
            }
            // An inbound call in between is not its call.
            assert_eq!(policy.invite(s(0), inbound), AnswerDecision::Ring, "{name}");
            assert_eq!(
                policy.is_waiting(s(*at)),
                *want == AnswerDecision::Answer || *name == "another call's UCID"
            );
            assert_eq!(policy.invite(s(*at), bridge), *want, "{name}");
        }
    }

    #[test]
    fn the_next_inbound_call_after_an_outbound_one_rings() {
        let mut policy = SoftphonePolicy::new(AutoAnswer::Outbound);
        policy.on(s(0), SoftphoneEvent::Dialed { dial: 1 });
        let bridge = InviteHeaders { ucid: Some(ucid(1)), caller: false };
        assert_eq!(policy.invite(s(1), bridge), AnswerDecision::Answer);
        policy.on(s(2), SoftphoneEvent::Accepted { dial: 1, ucid: Some(ucid(1)) });
        for caller in [true, false] {
            assert_eq!(
                policy.invite(s(3), InviteHeaders { ucid: Some(ucid(2)), caller }),
                AnswerDecision::Ring
            );
        }
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        On(SoftphoneEvent),
        Invite(InviteHeaders),
        Wait(u64),
        Set(AutoAnswer),
    }

    fn any_ucid() -> impl Strategy<Value = Option<Ucid>> {
        prop::option::of((1_u8..5).prop_map(ucid))
    }

    fn step() -> impl Strategy<Value = Step> {
        let auto = prop_oneof![
            Just(AutoAnswer::None),
            Just(AutoAnswer::All),
            Just(AutoAnswer::Inbound),
            Just(AutoAnswer::Outbound)
        ];
        prop_oneof![
            3 => (0_u64..4).prop_map(|dial| Step::On(SoftphoneEvent::Dialed { dial })),
            2 => ((0_u64..4), any_ucid()).prop_map(|(dial, ucid)| Step::On(SoftphoneEvent::Accepted { dial, ucid })),
            1 => (0_u64..4).prop_map(|dial| Step::On(SoftphoneEvent::Failed { dial })),
            2 => any_ucid().prop_map(|ucid| Step::On(SoftphoneEvent::Ended { ucid })),
            4 => (any_ucid(), any::<bool>()).prop_map(|(ucid, caller)| Step::Invite(InviteHeaders { ucid, caller })),
            2 => (0_u64..25).prop_map(Step::Wait),
            1 => auto.prop_map(Step::Set),
        ]
    }

    proptest! {
        /// No sequence of events poisons it.
        #[test]
        fn an_inbound_call_is_never_answered_unless_the_setting_says_so(
            steps in prop::collection::vec(step(), 0..200),
        ) {
            let mut policy = SoftphonePolicy::new(AutoAnswer::Outbound);
            let (mut auto, mut now) = (AutoAnswer::Outbound, s(5));
            // What a dial was answered by, seen from outside: when the last one was made, and whether it is used up.
            let mut last_dial: Option<(u64, Duration)> = None;
            for step in steps {
                match step {
                    Step::Set(to) => {
                        auto = to;
                        policy.set(to);
                    }
                    Step::Wait(seconds) => now += s(seconds),
                    Step::On(input) => {
                        policy.on(now, input);
                        match input {
                            SoftphoneEvent::Dialed { dial } => last_dial = Some((dial, now)),
                            SoftphoneEvent::Failed { dial } => { last_dial.take_if(|last| last.0 == dial); }
                            SoftphoneEvent::Ended { ucid: None } => last_dial = None,
                            _ => {}
                        }
                    }
                    Step::Invite(invite) => {
                        let decision = policy.invite(now, invite);
                        let fresh = last_dial.is_some_and(|(_, at)| now.saturating_sub(at) < SoftphonePolicy::EXPIRY);
                        match auto {
                            AutoAnswer::None => prop_assert_eq!(decision, AnswerDecision::Ring),
                            AutoAnswer::All => prop_assert_eq!(decision, AnswerDecision::Answer),
                            AutoAnswer::Inbound => prop_assert_eq!(decision == AnswerDecision::Answer, invite.caller),
                            AutoAnswer::Outbound if decision == AnswerDecision::Answer => {
                                prop_assert!(!invite.caller, "an inbound call");
                                prop_assert!(fresh, "no dial waits");
                                last_dial = None;
                                prop_assert!(!policy.is_waiting(now), "the flag outlives its call");
                            }
                            AutoAnswer::Outbound => {}
                        }
                    }
                }
                prop_assert!(!policy.is_waiting(now) || last_dial.is_some_and(|(_, at)| now.saturating_sub(at) < SoftphonePolicy::EXPIRY));
            }
            // Left alone, it forgets.
            prop_assert!(!policy.is_waiting(now + SoftphonePolicy::EXPIRY));
        }
    }
}
