//! The process is killed at every write of a dial, of a disposition and of an appointment; the next one finds out the
//! truth.

use std::sync::Arc;
use std::time::Duration;

use desk::Desk;
use desk::core::appointment::{Appointment, AppointmentState, Department, Doctor, Slot};
use desk::core::call::CallPhase;
use desk::core::caller::{Caller, Role, Scope};
use desk::core::dial::DialState;
use desk::core::outbox::{OutboxState, OutboxTarget};
use desk::flow::booking::{BookingOrder, ChangeOrder, book, change, note_pending};
use desk::flow::dialing::{DialOrder, DialReply, dial};
use desk::flow::disposing::{DisposalOrder, dispose};
use desk::flow::facts::Actor;
use desk::store::memory::Stop;
use desk::store::{
    Appointments as _, Bookings as _, CallReports as _, Dials as _, Memory, Outbox as _,
    PhoneCalls as _, StoredCall,
};
use desk::work::{outbox, settle};
use ozonetel_sdk::types::{PhoneNumber, Ucid};
use ozonetel_sim::world::{Setup, Timestamp};
use ozonetel_sim::{Fault, FaultKind, Sim};

use crate::floor::{DAY, DIAL, settings};

fn sim() -> Sim {
    let start = Timestamp::parse(&format!("{DAY}T10:15:00+05:30")).unwrap();
    Sim::builder().setup(Setup::default()).starting_at(start).build()
}

/// A process on a store that outlives it.
fn process(sim: &Sim, store: &Memory) -> Desk {
    Desk::new(sim.client(), settings(), Arc::new(store.clone()))
}

fn order() -> DialOrder {
    DialOrder {
        user: "u1".into(),
        key: Some("key-1".into()),
        agent: "agent01".into(),
        number: PhoneNumber::from("9000000001"),
        campaign: "support_out".into(),
        did: None,
        phone_name: None,
        audit: None,
    }
}

async fn log_in(sim: &Sim) {
    sim.client().agents().login("agent01", "secret", "500001").await.unwrap();
}

/// Kills a dial at one write; whether there was such a write.
async fn dial_killed_at(write: u64, stop: Stop, fault: Option<FaultKind>) -> bool {
    let (sim, store) = (sim(), Memory::new());
    log_in(&sim).await;
    if let Some(kind) = fault {
        assert!(sim.fault(Fault::new(kind).on(DIAL)));
    }
    let before = store.writes();
    store.stop_at(write, stop);
    let _ = dial(&process(&sim, &store), order()).await;
    let was_reached = store.writes() > before + write;
    store.restart();
    // A new process: what was being sent is unknown, and the same request rings no one again.
    let next = process(&sim, &store);
    settle::take_over(&next).await.unwrap();
    let rung = sim.effects("dial");
    let case = format!("write {write}, {stop:?}, {fault:?}");
    assert!(rung <= 1, "{case}");
    let begun = store.dial_of_key("u1", "key-1").await.unwrap();
    let reply = dial(&next, order()).await.unwrap();
    let DialReply::Answered { entry, is_replay } = reply else { panic!("{case}: {reply:?}") };
    assert_eq!(is_replay, begun.is_some(), "{case}");
    if let Some(begun) = begun {
        assert_eq!(sim.effects("dial"), rung, "{case}: a repeated request rang again");
        assert_eq!(entry.id, begun.id, "{case}");
        assert_ne!(begun.state, DialState::Sending, "{case}");
        // What is certain is the truth; what is not says so.
        if begun.state.happened() {
            assert_eq!(rung, 1, "{case}");
        }
        if begun.state.rang_no_one() {
            assert_eq!(rung, 0, "{case}");
        }
    }
    // Another key of the same agent waits for the truth.
    let other = DialOrder { key: Some("key-2".into()), ..order() };
    if entry.state == DialState::Unknown {
        let reply = dial(&next, other).await.unwrap();
        assert!(matches!(reply, DialReply::AgentBusy(_)), "{case}");
    }
    // In time the call records say what happened.
    for _ in 0..4 {
        sim.advance(Duration::from_mins(4)).await;
        next.records().step().await.unwrap();
        settle::look(&next).await.unwrap();
    }
    let row = store.dial_of_key("u1", "key-1").await.unwrap().unwrap();
    assert_eq!(row.state.happened(), sim.effects("dial") == 1, "{case}: {:?}", row.state);
    assert!(!row.state.is_undecided(), "{case}: {:?}", row.state);
    if row.state.happened() {
        let call = store.call(row.ucid.unwrap().as_str(), &Scope::All).await.unwrap().unwrap();
        assert_eq!(call.state.dial, Some((row.id.clone(), row.reference.clone())), "{case}");
    }
    was_reached
}

