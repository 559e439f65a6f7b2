use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::api::cdr::CallRecord;
use crate::receive::push::{CallEvent, Callback, ScreenPop};
use crate::types::ids::Ucid;

fn ucid(n: u64) -> Ucid {
    n.to_string().parse().unwrap()
}

/// Small ids, so that looks meet: calls are 1 to 4, inbound legs 11 and up, dialled legs equal to their call.
fn ids() -> impl Strategy<Value = (u64, u64)> {
    (1u64..5, 0u64..3)
        .prop_map(|(call, leg)| if call <= 2 { (call, call) } else { (call, call * 10 + leg) })
}

fn observation() -> impl Strategy<Value = CallObservation> {
    let word = || prop::sample::select(vec!["", "answered", "Busy", "not_answered", "Martian"]);
    let hms = || prop::sample::select(vec!["", "00:00:10", "00:00:20"]);
    let row = (ids(), word(), hms(), prop::sample::select(vec!["", "UserHangup"]), any::<bool>()).prop_map(
        |((call, leg), word, time, hangup, today)| {
            let id = |n: u64| if today { json!(n) } else { json!(n.to_string()) };
            let row = json!({"CallID":id(call),"UCID":id(leg),"DialStatus":word,"Duration":time,
                "HangupBy":hangup,"Event":"AgentDial","Type":if today { "InBound" } else { "Inbound" }});
            CallObservation::from(serde_json::from_value::<CallRecord>(row).unwrap())
        },
    );
    let callback = (ids(), word(), hms(), prop::sample::select(vec!["Answered", "NotAnswered"])).prop_map(
        |((call, _), word, time, status)| {
            let call = json!({"monitorUCID":call,"CustomerStatus":word,"CallDuration":time,"Status":status,"AgentID":"agent01 -> agent02"});
            CallObservation::from(serde_json::from_value::<Callback>(call).unwrap())
        },
    );
    let event = (ids(), prop::sample::select(vec!["Calling", "Answered", "Disconnect"]), 0u32..3, any::<bool>()).prop_map(
        |((call, leg), action, second, agent)| {
            let time = format!("2026-11-21 10:00:0{second}");
            let agent = if agent { "agent01" } else { "" };
            let event = json!({"action":action,"ucid":leg,"monitor_ucid":call,"event_time":time,"agent_id":agent});
            CallObservation::from(serde_json::from_value::<CallEvent>(event).unwrap())
        },
    );
    let pop = (ids(), word()).prop_map(|((call, leg), uui)| {
        let pop = json!({"ucid":leg,"monitorUcid":call,"uui":uui});
        CallObservation::from(serde_json::from_value::<ScreenPop>(pop).unwrap())
    });
    let number = || prop::sample::select(vec!["09000000001", "9000000002"]);
    let invite = (ids(), number())
        .prop_map(|((_, leg), caller)| Invite::new(ucid(leg)).caller(caller).into());
    let dial = (1u64..3, number())
        .prop_map(|(call, number)| DialReply::new(ucid(call)).customer(number).into());
    prop_oneof![row, callback, event, pop, invite, dial]
}

/// The calls after these looks, whatever order they are listed in.
fn after(sightings: &[CallObservation]) -> Vec<PhoneCall> {
    let mut calls = PhoneCalls::new(1000);
    for observation in sightings {
        assert!(calls.observe(observation.clone()).is_some());
    }
    let mut all: Vec<PhoneCall> = calls.iter().cloned().collect();
    all.sort_by_key(PhoneCall::key);
    all
}

