use proptest::prelude::*;
use serde_json::json;

use super::*;

fn entry(id: &str, key: Option<&str>) -> DialEntry {
    DialEntry {
        id: id.into(),
        user: "user-1".into(),
        key: key.unwrap_or(id).into(),
        is_explicit: key.is_some(),
        body_hash: "a".into(),
        agent: "agent01".into(),
        number: PhoneNumber::from("9000000001"),
        number_key: "919000000001".into(),
        campaign: None,
        did: None,
        phone_name: None,
        way: DialWay::Agent,
        state: DialState::Sending,
        reference: format!("desk-{id}"),
        ucid: None,
        answer: None,
        asked_ms: 0,
        decided_ms: None,
        settled_by: None,
        reason: None,
        is_open: true,
    }
}

fn in_state(state: DialState) -> DialEntry {
    let answer = (state != DialState::Sending)
        .then(|| GivenAnswer { status: 200, body: json!({"status": "success"}).into() });
    DialEntry { state, answer, is_open: !state.rang_no_one(), ..entry("old", Some("k")) }
}

const EVERY: [DialState; 8] = DialState::ALL;

#[test]
fn a_repeated_post_rings_once_whatever_became_of_the_first() {
    for state in EVERY {
        for now in [0, IMPLICIT_KEY_MS, IMPLICIT_KEY_MS * 1000] {
            let ledger = LedgerView { same_key: Some(in_state(state)), ..LedgerView::default() };
            let decision = decide(&entry("new", Some("k")), ledger, now);
            match decision {
                DialDecision::UnderWay(row) => {
                    assert_eq!((row.id.as_str(), state), ("old", DialState::Sending));
                }
                DialDecision::Replay(row) => assert_eq!(row.id, "old"),
                other => panic!("{state:?}: {other:?}"),
            }
        }
    }
    let ledger =
        LedgerView { same_key: Some(in_state(DialState::Refused)), ..LedgerView::default() };
    let other = DialEntry { body_hash: "b".into(), ..entry("new", Some("k")) };
    assert!(matches!(decide(&other, ledger, 0), DialDecision::OtherBody(_)));
}

#[test]
fn two_tabs_with_a_key_each_ring_once() {
    for state in [DialState::Sending, DialState::Unknown, DialState::Accepted] {
        let ledger = LedgerView { open: Some(in_state(state)), ..LedgerView::default() };
        let decision = decide(&entry("new", Some("other")), ledger, 1);
        assert!(matches!(&decision, DialDecision::AgentBusy(row) if row.id == "old"), "{state:?}");
    }
}

#[test]
fn without_a_key_agent_and_number_are_the_key_for_a_minute_or_until_settled() {
    use DialState::{
        Accepted, Invalid, NotSent, Refused, Sending, SettledHappened, SettledNotHappened, Unknown,
    };
    for (state, within, after) in [
        (Sending, true, true),
        (Unknown, true, true),
        (Accepted, true, false),
        (SettledHappened, true, false),
        (SettledNotHappened, false, false),
        (Refused, false, false),
        (Invalid, false, false),
        (NotSent, false, false),
    ] {
        for (now, held) in [(IMPLICIT_KEY_MS - 1, within), (IMPLICIT_KEY_MS, after)] {
            let ledger = LedgerView { same_number: Some(in_state(state)), ..LedgerView::default() };
            let decision = decide(&entry("new", None), ledger.clone(), now);
            let repeats = matches!(decision, DialDecision::Replay(_) | DialDecision::UnderWay(_));
            assert_eq!(repeats, held, "{state:?} at {now}");
            let other = DialEntry { body_hash: "b".into(), ..entry("new", None) };
            let differs = matches!(decide(&other, ledger.clone(), now), DialDecision::OtherBody(_));
            assert_eq!(differs, held, "{state:?} at {now}");
            // A request with a key has its own.
            let decision = decide(&entry("new", Some("k2")), ledger, now);
            let placed = DialDecision::Place {
                close: None,
                way: DialWay::Agent,
                phone_name: None,
                claim: DialClaim::None,
            };
            assert_eq!(decision, placed);
        }
    }
}