#[tokio::test(start_paused = true)]
async fn a_dial_killed_at_any_write_rings_once_and_the_ledger_is_right() {
    for fault in [None, Some(FaultKind::CloseAfter), Some(FaultKind::CloseBefore)] {
        for stop in [Stop::Before, Stop::After] {
            let mut write = 0;
            while dial_killed_at(write, stop, fault).await {
                write += 1;
            }
            assert!(write >= 2, "{write} writes");
        }
    }
}

pub(crate) fn disposal(ucid: Ucid) -> DisposalOrder {
    DisposalOrder {
        actor: Actor { by: "u1".into(), agent: "agent01".into() },
        ucid,
        did: Some("918000000001".into()),
        code: "FOLLOW_UP_SCHEDULED".into(),
        notes: Some("call on Monday".into()),
        pause: None,
        call_back: None,
        lead: None,
        duration_sec: None,
        direction: None,
        caller: None,
    }
}

async fn disposition_killed_at(write: u64, stop: Stop, fault: Option<FaultKind>) -> bool {
    let (sim, store) = (sim(), Memory::new());
    log_in(&sim).await;
    let first = process(&sim, &store);
    let reply = dial(&first, order()).await.unwrap();
    let DialReply::Answered { entry, .. } = reply else { panic!("{reply:?}") };
    let ucid = entry.ucid.unwrap();
    sim.advance(Duration::from_secs(10)).await;
    if let Some(kind) = fault {
        assert!(sim.fault(Fault::new(kind).on(crate::floor::DISPOSITION).times(9)));
    }
    let before = store.writes();
    store.stop_at(write, stop);
    let said = dispose(&first, disposal(ucid)).await;
    let was_reached = store.writes() > before + write;
    store.restart();
    let case = format!("write {write}, {stop:?}, {fault:?}");
    let next = process(&sim, &store);
    let stored = store.outbox_of(ucid.as_str()).await.unwrap();
    if stored.is_empty() {
        assert!(said.is_err(), "{case}: what was not stored was not taken");
        assert_eq!(sim.effects("disposition"), 0, "{case}: nothing is sent before it is stored");
        return was_reached;
    }
    for _ in 0..30 {
        sim.advance(Duration::from_mins(4)).await;
        outbox::deliver_due(&next, OutboxTarget::Service).await.unwrap();
    }
    assert_eq!(sim.effects("disposition"), 1, "{case}");
    let mut entries = store.outbox_of(ucid.as_str()).await.unwrap();
    entries.retain(|entry| entry.target == OutboxTarget::Service);
    assert_eq!(entries.len(), 1, "{case}");
    // The service refuses a second one without saying whose the first was: both are true.
    let ended = [OutboxState::Sent, OutboxState::Already];
    assert!(ended.contains(&entries[0].state), "{case}: {:?}", entries[0]);
    let call = store.call(ucid.as_str(), &Scope::All).await.unwrap().unwrap();
    let kept = call.state.disposition.clone().unwrap();
    assert_eq!(kept.said.code, "FOLLOW_UP_SCHEDULED", "{case}");
    assert_eq!(kept.targets["service"], entries[0].state.as_str(), "{case}");
    assert_ne!(call.state.phase, CallPhase::AfterCall, "{case}");
    outbox::deliver_due(&next, OutboxTarget::Platform).await.unwrap();
    let reports = store.reports(&[ucid.to_string()]).await.unwrap();
    assert_eq!(reports.len(), 1, "{case}");
    assert_eq!(reports[0].0.disposition.as_deref(), Some("FOLLOW_UP_SCHEDULED"), "{case}");
    was_reached
}

#[tokio::test(start_paused = true)]
async fn a_disposition_killed_at_any_write_arrives_and_counts_once() {
    for fault in [None, Some(FaultKind::CloseAfter), Some(FaultKind::CloseBefore)] {
        for stop in [Stop::Before, Stop::After] {
            let mut write = 0;
            while disposition_killed_at(write, stop, fault).await {
                write += 1;
            }
            assert!(write >= 2, "{write} writes");
        }
    }
}