fn shuffled() -> impl Strategy<Value = (Vec<CallObservation>, Vec<CallObservation>)> {
    prop::collection::vec(observation(), 1..14).prop_flat_map(|looks| {
        let repeated: Vec<CallObservation> =
            looks.iter().chain(looks.iter().step_by(2)).cloned().collect();
        (Just(looks), Just(repeated).prop_shuffle())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn neither_order_nor_repetition_changes_the_calls((looks, mixed) in shuffled()) {
        let (one, other) = (after(&looks), after(&mixed));
        prop_assert_eq!(&one, &other);
        for call in &one {
            let stored = serde_json::to_string(call).unwrap();
            prop_assert_eq!(&serde_json::from_str::<PhoneCall>(&stored).unwrap(), call);
        }
        for (a, b) in one.iter().zip(&other) {
            prop_assert_eq!(a.outcome(), b.outcome());
            prop_assert_eq!((a.caller(), a.agent(), a.uui()), (b.caller(), b.agent(), b.uui()));
        }
    }

    #[test]
    fn merging_is_a_union(a in observation(), b in observation(), c in observation()) {
        let of = |observation| PhoneCall::of(observation).unwrap();
        let (a, b, c) = (of(a), of(b), of(c));
        prop_assert_eq!(a.clone().merge(a.clone()), a.clone());
        prop_assert_eq!(a.clone().merge(b.clone()), b.clone().merge(a.clone()));
        prop_assert_eq!(a.clone().merge(b.clone()).merge(c.clone()), a.merge(b.merge(c)));
    }

    #[test]
    fn no_two_calls_share_an_id_and_every_look_is_in_one((looks, _) in shuffled()) {
        let mut calls = PhoneCalls::new(1000);
        for look in &looks {
            let seen = calls.observe(look.clone()).unwrap();
            for old in &seen.absorbed {
                prop_assert_eq!(calls.get(old), calls.get(&seen.key));
            }
        }
        for look in &looks {
            let by_leg = look.ucid().and_then(|id| calls.get(&id.into()));
            let by_call = look.call_id().and_then(|id| calls.get(&id.into()));
            prop_assert!(by_leg.is_some() || by_call.is_some());
            if let (Some(a), Some(b)) = (by_leg, by_call) {
                prop_assert_eq!(a.key(), b.key());
            }
        }
        let mut keys: Vec<_> = calls.iter().flat_map(|c| c.call_ids().map(CallKey::from).collect::<Vec<_>>()).collect();
        let all = keys.len();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), all);
    }
}

fn row(json: &serde_json::Value) -> CallRecord {
    serde_json::from_value(json.clone()).unwrap()
}

#[test]
fn a_dialled_call_is_one_record_from_the_first_look_on() {
    let mut calls = PhoneCalls::new(10);
    let first =
        calls.observe(DialReply::new(ucid(7)).uui("order 7").customer("9000000001")).unwrap();
    let unfinished =
        row(&json!({"CallID":7,"UCID":7,"Type":"Manual","Event":"AgentDial","HangupBy":""}));
    let seen = calls.observe(unfinished.clone()).unwrap();
    assert_eq!((seen.key, seen.absorbed.len()), (first.key, 0));
    assert_eq!(calls.get(&first.key).unwrap().outcome().kind, CallOutcomeKind::InProgress);
    let finished = row(
        &json!({"CallID":"7","UCID":"7","Type":"Manual","Event":"Agent Dials","HangupBy":"UserHangup",
        "Status":"Unanswered","CustomerDialStatus":"Busy"}),
    );
    calls.observe(finished);
    // The late repeat of the unfinished row changes nothing.
    calls.observe(unfinished);
    let call = calls.get(&first.key).unwrap();
    assert_eq!((calls.len(), call.outcome().kind), (1, CallOutcomeKind::Busy));
    assert_eq!(call.uui().unwrap().as_str(), "order 7");
}

#[test]
fn the_callbacks_word_goes_before_the_rows() {
    let mut calls = PhoneCalls::new(10);
    let callback = json!({"monitorUCID":"7","Status":"Answered","Duration":"00:00:23","CallDuration":"00:00:30"});
    calls.observe(serde_json::from_value::<Callback>(callback).unwrap());
    let key = calls
        .observe(row(&json!({"CallID":7,"UCID":7,"Event":"AgentDial","Duration":"00:00:05"})))
        .unwrap()
        .key;
    let call = calls.get(&key).unwrap();
    assert_eq!(call.outcome().kind, CallOutcomeKind::Completed);
    assert_eq!(call.conversation().unwrap().seconds(), 23);
}

