//! Whether a softphone answers an INVITE by itself: a table of the agent's setting, the legs that this desk asked for,
//! and whether the agent is in a call.

use ozonetel_sdk::phone_call::AutoAnswer;
use ozonetel_sdk::types::Ucid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long a leg that was asked for is waited for.
pub const WAITS_MS: i64 = 30_000;

/// Why this desk asked for a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedLegKind {
    /// A dial of this agent.
    Dial,
    /// The agent's phone is rung into its own call again.
    Reconnect,
    /// KooKoo rings the agent into a conference.
    Agent,
}

/// A leg that this desk asked for and that has not come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedLeg {
    /// What it is known by: the dial's id, for instance.
    pub id: String,
    /// Why.
    pub kind: AskedLegKind,
    /// Its UCID, once that is known.
    pub ucid: Option<Ucid>,
    /// When it was asked for.
    pub since_ms: i64,
}

/// What is known of an INVITE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InviteFacts {
    /// `X-UCID`, if it can be parsed.
    pub ucid: Option<Ucid>,
    /// Whether it names a caller: only a call that a customer made does.
    pub caller: bool,
    /// Whether another source says that this UCID came in.
    pub known_inbound: bool,
}

/// What the softphone does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Answer at once.
    Auto,
    /// Ring, and wait for the agent.
    Ask,
    /// Refuse: the agent is in a call.
    Busy,
}

impl Answer {
    /// The word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Ask => "ask",
            Self::Busy => "busy",
        }
    }
}

/// What to show for an INVITE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RingKind {
    /// A leg that this desk asked for: "pick up to connect", and never an inbound call.
    Own,
    /// A customer calls.
    Inbound,
    /// Neither is known.
    Unclear,
}

/// The decision about one INVITE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteDecision {
    /// What the softphone does.
    pub answer: Answer,
    /// What to show.
    pub shown_as: RingKind,
    /// The leg that it was, which waits no longer.
    pub used: Option<String>,
}

/// Whether a leg is still waited for.
pub fn is_waiting(leg: &AskedLeg, now_ms: i64) -> bool {
    now_ms.saturating_sub(leg.since_ms) < WAITS_MS
}

/// Which of the legs that were asked for an INVITE is: one with its UCID, else the oldest without a UCID.
fn own(invite: InviteFacts, asked: &[AskedLeg], now_ms: i64) -> Option<&AskedLeg> {
    if invite.caller || invite.known_inbound {
        return None;
    }
    let waiting = || asked.iter().filter(|leg| is_waiting(leg, now_ms));
    match invite.ucid {
        Some(ucid) => waiting()
            .find(|leg| leg.ucid == Some(ucid))
            .or_else(|| waiting().filter(|leg| leg.ucid.is_none()).min_by_key(|leg| leg.since_ms)),
        None => waiting().min_by_key(|leg| leg.since_ms),
    }
}