async fn call_of(store: &Memory, ucid: Ucid) -> StoredCall {
    store.call(ucid.as_str(), &Scope::All).await.unwrap().unwrap()
}

/// A booking and its cancelling, killed at one write; whether there was such a write.
async fn booking_killed_at(write: u64, stop: Stop, cancels: bool) -> bool {
    let (sim, store) = (sim(), Memory::new());
    log_in(&sim).await;
    let first = process(&sim, &store);
    let reply = dial(&first, order()).await.unwrap();
    let DialReply::Answered { entry, .. } = reply else { panic!("{reply:?}") };
    let ucid = entry.ucid.unwrap();
    let department = Department { id: "d1".into(), name: "General".into() };
    let doctor = Doctor { id: "m1".into(), name: "Dr A".into(), department };
    let starts = first.now() + 3_600_000;
    let slot = Slot::of_doctor("m1", starts, starts + 1_800_000);
    store.add_schedule(vec![doctor], vec![slot.clone()]).await.unwrap();
    let booking = BookingOrder {
        lead: None,
        name: "Customer A".into(),
        number: PhoneNumber::from("9000000001"),
        slot: slot.id,
        call: Some(call_of(&store, ucid).await),
        notes: None,
        by: "u1".into(),
    };
    let caller = Caller {
        id: "u1".into(),
        role: Role::Agent,
        own: vec!["agent01".into()],
        scope: Scope::All,
        is_person: true,
        must_change_password: false,
    };
    let cancelled =
        || ChangeOrder { state: Some(AppointmentState::Cancelled), ..ChangeOrder::default() };
    let before = if cancels { Some(book(&first, booking.clone()).await.unwrap().0) } else { None };
    let writes = store.writes();
    store.stop_at(write, stop);
    let done = match &before {
        Some(booked) => change(&first, &caller, &booked.id, cancelled()).await.map(|_| ()),
        None => book(&first, booking.clone()).await.map(|_| ()),
    };
    let was_reached = store.writes() > writes + write;
    store.restart();
    let case = format!("write {write}, {stop:?}, cancels: {cancels}");
    let next = process(&sim, &store);
    note_pending(&next).await.unwrap();
    let standing = async || {
        let query = desk::store::AppointmentQuery { most: 9, ..Default::default() };
        let all = store.appointments(&query).await.unwrap();
        let standing = all.into_iter().filter(Appointment::stands).map(|one| one.id);
        standing.collect::<Vec<_>>()
    };
    let mentioned = async || {
        let call = call_of(&store, ucid).await;
        call.state.appointments.iter().cloned().collect::<Vec<_>>()
    };
    // The appointment and the word of its call about it: both or neither.
    assert_eq!(mentioned().await, standing().await, "{case}");
    if done.is_ok() {
        assert_eq!(standing().await.len(), usize::from(!cancels), "{case}");
    }
    match &before {
        Some(booked) if standing().await.is_empty() => {
            let kept = store.appointment(&booked.id).await.unwrap().unwrap();
            assert_eq!(kept.state, AppointmentState::Cancelled, "{case}");
        }
        Some(booked) => {
            change(&next, &caller, &booked.id, cancelled()).await.unwrap();
            assert!(standing().await.is_empty(), "{case}");
        }
        None => {
            let was_there = !standing().await.is_empty();
            let (again, is_new) = book(&next, booking).await.unwrap();
            assert_eq!((is_new, standing().await), (!was_there, vec![again.id]), "{case}");
        }
    }
    assert_eq!(mentioned().await, standing().await, "{case}");
    // What was not written is let go in time.
    sim.advance(Duration::from_mins(6)).await;
    note_pending(&next).await.unwrap();
    assert_eq!(store.pending_bookings(9).await.unwrap(), [], "{case}");
    assert_eq!(mentioned().await, standing().await, "{case}");
    was_reached
}

#[tokio::test(start_paused = true)]
async fn an_appointment_killed_at_any_write_is_mentioned_by_its_call_or_not_there() {
    for cancels in [false, true] {
        for stop in [Stop::Before, Stop::After] {
            let mut write = 0;
            while Box::pin(booking_killed_at(write, stop, cancels)).await {
                write += 1;
            }
            assert!(write >= 4, "{write} writes");
        }
    }
}