#[test]
fn legs_of_an_inbound_call_are_counted_together() {
    let mut calls = PhoneCalls::new(10);
    for (leg, word, agent) in [(31, "not_answered", "agent01"), (32, "answered", "agent02")] {
        let status = if word == "answered" { "Answered" } else { "Unanswered" };
        calls.observe(row(
            &json!({"CallID":3,"UCID":leg,"Type":"InBound","Status":status,"AgentDialStatus":word,
            "AgentID":agent,"TalkTime":"00:00:10","HangupBy":"AgentHangup"}),
        ));
    }
    let call = calls.get(&ucid(31).into()).unwrap();
    assert_eq!(call.outcome().kind, CallOutcomeKind::Completed);
    assert_eq!(call.agent().unwrap().as_str(), "agent02");
    assert_eq!((call.ucids().count(), call.key().unwrap().as_str()), (2, "3"));
}

/// What was said of a colleague's leg was taken for one's own.
#[test]
fn a_disposition_is_of_the_agent_whose_leg_has_it() {
    let callback = |agents: &str| {
        let json = json!({"monitorUCID":"3","AgentID":agents,"Disposition":"Sale"});
        serde_json::from_value::<Callback>(json).unwrap()
    };
    let leg = |ucid: u64, agent: &str, said: &str| {
        row(&json!({"CallID":3,"UCID":ucid,"Type":"InBound","AgentID":agent,"Disposition":said}))
    };
    let of = |looks: Vec<CallObservation>| {
        let mut calls = PhoneCalls::new(10);
        for look in looks {
            drop(calls.observe(look));
        }
        let call = calls.get(&ucid(3).into()).unwrap();
        ["agent01", "agent02"]
            .map(|agent| call.disposition_of(&agent.into()).map(|name| name.as_str().to_owned()))
    };
    let said = |name: &str| Some(name.to_owned());
    assert_eq!(of(vec![callback("agent01").into()]), [said("Sale"), None]);
    assert_eq!(of(vec![callback("AGENT01 -> agent01").into()]), [said("Sale"), None]);
    assert_eq!(of(vec![callback("agent02 -> agent01").into()]), [None, None]);
    assert_eq!(of(vec![callback("").into()]), [None, None]);
    let rows = vec![leg(31, "agent01", " ").into(), leg(32, "agent02", "Sale").into()];
    assert_eq!(of(rows), [None, said("Sale")]);
    let again = vec![leg(31, "agent01", "No Answer").into(), leg(33, "agent01", "").into()];
    assert_eq!(of(again), [said("No Answer"), None]);
    let rows_first = vec![callback("agent01").into(), leg(31, "agent01", "Late").into()];
    assert_eq!(of(rows_first), [said("Late"), None]);
}

/// The service's own text stood where the agent had given a disposition after wrap-up.
#[test]
fn what_an_agent_chose_goes_before_the_services_own_text() {
    const EXCEEDED: &str = "Wrap up time exceeded :120";
    let of_row = |said: &str| -> CallObservation {
        row(&json!({"CallID":7,"UCID":7,"Status":"Answered","HangupBy":"UserHangup","AgentID":"agent01",
            "Duration":"00:00:30","HandlingTime":"00:02:23","Disposition":said}))
        .into()
    };
    let of_callback = |said: &str| -> CallObservation {
        let json = json!({"monitorUCID":"7","Status":"Answered","CallDuration":"00:00:30","AgentID":"agent01",
            "Disposition":said});
        serde_json::from_value::<Callback>(json).unwrap().into()
    };
    let said = |looks: [CallObservation; 2]| {
        let call = looks.into_iter().filter_map(PhoneCall::of).reduce(PhoneCall::merge).unwrap();
        let text = |name: Option<&crate::types::DispositionName>| name.unwrap().to_string();
        [text(call.disposition()), text(call.disposition_of(&"agent01".into()))]
    };
    for (one, other) in [
        (of_callback(EXCEEDED), of_row("Sale")),
        (of_callback("Sale"), of_row(EXCEEDED)),
        (of_row(EXCEEDED), of_row("Sale")),
        (of_callback(EXCEEDED), of_callback("Sale")),
    ] {
        assert_eq!(said([one.clone(), other.clone()]), ["Sale", "Sale"]);
        assert_eq!(said([other, one]), ["Sale", "Sale"]);
    }
    assert_eq!(said([of_callback(EXCEEDED), of_row("")]), [EXCEEDED, EXCEEDED]);
}