/// Decides about an INVITE.
pub fn decide(
    policy: AutoAnswer,
    invite: InviteFacts,
    asked: &[AskedLeg],
    in_call: bool,
    now_ms: i64,
) -> InviteDecision {
    let own = own(invite, asked, now_ms);
    let shown_as = match own {
        Some(_) => RingKind::Own,
        None if invite.caller || invite.known_inbound => RingKind::Inbound,
        None => RingKind::Unclear,
    };
    let answer = match (shown_as, policy) {
        (RingKind::Own, AutoAnswer::All | AutoAnswer::Outbound) => Answer::Auto,
        (RingKind::Own, _) => Answer::Ask,
        _ if in_call => Answer::Busy,
        (RingKind::Inbound, AutoAnswer::All | AutoAnswer::Inbound)
        | (RingKind::Unclear, AutoAnswer::All) => Answer::Auto,
        _ => Answer::Ask,
    };
    InviteDecision { answer, shown_as, used: own.map(|leg| leg.id.clone()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ucid(n: u32) -> Ucid {
        Ucid::from(n)
    }

    fn dial(ucid: Option<Ucid>, since_ms: i64) -> AskedLeg {
        AskedLeg { id: "dial-1".into(), kind: AskedLegKind::Dial, ucid, since_ms }
    }

    const POLICIES: [AutoAnswer; 4] =
        [AutoAnswer::None, AutoAnswer::All, AutoAnswer::Inbound, AutoAnswer::Outbound];

    #[test]
    fn every_cell_of_the_table() {
        use Answer::{Ask, Auto, Busy};
        let inbound = InviteFacts { ucid: Some(ucid(9)), caller: true, known_inbound: false };
        let known = InviteFacts { ucid: Some(ucid(9)), caller: false, known_inbound: true };
        let bridge = InviteFacts { ucid: Some(ucid(1)), ..InviteFacts::default() };
        let waiting = [dial(Some(ucid(1)), 0)];
        // Settings 0, 1, 2, 3.
        for (name, invite, asked, in_call, want) in [
            ("own dial", bridge, &waiting[..], false, [Ask, Auto, Ask, Auto]),
            ("own dial in a call", bridge, &waiting[..], true, [Ask, Auto, Ask, Auto]),
            ("inbound", inbound, &[][..], false, [Ask, Auto, Auto, Ask]),
            ("inbound, a dial waits", inbound, &waiting[..], false, [Ask, Auto, Auto, Ask]),
            ("inbound by events", known, &waiting[..], false, [Ask, Auto, Auto, Ask]),
            ("inbound in a call", inbound, &[][..], true, [Busy; 4]),
            ("neither", bridge, &[][..], false, [Ask, Auto, Ask, Ask]),
            ("neither in a call", bridge, &[][..], true, [Busy; 4]),
        ] {
            for (policy, want) in POLICIES.into_iter().zip(want) {
                let decision = decide(policy, invite, asked, in_call, 1);
                assert_eq!(decision.answer, want, "{name}, {policy}");
                let own = name.starts_with("own");
                assert_eq!(decision.shown_as == RingKind::Own, own, "{name}, {policy}");
                assert_eq!(decision.used.is_some(), own, "{name}, {policy}");
            }
        }
    }

    #[test]
    fn a_stale_outbound_pending_never_answers_an_inbound_call() {
        for at in [0, 1, WAITS_MS - 1, WAITS_MS, WAITS_MS * 100] {
            for ucid_of_dial in [None, Some(ucid(1)), Some(ucid(9))] {
                let asked = [dial(ucid_of_dial, 0)];
                let inbound =
                    InviteFacts { ucid: Some(ucid(9)), caller: true, known_inbound: false };
                let decision = decide(AutoAnswer::Outbound, inbound, &asked, false, at);
                assert_eq!(decision.answer, Answer::Ask);
                assert_eq!((decision.shown_as, decision.used), (RingKind::Inbound, None));
            }
            // One that names no caller is not the dial's once the dial has expired.
            let bridge = InviteFacts { ucid: Some(ucid(9)), ..InviteFacts::default() };
            let decision = decide(AutoAnswer::Outbound, bridge, &[dial(None, 0)], false, at);
            assert_eq!(decision.answer == Answer::Auto, at < WAITS_MS, "{at}");
        }
    }

    #[test]
    fn another_ucid_is_another_call() {
        let bridge = InviteFacts { ucid: Some(ucid(2)), ..InviteFacts::default() };
        let decision = decide(AutoAnswer::Outbound, bridge, &[dial(Some(ucid(1)), 0)], false, 1);
        assert_eq!((decision.answer, decision.shown_as), (Answer::Ask, RingKind::Unclear));
    }

    #[test]
    fn a_reconnect_is_answered_like_a_dial_in_the_call_it_belongs_to() {
        let leg = AskedLeg {
            id: "reconnect-1".into(),
            kind: AskedLegKind::Reconnect,
            ucid: Some(ucid(1)),
            since_ms: 0,
        };
        let bridge = InviteFacts { ucid: Some(ucid(1)), ..InviteFacts::default() };
        let decision = decide(AutoAnswer::All, bridge, &[leg], true, 5);
        assert_eq!(decision.answer, Answer::Auto);
        assert_eq!(decision.used.as_deref(), Some("reconnect-1"));
    }

    proptest! {
        /// Whatever waits, a call that names its caller is answered by itself under 1 and 2 only, and not in a call.
        #[test]
        fn an_inbound_call_is_answered_by_its_setting_alone(
            policy in 0_usize..4,
            legs in prop::collection::vec((prop::option::of(0_u32..4), 0_i64..60_000), 0..4),
            leg in prop::option::of(0_u32..4), in_call: bool, now in 0_i64..90_000,
        ) {
            let asked: Vec<AskedLeg> =
                legs.into_iter().map(|(n, since)| dial(n.map(ucid), since)).collect();
            let invite = InviteFacts { ucid: leg.map(ucid), caller: true, known_inbound: false };
            let policy = POLICIES[policy];
            let decision = decide(policy, invite, &asked, in_call, now);
            let auto = matches!(policy, AutoAnswer::All | AutoAnswer::Inbound) && !in_call;
            prop_assert_eq!(decision.answer == Answer::Auto, auto);
            prop_assert_eq!(decision.answer == Answer::Busy, in_call);
            prop_assert_eq!(decision.used, None);
        }
    }
}