#[test]
fn an_accepted_dial_blocks_as_long_as_its_call_may_go_on() {
    let open = in_state(DialState::Accepted);
    for (heard, now, want) in [
        (None, QUIET_MS - 1, true),
        (None, QUIET_MS, false),
        (Some(10), LONGEST_SILENCE_MS + 9, true),
        (Some(10), LONGEST_SILENCE_MS + 10, false),
    ] {
        assert_eq!(blocks(&open, heard, now), want, "{heard:?} {now}");
        let ledger =
            LedgerView { open: Some(open.clone()), open_heard_ms: heard, ..LedgerView::default() };
        let decision = decide(&entry("new", Some("k2")), ledger, now);
        let (close, way) = (Some("old".into()), DialWay::Agent);
        let placed = DialDecision::Place { close, way, phone_name: None, claim: DialClaim::None };
        assert_eq!(decision == placed, !want);
    }
    // What is not known to have happened blocks until it is settled.
    assert!(blocks(&in_state(DialState::Unknown), None, i64::MAX));
    assert!(!blocks(&DialEntry { is_open: false, ..open }, None, 0));
}

#[test]
fn who_is_in_a_call_does_not_dial_and_an_own_dial_is_named_first() {
    let new = entry("new", Some("k2"));
    let of = |talking_ms| LedgerView { talking_ms, ..LedgerView::default() };
    for (now, bars) in [(9, true), (LONGEST_SILENCE_MS + 4, true), (LONGEST_SILENCE_MS + 5, false)]
    {
        let decision = decide(&new, of(Some(5)), now);
        assert_eq!(decision == DialDecision::Barred(DialBar::InCall), bars, "{now}");
        assert_eq!(matches!(decision, DialDecision::Place { .. }), !bars, "{now}");
    }
    let ledger = LedgerView { open: Some(in_state(DialState::Sending)), ..of(Some(5)) };
    assert!(matches!(decide(&new, ledger, 9), DialDecision::AgentBusy(row) if row.id == "old"));
    let ledger = LedgerView { same_key: Some(in_state(DialState::Accepted)), ..of(Some(5)) };
    assert!(matches!(decide(&new, ledger, 9), DialDecision::Replay(row) if row.id == "old"));
}

#[test]
fn a_missed_call_is_called_back_by_who_claims_it() {
    let new = entry("new", Some("k2"));
    let of = |claimed_by: Option<&str>| LedgerView {
        missed: Some(OpenMissed { claimed_by: claimed_by.map(str::to_owned) }),
        ..LedgerView::default()
    };
    for (by, want) in [(None, DialClaim::Takes), (Some("AGENT01"), DialClaim::Renews)] {
        let decision = decide(&new, of(by), 9);
        assert!(matches!(decision, DialDecision::Place { claim, .. } if claim == want), "{by:?}");
    }
    let barred = DialDecision::Barred(DialBar::Claimed { by: "agent02".into() });
    assert_eq!(decide(&new, of(Some("agent02")), 9), barred);
    // What was asked for before is answered as before.
    let ledger =
        LedgerView { same_key: Some(in_state(DialState::Accepted)), ..of(Some("agent02")) };
    assert!(matches!(decide(&new, ledger, 9), DialDecision::Replay(_)));
}

fn seen(n: u32) -> DialEvidence {
    DialEvidence::Seen { ucid: Some(Ucid::from(n)) }
}

fn decided(happened: bool) -> DialEvidence {
    DialEvidence::Decided { happened, by: "supervisor01".into(), reason: "asked the agent".into() }
}