/// The greatest id was taken for the last leg, although the ids of an inbound call's legs are in no order of time.
#[test]
fn the_last_leg_is_the_one_that_began_last() {
    let leg = |ucid: u64, agent: &str, time: &str, said: &str| {
        row(
            &json!({"CallID":3,"UCID":ucid,"Type":"InBound","Status":"Answered","CallDate":"2026-11-21",
            "StartTime":time,"AgentID":agent,"Disposition":said,"CallAudio":said}),
        )
    };
    let mut calls = PhoneCalls::new(10);
    calls.observe(leg(31, "agent02", "10:05:00", "Sale"));
    calls.observe(leg(32, "agent01", "10:03:00", "Later"));
    calls.observe(leg(33, "agent01", "10:00:00", "No Answer"));
    let call = calls.get(&ucid(3).into()).unwrap();
    assert_eq!(call.agent().unwrap().as_str(), "agent02");
    assert_eq!(call.disposition().unwrap().as_str(), "Sale");
    assert_eq!(call.disposition_of(&"agent01".into()).unwrap().as_str(), "Later");
    assert_eq!(call.recording().unwrap().as_str(), "Sale");
    assert_eq!(call.rows().count(), 3);
}

#[test]
fn a_disconnect_without_words_is_judged_by_the_events_before_it() {
    let of = |actions: &[&str]| {
        let mut calls = PhoneCalls::new(10);
        let mut key = None;
        for (at, action) in actions.iter().enumerate() {
            let event = json!({"action":action,"ucid":7,"monitor_ucid":7,"event_time":format!("2026-11-21 10:00:0{at}")});
            key = calls
                .observe(serde_json::from_value::<CallEvent>(event).unwrap())
                .map(|seen| seen.key);
        }
        calls.get(&key.unwrap()).unwrap().outcome().kind
    };
    assert_eq!(of(&["Calling"]), CallOutcomeKind::InProgress);
    assert_eq!(of(&["Calling", "Answered"]), CallOutcomeKind::InProgress);
    assert_eq!(of(&["Calling", "Answered", "Disconnect"]), CallOutcomeKind::Completed);
    assert_eq!(of(&["Calling", "Disconnect"]), CallOutcomeKind::Unknown);
}

#[test]
fn beyond_the_limit_the_oldest_call_goes() {
    let mut calls = PhoneCalls::new(2);
    assert!(calls.observe(DialReply::new(ucid(1))).unwrap().evicted.is_none());
    calls.observe(DialReply::new(ucid(2)));
    let evicted = calls.observe(DialReply::new(ucid(3))).unwrap().evicted.unwrap();
    assert_eq!(evicted.key().unwrap().as_str(), "1");
    assert!(calls.get(&ucid(1).into()).is_none());
    assert!(calls.remove(&ucid(3).into()).is_some());
    assert_eq!(calls.len(), 1);
}

#[test]
fn what_names_no_call_is_not_taken_in() {
    let mut calls = PhoneCalls::new(2);
    assert!(calls.observe(CallEvent::default()).is_none());
    assert!(calls.observe(CallObservation::Unrelated).is_none());
    assert!(calls.is_empty());
}

