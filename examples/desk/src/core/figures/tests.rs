use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn day() -> Day {
    "2026-11-20".parse().unwrap()
}

fn row(fields: &[(&str, Value)]) -> CallRecord {
    let mut row = json!({"CallDate": "2026-11-20", "AgentID": "agent01"});
    for (name, value) in fields {
        row[*name] = value.clone();
    }
    serde_json::from_value(row).unwrap()
}

fn agent() -> AgentId {
    "agent01".into()
}

/// The rows of each phone call.
fn calls(rows: &[CallRecord]) -> Vec<Vec<CallRecord>> {
    let calls = CallLegs::group(rows);
    calls.iter().map(|call| call.legs().iter().map(|leg| (*leg).clone()).collect()).collect()
}

fn tally(rows: &[CallRecord]) -> Tally {
    let mut tally = Tally::default();
    for call in calls(rows) {
        tally.add(&call, Some(&[agent()]), KeptFacts::default());
    }
    tally
}

fn of(rows: &[CallRecord], summary: &[AgentSummary]) -> Performance {
    Performance::of(day(), tally(rows), utilization(Some(&[agent()]), summary))
}

/// Nine rows of seven phone calls, six of them the agent's.
fn mixed() -> Vec<CallRecord> {
    [outbound(), inbound()].concat()
}

fn outbound() -> Vec<CallRecord> {
    vec![
        // Outbound, answered, finished: 100 s talk, 120 s handling.
        row(&[
            ("CallID", json!(90_000_000_000_000_001_u64)),
            ("UCID", json!(90_000_000_000_000_001_u64)),
            ("Type", json!("Manual")),
            ("Status", json!("Answered")),
            ("StartTime", json!("10:00:00")),
            ("PickupTime", json!("10:00:05")),
            ("TalkTime", json!("00:01:40")),
            ("WrapupDuration", json!("00:00:20")),
            ("HandlingTime", json!("00:02:00")),
            ("Disposition", json!("Appointment Booked")),
        ]),
        // Outbound, not answered, and a pick-up time all the same: the agent's leg was picked up.
        row(&[
            ("CallID", json!("90000000000000002")),
            ("UCID", json!("90000000000000002")),
            ("Type", json!("Progressive")),
            ("Status", json!("Unanswered")),
            ("StartTime", json!("10:10:00")),
            ("PickupTime", json!("10:10:03")),
            ("TimeToAnswer", json!("00:00:03")),
            ("TalkTime", json!("00:00:00")),
            ("HandlingTime", Value::Null),
            ("Disposition", json!("")),
        ]),
        // Just begun: no status yet, no times.
        row(&[
            ("CallID", json!("90000000000000006")),
            ("UCID", json!("90000000000000006")),
            ("Type", json!("Preview")),
            ("StartTime", json!("13:00:00")),
            ("Disposition", Value::Null),
        ]),
    ]
}

fn inbound() -> Vec<CallRecord> {
    vec![
        // Inbound in today's spelling, two legs of the agent (left and came back): one call, 30 + 45 s talk.
        row(&[
            ("CallID", json!(80_000_000_000_000_003_u64)),
            ("UCID", json!(80_000_000_004_000_001_u64)),
            ("Type", json!("InBound")),
            ("Status", json!("Answered")),
            ("StartTime", json!("11:00:00")),
            ("TalkTime", json!("00:00:30")),
            ("HandlingTime", json!("00:00:40")),
            ("Disposition", json!("Follow Up")),
        ]),
        row(&[
            ("CallID", json!(80_000_000_000_000_003_u64)),
            ("UCID", json!(80_000_000_004_000_002_u64)),
            ("Type", json!("InBound")),
            ("Status", json!("Answered")),
            ("StartTime", json!("11:05:00")),
            ("TalkTime", json!("00:00:45")),
            ("HandlingTime", json!("00:01:00")),
            ("Disposition", json!("appointment moved")),
        ]),
        // The same call's leg with another agent: none of this agent's time.
        row(&[
            ("CallID", json!(80_000_000_000_000_003_u64)),
            ("UCID", json!(80_000_000_004_000_003_u64)),
            ("AgentID", json!("agent02")),
            ("Type", json!("InBound")),
            ("Status", json!("Answered")),
            ("StartTime", json!("11:02:00")),
            ("TalkTime", json!("00:30:00")),
            ("HandlingTime", json!("00:40:00")),
            ("Disposition", json!("Wrong Number")),
        ]),
        // Inbound in yesterday's spelling, past midnight, ids as text: 61 s talk.
        row(&[
            ("CallID", json!("80000000000000004")),
            ("UCID", json!("80000000005000001")),
            ("Type", json!("Inbound")),
            ("Status", json!("Answered")),
            ("StartTime", json!("23:59:30")),
            ("EndTime", json!("00:00:31")),
            ("TalkTime", json!("00:01:01")),
            ("HandlingTime", json!("")),
            ("WrapupDuration", json!("00:00:00")),
            ("Disposition", json!("")),
        ]),
        // Missed in the callback's word; a type that says nothing on the direction.
        row(&[
            ("CallID", json!("80000000000000005")),
            ("UCID", json!("80000000006000001")),
            ("Type", json!("IVR")),
            ("Status", json!("NotAnswered")),
            ("StartTime", json!("12:00:00")),
        ]),
        // No agent's: an abandoned queue leg.
        row(&[
            ("CallID", json!("80000000000000007")),
            ("UCID", json!("80000000007000001")),
            ("AgentID", json!("")),
            ("Type", json!("InBound")),
            ("Status", json!("Unanswered")),
            ("StartTime", json!("14:00:00")),
        ]),
    ]
}