#[test]
fn only_an_unknown_dial_is_settled() {
    for state in EVERY {
        let row = in_state(state);
        let settled =
            settle(&row, &DialEvidence::NotInReport, 9).map(|row| (row.state, row.is_open));
        let want = (state == DialState::Unknown).then_some((DialState::SettledNotHappened, false));
        assert_eq!(settled, want, "{state:?}");
        let by_hand = settle(&row, &decided(true), 9);
        assert_eq!(by_hand.is_some(), state == DialState::Unknown, "{state:?}");
        if let Some(row) = by_hand {
            assert_eq!(row.settled_by.as_deref(), Some("supervisor01"));
            assert_eq!((row.state, row.answer), (DialState::SettledHappened, None));
        }
    }
    let found = settle(&in_state(DialState::SettledNotHappened), &seen(1), 9).unwrap();
    assert_eq!((found.state, found.ucid), (DialState::SettledHappened, Some(Ucid::from(1))));
}

#[test]
fn a_row_found_sending_at_the_start_is_unknown() {
    for state in EVERY {
        let row = settle(&in_state(state), &DialEvidence::Restarted, 9);
        assert_eq!(row.is_some(), state == DialState::Sending);
        if let Some(row) = row {
            assert_eq!((row.state, row.is_open), (DialState::Unknown, true));
        }
    }
}

#[test]
fn a_row_found_sending_whose_call_was_seen_has_happened() {
    let row = settle(&in_state(DialState::Sending), &seen(7), 1).unwrap();
    assert_eq!((row.state, row.ucid), (DialState::Sending, Some(Ucid::from(7))));
    let row = settle(&row, &DialEvidence::Restarted, 9).unwrap();
    assert_eq!((row.state, row.is_open), (DialState::SettledHappened, true));
    assert_eq!((row.ucid, row.decided_ms), (Some(Ucid::from(7)), Some(9)));
}

#[test]
fn all_spellings_of_a_number_have_one_key() {
    for text in ["9000000001", "+91 90000 00001", "09000000001", "00919000000001"] {
        assert_eq!(number_key(&PhoneNumber::from(text)), "919000000001", "{text}");
    }
    for text in ["+12015550123", "0012015550123", "+1 201\u{a0}555-0123"] {
        assert_eq!(number_key(&PhoneNumber::from(text)), "12015550123", "{text}");
    }
    assert_eq!(number_key(&PhoneNumber::from("anonymous")), "anonymous");
}

proptest! {
    /// Once something was seen, the dial has happened, whatever else is found out before or after.
    #[test]
    fn what_was_seen_has_happened(
        evidence in prop::collection::vec(0_usize..5, 0..12), at in 0_usize..12, sending: bool,
    ) {
        let state = if sending { DialState::Sending } else { DialState::Unknown };
        let mut row = in_state(state);
        let mut all: Vec<DialEvidence> = evidence
            .into_iter()
            .map(|n| match n {
                0 => DialEvidence::NotInReport,
                1 => decided(true),
                2 => decided(false),
                3 => DialEvidence::Restarted,
                _ => seen(7),
            })
            .collect();
        all.insert(at.min(all.len()), seen(7));
        if sending {
            all.push(DialEvidence::Restarted);
        }
        for one in &all {
            row = settle(&row, one, 1).unwrap_or(row);
        }
        prop_assert_eq!(row.state, DialState::SettledHappened);
        prop_assert_eq!(row.ucid, Some(Ucid::from(7)));
    }
}

#[test]
fn a_body_that_is_a_message_alone_is_kept_as_that_and_stored_as_it_was() {
    for (text, is_message) in [
        (r#"{"message":"queued"}"#, true),
        (r#"{"message":"queued","status":409}"#, false),
        (r#"{"message":1}"#, false),
        (r#"{"status":"queued"}"#, false),
        ("[]", false),
        ("null", false),
    ] {
        let body: AnswerBody = serde_json::from_str(text).unwrap();
        assert_eq!(matches!(body, AnswerBody::Message { .. }), is_message, "{text}");
        assert_eq!(serde_json::to_string(&body).unwrap(), text);
        assert_eq!(body.document().to_string(), text);
        let message = if text.starts_with(r#"{"message":"q"#) { "queued" } else { "" };
        assert_eq!(body.message(), message);
    }
}