/// A second callback without the recording erased it.
#[test]
fn a_later_delivery_that_lacks_a_field_does_not_erase_it() {
    let first = json!({"monitorUCID":"7","Status":"Answered","CallDuration":"00:00:30","DialedNumber":"500001",
        "Comments":"first","Odd":1});
    let second = json!({"monitorUCID":"7","Status":"Answered","CallDuration":"00:00:31","Disposition":"Sale",
        "AudioFile":"https://recordings.example.test/1.mp3","Comments":"second"});
    let read =
        |value: &serde_json::Value| serde_json::from_value::<Callback>(value.clone()).unwrap();
    for pair in [[&first, &second], [&second, &first]] {
        let mut calls = PhoneCalls::new(10);
        for callback in pair {
            calls.observe(read(callback));
        }
        let call = calls.get(&ucid(7).into()).unwrap();
        let merged = call.callback().unwrap();
        assert_eq!(merged.dialed_number.as_ref().unwrap().joined(), "500001");
        assert!(merged.audio_file.is_some() && merged.disposition.is_some());
        assert_eq!(merged.extra.get("Odd"), Some(&json!(1)));
        // Where both have a value, the fuller one's counts.
        assert_eq!(merged.comments.as_ref().unwrap().as_str(), "second");
        let stored: PhoneCall =
            serde_json::from_str(&serde_json::to_string(call).unwrap()).unwrap();
        assert_eq!(&stored, call);
    }
    let mut calls = PhoneCalls::new(10);
    for state in [
        json!({"CallID":7,"UCID":7,"TalkTime":"00:00:09","Duration":"00:00:20","CallAudio":"a"}),
        json!({"CallID":7,"UCID":7,"HangupBy":"UserHangup","Duration":"00:00:21","HandlingTime":"00:00:09"}),
    ] {
        calls.observe(row(&state));
    }
    for agent in ["agent01", ""] {
        let event = json!({"action":"Answered","ucid":7,"monitor_ucid":7,"event_time":"2026-11-21 10:00:00","agent_id":agent});
        calls.observe(serde_json::from_value::<CallEvent>(event).unwrap());
    }
    let call = calls.get(&ucid(7).into()).unwrap();
    let rows: Vec<_> = call.rows().collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].talk_time.unwrap().seconds(), 9);
    assert!(rows[0].call_audio.is_some() && rows[0].hangup_by.is_some());
    assert_eq!(rows[0].duration.unwrap().seconds(), 21);
    assert_eq!(call.events().count(), 1);
    assert_eq!(call.events().next().unwrap().agent().unwrap().as_str(), "agent01");
}

#[test]
fn an_event_without_a_time_is_as_old_as_its_push() {
    use crate::receive::push::PushReader;
    let event = |pushed: &str, action: &str| {
        let body = serde_json::json!({
            "eventType": "Call", "eventTime": pushed,
            "data": {"action": action, "ucid": "1", "monitor_ucid": "1"},
        });
        let push = PushReader::new().events(None, body.to_string().as_bytes()).unwrap();
        PhoneCall::of(push.items[0].clone()).unwrap()
    };
    let call =
        event("2026-11-21 10:00:09", "Answered").merge(event("2026-11-21 10:00:01", "Calling"));
    let call = call.merge(event("2026-11-21 10:00:05", "Calling"));
    let times: Vec<_> = call.events().map(|event| event.event_time.unwrap().to_string()).collect();
    let want = ["2026-11-21 10:00:01", "2026-11-21 10:00:05", "2026-11-21 10:00:09"];
    assert_eq!(times, want);
    assert_eq!(call.events().next_back().unwrap().action.as_ref().unwrap().as_str(), "Answered");
}

#[test]
fn the_index_keeps_no_more_ids_than_its_calls() {
    let mut calls = PhoneCalls::new(10);
    for n in 1..=1000 {
        let event = CallEvent {
            ucid: Some(ucid(1000 + n)),
            call_id: Some(ucid(1).into()),
            ..CallEvent::default()
        };
        calls.observe(event).unwrap();
    }
    assert_eq!(calls.len(), 1);
    assert!(calls.get(&ucid(1001).into()).is_none(), "the call holds this leg no longer");
    assert!(calls.get(&ucid(2000).into()).is_some());
    assert!(calls.held_ids() <= 257, "{}", calls.held_ids());
    calls.remove(&ucid(2000).into()).unwrap();
    assert_eq!((calls.len(), calls.held_ids()), (0, 0));
}