#[test]
fn a_mixed_day_counted_by_hand() {
    let figures = of(&mixed(), &[]);
    let calls = CallCounts { total: 6, inbound: 2, outbound: 3, answered: 3, missed: 2 };
    assert_eq!(figures.calls, calls);
    // 100, 75 and 61 s: 236 / 3 = 78.67.
    assert_eq!(figures.avg_talk_time_sec, 79);
    // 120 s, and 40 + 60 s of one call; the third is unfinished: 220 / 2.
    assert_eq!(figures.avg_handling_time.to_string(), "00:01:50");
    assert_eq!(figures.appointments_booked, 2);
    // 2 of 6 is 33.3 %.
    assert_eq!(figures.conversion_rate, 33);
    let dispositions = [("Appointment Booked", 1), ("No Disposition", 4), ("appointment moved", 1)];
    let dispositions = dispositions.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(figures.dispositions, BTreeMap::from(dispositions));
    assert_eq!(figures.time_utilization, None);
}

#[test]
fn a_day_without_calls_is_all_zeros() {
    let json = serde_json::to_value(of(&[], &[])).unwrap();
    assert_eq!(
        json,
        json!({
            "date": "2026-11-20",
            "calls": {"total": 0, "inbound": 0, "outbound": 0, "answered": 0, "missed": 0},
            "avgTalkTimeSec": 0,
            "avgHandlingTime": "00:00:00",
            "conversionRate": 0,
            "appointmentsBooked": 0,
            "timeUtilization": null,
            "dispositions": {},
        })
    );
}

#[test]
fn percent_and_mean_are_rounded_half_up() {
    let call = |n: u32, talk: &str, disposition: &str| {
        row(&[
            ("CallID", json!(format!("{}", 100 + n))),
            ("Type", json!("Manual")),
            ("Status", json!("Answered")),
            ("TalkTime", json!(talk)),
            ("Disposition", json!(disposition)),
        ])
    };
    let mut rows = vec![call(0, "00:00:01", "APPOINTMENT"), call(1, "00:00:02", "x")];
    assert_eq!((of(&rows, &[]).avg_talk_time_sec, of(&rows, &[]).conversion_rate), (2, 50));
    rows.extend((2..8).map(|n| call(n, "00:00:00", "x")));
    // 1 of 8 is 12.5 %; talk times of zero do not count.
    assert_eq!((of(&rows, &[]).avg_talk_time_sec, of(&rows, &[]).conversion_rate), (2, 13));
}

fn summary(agent: &str, mode: &str, times: [&str; 6]) -> AgentSummary {
    let [login, busy, idle, pause, wrapup, dial] = times;
    serde_json::from_value(json!({
        "AgentUniqueID": agent, "ModeType": mode, "CallDate": "2026-11-20",
        "TotalLoginDuration": login, "TotalBusyTime": busy, "TotalIdleTime": idle,
        "TotalPauseTime": pause, "TotalWrapupTime": wrapup, "TotalDialTime": dial,
    }))
    .unwrap()
}

#[test]
fn time_utilization_sums_the_modes_of_one_agent() {
    let rows = [
        summary(
            "agent01",
            "Inbound",
            ["20:00:00", "00:10:00", "00:20:00", "", "00:00:01", "00:00:59"],
        ),
        summary("agent02", "Inbound", ["09:00:00"; 6]),
        summary(
            "agent01",
            "Manual",
            ["05:30:30", "00:00:05", "00:00:06", "00:00:07", "00:00:08", "00:00:01"],
        ),
    ];
    let json = serde_json::to_value(of(&[], &rows)).unwrap();
    assert_eq!(
        json["timeUtilization"],
        json!({
            "totalLoginDuration": "25:30:30",
            "totalBusyTime": "00:10:05",
            "totalIdleTime": "00:20:06",
            "totalPauseTime": "00:00:07",
            "totalWrapupTime": "00:00:09",
            "totalDialTime": "00:01:00",
        })
    );
}

