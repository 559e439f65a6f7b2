use proptest::prelude::*;
use serde_json::json;

use super::*;

fn entry() -> OutboxEntry {
    OutboxEntry {
        id: "o1".into(),
        target: OutboxTarget::Service,
        call: "1".into(),
        kind: "disposition".into(),
        agent: "agent01".into(),
        payload: json!({"disposition": "Follow Up"}),
        state: OutboxState::Pending,
        attempt: 1,
        may_have_arrived: false,
        leased_until_ms: 99,
        next_ms: 0,
        created_ms: 0,
        message: None,
    }
}

fn failed(may_have_arrived: bool) -> AttemptResult {
    AttemptResult::Failed { message: "no answer".into(), may_have_arrived, ready_in_ms: None }
}

fn refused(is_clear: bool) -> AttemptResult {
    AttemptResult::Refused { message: "Disposition already saved".into(), is_clear }
}

#[test]
fn each_end_has_its_name() {
    const WRAP_UP: &str = "Wrap up time exceeded :120";
    for (unclear_before, result, service, want) in [
        (false, refused(false), None, OutboxState::Refused),
        (false, refused(true), None, OutboxState::Refused),
        (true, refused(false), None, OutboxState::Already),
        (true, refused(true), None, OutboxState::Refused),
        (false, refused(false), Some(WRAP_UP), OutboxState::Overtaken),
        (true, refused(false), Some("Follow Up"), OutboxState::Sent),
        (false, refused(false), Some("Sale"), OutboxState::Already),
        (false, refused(false), Some(""), OutboxState::Refused),
        (false, failed(true), Some(WRAP_UP), OutboxState::Pending),
    ] {
        let before = OutboxEntry { may_have_arrived: unclear_before, ..entry() };
        let after = after_attempt(&before, &result, service, 5, 0);
        assert_eq!(after.state, want, "{result:?} {service:?}");
        assert!(after.message.is_some());
    }
    let done = AttemptResult::Done { message: "saved".into(), queued: false };
    assert_eq!(after_attempt(&entry(), &done, None, 5, 0).state, OutboxState::Sent);
}

#[test]
fn waits_grow_keep_to_what_the_service_says_and_end_after_a_day() {
    let mut waits = Vec::new();
    for attempt in 1..=9 {
        let before = OutboxEntry { attempt, ..entry() };
        waits.push(after_attempt(&before, &failed(false), None, 0, 0).next_ms / 1000);
    }
    assert_eq!(waits, [1, 3, 10, 30, 120, 600, 1800, 1800, 1800]);
    let limited = AttemptResult::Failed {
        message: String::new(),
        may_have_arrived: false,
        ready_in_ms: Some(60_000),
    };
    assert_eq!(after_attempt(&entry(), &limited, None, 0, 0).next_ms, 60_000);
    let last = after_attempt(&entry(), &failed(true), None, LONGEST_MS, 0);
    assert_eq!((last.state, last.may_have_arrived), (OutboxState::GivenUp, true));
    let spread = after_attempt(&OutboxEntry { attempt: 7, ..entry() }, &failed(false), None, 0, 99);
    assert!((1_800_000..2_700_000).contains(&spread.next_ms));
}

#[test]
fn news_of_the_service_names_the_end_and_stops_nothing_that_is_to_be_sent() {
    let of = |state| OutboxEntry { state, ..entry() };
    for (state, service, want) in [
        (OutboxState::Already, "Follow Up", Some(OutboxState::Sent)),
        (OutboxState::Refused, "follow up ", Some(OutboxState::Sent)),
        (OutboxState::Pending, "Follow Up", Some(OutboxState::Sent)),
        (OutboxState::Pending, "Wrap up time exceeded :30", None),
        (OutboxState::Refused, "Wrap up time exceeded :30", Some(OutboxState::Overtaken)),
        (OutboxState::Sent, "Sale", None),
        (OutboxState::Already, "Sale", None),
        (OutboxState::GivenUp, " ", None),
    ] {
        let after = after_evidence(&of(state), service).map(|entry| entry.state);
        assert_eq!(after, want, "{state:?} {service}");
    }
    let platform = OutboxEntry { target: OutboxTarget::Platform, ..of(OutboxState::Refused) };
    assert_eq!(after_evidence(&platform, "Follow Up"), None);
}

#[test]
fn a_call_that_neither_side_knows_is_owed_by_no_one_until_it_turns_up() {
    let of = |state| OutboxEntry { state, ..entry() };
    for state in OutboxState::ALL {
        let after = without_call(of(state)).state;
        let refused = state == OutboxState::Refused;
        assert_eq!(after, if refused { OutboxState::NoCall } else { state });
        let seen = after_call_was_seen(&of(state)).map(|entry| entry.state);
        assert_eq!(seen, (state == OutboxState::NoCall).then_some(OutboxState::Refused));
    }
    assert!(!OutboxState::NoCall.is_sad() && OutboxState::NoCall.gives_way());
    assert_eq!(OutboxState::NoCall.of_call(), OutboxState::Refused);
}

#[test]
fn only_a_sad_end_is_repeated_by_hand() {
    for state in OutboxState::ALL {
        let after = again(&OutboxEntry { state, attempt: 9, ..entry() }, 77);
        assert_eq!(after.is_some(), state.gives_way(), "{state:?}");
        if let Some(after) = after {
            assert_eq!((after.state, after.attempt, after.next_ms), (OutboxState::Pending, 0, 77));
        }
    }
}

proptest! {
    /// It never ends but by an answer, by the service's word, or after a day; and it is never sent after it ended well.
    #[test]
    fn an_entry_ends_once(results in prop::collection::vec((0_u8..4, 0_i64..7_200_000), 1..40)) {
        let (mut row, mut now) = (entry(), 0);
        for (kind, after) in results {
            if row.state != OutboxState::Pending {
                break;
            }
            now = row.next_ms.max(now) + after;
            let result = match kind {
                0 => failed(false),
                1 => failed(true),
                2 => refused(false),
                _ => AttemptResult::Done { message: String::new(), queued: true },
            };
            let unclear = row.may_have_arrived || kind == 1;
            let next = after_attempt(&row, &result, None, now, 50);
            match next.state {
                OutboxState::Pending => prop_assert!(kind < 2 && next.next_ms > now && now < LONGEST_MS),
                OutboxState::GivenUp => prop_assert!(kind < 2 && now >= LONGEST_MS),
                OutboxState::Already => prop_assert!(kind == 2 && unclear),
                OutboxState::Refused => prop_assert!(kind == 2 && !unclear),
                OutboxState::Sent => prop_assert_eq!(kind, 3),
                OutboxState::Overtaken | OutboxState::Kept | OutboxState::NoCall => {
                    prop_assert!(false);
                }
            }
            row = OutboxEntry { attempt: next.attempt + 1, ..next };
        }
    }
}