#[test]
fn legs_past_midnight_keep_their_order() {
    let leg = |ucid: &str, start: &str, disposition: &str| {
        row(&[
            ("CallID", json!("1")),
            ("UCID", json!(ucid)),
            ("StartTime", json!(start)),
            ("Disposition", json!(disposition)),
        ])
    };
    let rows = [leg("12", "00:00:40", "second"), leg("11", "23:58:00", "first")];
    let calls = CallLegs::group(&rows);
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].disposition(), Some("second"));
    assert_eq!(calls[0].first().unwrap().ucid.unwrap().as_str(), "11");
}

/// Any row: a few calls and agents, every status and type, absent and odd values included.
fn any_row() -> impl Strategy<Value = CallRecord> {
    let word = |words: &'static [&'static str]| prop::sample::select(words);
    (
        (1_u32..7, 0_u32..20, word(&["agent01", "agent02", ""])),
        word(&["Manual", "InBound", "Inbound", "Preview", "IVR", "", "Odd"]),
        word(&["Answered", "Unanswered", "NotAnswered", ""]),
        (0_u32..5000, 0_u32..86_400),
        word(&["", "Follow Up", "Appointment Booked", "re-appointment"]),
    )
        .prop_map(|((call, leg, agent), kind, status, (talk, start), disposition)| {
            row(&[
                ("CallID", json!(format!("{call}"))),
                ("UCID", json!(format!("{call}{leg}"))),
                ("AgentID", json!(agent)),
                ("Type", json!(kind)),
                ("Status", json!(status)),
                ("StartTime", json!(ClockDuration::from_seconds(start).to_string())),
                ("TalkTime", json!(ClockDuration::from_seconds(talk).to_string())),
                ("Disposition", json!(disposition)),
            ])
        })
}

#[test]
fn a_call_that_goes_on_is_neither_answered_nor_missed() {
    let leg = |ucid: &str, agent: &str, hangup: &str| {
        row(&[
            ("CallID", json!("1")),
            ("UCID", json!(ucid)),
            ("AgentID", json!(agent)),
            ("Event", json!("AgentDial")),
            ("Type", json!("InBound")),
            ("Status", json!("Answered")),
            ("HangupBy", json!(hangup)),
            ("TalkTime", json!("00:00:10")),
        ])
    };
    let counts = |rows: &[CallRecord]| {
        let calls = tally(rows).calls();
        (calls.total, calls.answered, calls.missed)
    };
    assert_eq!(counts(&[leg("11", "agent01", "")]), (1, 0, 0));
    assert_eq!(counts(&[leg("11", "agent01", "UserHangup")]), (1, 1, 0));
    // Handed over: for the one it has ended, for the other it goes on, and the phone call goes on too.
    let handed = [leg("11", "agent01", "AgentHangup"), leg("12", "agent02", "")];
    assert_eq!(counts(&handed), (1, 1, 0));
    let mut whole = Tally::default();
    whole.add(&handed, None, KeptFacts::default());
    assert_eq!((whole.calls().total, whole.calls().answered), (1, 0));
}

#[test]
fn a_call_that_goes_on_has_no_length_and_no_missing_disposition() {
    let leg = |call: u32, hangup: &str, talk: &str, handling: Value, disposition: &str| {
        row(&[
            ("CallID", json!(call)),
            ("UCID", json!(call)),
            ("Event", json!("AgentDial")),
            ("Type", json!("Manual")),
            ("Status", json!("Answered")),
            ("HangupBy", json!(hangup)),
            ("TalkTime", json!(talk)),
            ("HandlingTime", handling),
            ("Disposition", json!(disposition)),
        ])
    };
    let over = leg(1, "UserHangup", "00:00:42", json!("00:00:44"), "Follow Up");
    let goes_on = leg(2, "", "00:12:32", json!("00:12:32"), "");
    let figures = Figures::from(tally(&[over.clone(), goes_on.clone()]));
    assert_eq!((figures.calls.total, figures.calls.answered), (2, 1));
    assert_eq!((figures.talk_mean_sec, figures.handling_mean_sec), (42, 44));
    assert_eq!(figures.dispositions, BTreeMap::from([("Follow Up".to_owned(), 1)]));
    // In after-call work it has ended, with a length, and nothing was said so far; what was said before the end counts.
    let ended = leg(2, "UserHangup", "00:12:32", Value::Null, "");
    let figures = Figures::from(tally(&[over.clone(), ended]));
    assert_eq!((figures.talk_mean_sec, figures.handling_mean_sec), (397, 44));
    assert_eq!(figures.dispositions.get(NO_DISPOSITION), Some(&1));
    let said = leg(2, "", "00:12:32", Value::Null, "Sale");
    assert_eq!(Figures::from(tally(&[said])).dispositions.get("Sale"), Some(&1));
}

#[test]
fn a_booking_is_by_code_or_appointment_and_else_by_text() {
    let booked = |disposition: &str, code: Option<&str>, has_appointment: bool| {
        let mut tally = Tally::default();
        let call = [row(&[("CallID", json!("1")), ("Disposition", json!(disposition))])];
        tally.add(&call, None, KeptFacts { code, has_appointment });
        Figures::from(tally).appointments_booked
    };
    for (disposition, code, has_appointment, expected) in [
        ("Appointment Booked", None, false, 1),
        ("General Enquiry", None, false, 0),
        ("General Enquiry", Some("APPOINTMENT_BOOKED"), false, 1),
        ("General Enquiry", Some(" appointment_booked "), false, 1),
        // The code that was given says more than the text it was mapped to.
        ("Appointment Booked", Some("INFO_PROVIDED"), false, 0),
        ("General Enquiry", Some("INFO_PROVIDED"), true, 1),
        ("Appointment Booked", Some("APPOINTMENT_BOOKED"), true, 1),
        ("", None, true, 1),
    ] {
        let found = booked(disposition, code, has_appointment);
        assert_eq!(found, expected, "{disposition} {code:?} {has_appointment}");
    }
}

proptest! {
    #[test]
    fn the_tally_of_a_range_is_the_sum_of_its_parts(
        rows in prop::collection::vec(any_row(), 0..40),
        cut in 0_usize..40,
    ) {
        let calls = calls(&rows);
        let (one, other) = calls.split_at(cut.min(calls.len()));
        let part = |calls: &[Vec<CallRecord>]| {
            let mut tally = Tally::default();
            for call in calls {
                tally.add(call, Some(&[agent()]), KeptFacts::default());
            }
            tally
        };
        let mut sum = part(one);
        sum += &part(other);
        prop_assert_eq!(sum, part(&calls));
    }

    #[test]
    fn the_figures_add_up(rows in prop::collection::vec(any_row(), 0..40)) {
        let figures = of(&rows, &[]);
        let calls = figures.calls;
        let ids: std::collections::BTreeSet<_> = rows
            .iter()
            .filter(|row| row.agent_id.as_ref().is_some_and(|id| id.as_str() == "agent01"))
            .map(|row| row.call_id)
            .collect();
        prop_assert_eq!(calls.total as usize, ids.len());
        prop_assert!(calls.inbound + calls.outbound <= calls.total);
        prop_assert!(calls.answered + calls.missed <= calls.total);
        prop_assert_eq!(figures.dispositions.values().sum::<u32>(), calls.total);
        prop_assert!(figures.appointments_booked <= calls.total);
        prop_assert!(figures.conversion_rate <= 100);
        prop_assert_eq!(calls.answered == 0, figures.avg_talk_time_sec == 0 && calls.answered == 0);
    }

    #[test]
    fn neither_the_order_of_rows_nor_other_agents_change_them(
        rows in prop::collection::vec(any_row(), 0..30).prop_map(|mut rows| {
            // One row per leg, as the service has them.
            rows.sort_by_key(|row| row.ucid);
            rows.dedup_by_key(|row| row.ucid);
            rows
        }),
        by in 0_usize..30,
    ) {
        let figures = of(&rows, &[]);
        let mut turned = rows.clone();
        if !turned.is_empty() {
            let by = by % turned.len();
            turned.rotate_left(by);
            turned.reverse();
        }
        prop_assert_eq!(&of(&turned, &[]), &figures);
        turned.retain(|row| row.agent_id.as_ref().is_some_and(|id| id.as_str() == "agent01"));
        prop_assert_eq!(&of(&turned, &[]), &figures);
    }
}

/// A colleague who was rung and did not answer had an appointment more.
#[test]
fn an_appointment_is_of_who_had_the_conversation() {
    let leg = |ucid: u64, agent: &str, status: &str| {
        row(&[
            ("CallID", json!(7)),
            ("UCID", json!(ucid)),
            ("Type", json!("InBound")),
            ("AgentID", json!(agent)),
            ("Status", json!(status)),
            ("HangupBy", json!("AgentHangup")),
        ])
    };
    let rows = [leg(7, "agent02", "Unanswered"), leg(8, "agent01", "Answered")];
    let kept = KeptFacts { code: Some(BOOKED), has_appointment: true };
    let booked = |agents: Option<&[AgentId]>| {
        let mut tally = Tally::default();
        tally.add(&rows, agents, kept);
        (tally.calls.total, tally.booked)
    };
    assert_eq!(booked(None), (1, 1));
    assert_eq!(booked(Some(&["agent01".into()])), (1, 1));
    assert_eq!(booked(Some(&["agent02".into()])), (1, 0));
}
