//! Appointments: a time is one person's.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Case, cases};
use crate::core::appointment::{Appointment, AppointmentState, Department, Doctor, Slot};
use crate::store::{AppointmentQuery, Audience, NewEvent, Store, StoreError};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_schedule_that_is_added_twice_is_there_once,
        a_time_that_overlaps_one_of_its_doctor_is_refused_and_one_that_adjoins_is_not,
        of_two_who_add_times_that_overlap_at_once_one_does,
        of_two_who_want_one_time_one_gets_it,
        of_two_who_want_one_time_at_once_one_gets_it,
        of_two_who_want_one_of_a_thousand_times_one_gets_each,
        a_cancelled_time_is_free_again_and_a_moved_one_frees_the_old,
        of_two_who_change_one_version_the_second_is_told,
        appointments_are_found_by_each_thing_and_by_all,
        an_event_is_written_with_its_appointment_or_not_at_all,
    ]
}

fn doctor(id: &str, department: &str) -> Doctor {
    let department = Department { id: department.into(), name: format!("Department {department}") };
    Doctor { id: id.into(), name: format!("Dr {id}"), department }
}

async fn schedule(store: &dyn Store) {
    let doctors = vec![doctor("m1", "d1"), doctor("m2", "d2")];
    let slots = [("m1", 100), ("m1", 200), ("m2", 100)];
    let slots = slots.map(|(doctor, starts)| Slot::of_doctor(doctor, starts, starts + 50));
    assert_eq!(store.add_schedule(doctors, slots.to_vec()).await, Ok(3));
}

fn appointment(id: &str, slot: &str) -> Appointment {
    let (doctor_id, starts) = slot.split_once('-').unwrap();
    let starts_ms = starts.parse().unwrap();
    Appointment {
        id: id.into(),
        version: 0,
        lead: Some("l1".into()),
        name: "Customer A".into(),
        number: "9000000001".into(),
        doctor: doctor(doctor_id, "d1"),
        slot: slot.into(),
        starts_ms,
        ends_ms: starts_ms + 50,
        state: AppointmentState::Booked,
        call: None,
        notes: None,
        booked_by: "u1".into(),
        booked_ms: 1,
    }
}

async fn save(store: &dyn Store, appointment: Appointment) -> Result<i64, StoreError> {
    store.save_appointment(appointment, 10, Vec::new()).await
}

const TAKEN: Result<i64, StoreError> = Err(StoreError::Taken("the slot"));

async fn a_schedule_that_is_added_twice_is_there_once(store: Arc<dyn Store>) {
    schedule(&*store).await;
    let renamed = Doctor { name: "Dr B".into(), ..doctor("m1", "d2") };
    let again = vec![Slot { id: "other".into(), ..Slot::of_doctor("m1", 100, 150) }];
    assert_eq!(store.add_schedule(vec![renamed.clone()], again).await, Ok(0));
    assert_eq!(store.doctors(None).await.unwrap(), [renamed.clone(), doctor("m2", "d2")]);
    assert_eq!(store.doctors(Some("d2")).await.unwrap().len(), 2);
    assert_eq!(store.doctors(Some("d1")).await.unwrap(), []);
    let departments = store.departments().await.unwrap();
    assert_eq!(departments, [doctor("x", "d1").department, doctor("x", "d2").department]);
    let slots = store.slots("m1", (100, 200), 9).await.unwrap();
    assert_eq!(slots, [Slot::of_doctor("m1", 100, 150)]);
    assert_eq!(store.slots("m1", (0, 900), 1).await.unwrap().len(), 1);
    let (slot, found) = store.slot("m1-200").await.unwrap().unwrap();
    assert_eq!((slot, found), (Slot::of_doctor("m1", 200, 250), renamed));
    assert_eq!(store.slot("none").await, Ok(None));
}

async fn a_time_that_overlaps_one_of_its_doctor_is_refused_and_one_that_adjoins_is_not(
    store: Arc<dyn Store>,
) {
    schedule(&*store).await;
    let add = async |times: &[(i64, i64)]| {
        let renamed = Doctor { name: "Dr B".into(), ..doctor("m1", "d1") };
        let slots = times.iter().map(|(starts, ends)| Slot::of_doctor("m1", *starts, *ends));
        store.add_schedule(vec![renamed], slots.collect()).await
    };
    for times in [
        &[(50, 101)][..],
        &[(149, 160)],
        &[(110, 140)],
        &[(90, 160)],
        &[(0, 900)],
        // Among themselves.
        &[(300, 330), (320, 340)],
        &[(320, 340), (300, 321)],
    ] {
        assert_eq!(add(times).await, Err(StoreError::Overlaps(times.len() - 1)), "{times:?}");
    }
    assert_eq!(store.slots("m1", (0, 999), 9).await.unwrap().len(), 2, "nothing is added");
    assert_eq!(store.doctors(Some("d1")).await.unwrap(), [doctor("m1", "d1")]);
    assert_eq!(add(&[(100, 170), (50, 100), (150, 200), (250, 300)]).await, Ok(3));
    let times: Vec<_> = store.slots("m1", (0, 999), 9).await.unwrap();
    let times: Vec<_> = times.iter().map(|slot| (slot.starts_ms, slot.ends_ms)).collect();
    assert_eq!(times, [(50, 100), (100, 150), (150, 200), (200, 250), (250, 300)]);
    let others = vec![Slot::of_doctor("m2", 160, 240)];
    assert_eq!(store.add_schedule(Vec::new(), others).await, Ok(1), "another doctor's");
}

async fn of_two_who_add_times_that_overlap_at_once_one_does(store: Arc<dyn Store>) {
    let add = |n: i64| {
        let store = Arc::clone(&store);
        let slot = Slot::of_doctor("m1", 100 + n, 150 + n);
        tokio::spawn(async move { store.add_schedule(vec![doctor("m1", "d1")], vec![slot]).await })
    };
    let tasks: Vec<_> = (0..12).map(add).collect();
    let mut added = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(1) => added += 1,
            other => assert_eq!(other, Err(StoreError::Overlaps(0))),
        }
    }
    assert_eq!((added, store.slots("m1", (0, 999), 99).await.unwrap().len()), (1, 1));
}

async fn of_two_who_want_one_time_one_gets_it(store: Arc<dyn Store>) {
    schedule(&*store).await;
    assert_eq!(save(&*store, appointment("a1", "m1-100")).await, Ok(1));
    assert_eq!(save(&*store, appointment("a2", "m1-100")).await, TAKEN);
    assert_eq!(store.appointment("a2").await, Ok(None));
    let conflict = Err(StoreError::Conflict("the appointment"));
    assert_eq!(save(&*store, appointment("a1", "m1-100")).await, conflict);
    let missing = Err(StoreError::Missing("slot"));
    assert_eq!(save(&*store, appointment("a3", "m1-300")).await, missing);
    let taken: Vec<_> = store.slots("m1", (0, 900), 9).await.unwrap();
    assert_eq!(taken.iter().map(|slot| slot.taken).collect::<Vec<_>>(), [true, false]);
    let kept = store.appointment("a1").await.unwrap().unwrap();
    assert_eq!(kept, Appointment { version: 1, ..appointment("a1", "m1-100") });
}

async fn of_two_who_want_one_time_at_once_one_gets_it(store: Arc<dyn Store>) {
    schedule(&*store).await;
    let book = |id: usize| {
        let (store, id) = (Arc::clone(&store), format!("a{id:02}"));
        tokio::spawn(async move { save(&*store, appointment(&id, "m1-100")).await })
    };
    let tasks: Vec<_> = (0..16).map(book).collect();
    let mut booked = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(version) => {
                assert_eq!(version, 1);
                booked += 1;
            }
            other => assert_eq!(other, TAKEN),
        }
    }
    assert_eq!(booked, 1);
}

async fn of_two_who_want_one_of_a_thousand_times_one_gets_each(store: Arc<dyn Store>) {
    let slots: Vec<_> = (1..=1000).map(|n| Slot::of_doctor("m1", n * 100, n * 100 + 50)).collect();
    store.add_schedule(vec![doctor("m1", "d1")], slots.clone()).await.unwrap();
    let book = |slot: &Slot, by: &str| {
        let (store, id, slot) = (Arc::clone(&store), format!("{by}-{}", slot.id), slot.id.clone());
        tokio::spawn(async move { save(&*store, appointment(&id, &slot)).await })
    };
    for some in slots.chunks(8) {
        let pairs: Vec<_> = some.iter().map(|slot| (book(slot, "u1"), book(slot, "u2"))).collect();
        for (one, other) in pairs {
            let both = [one.await.unwrap(), other.await.unwrap()];
            assert!(both == [Ok(1), TAKEN] || both == [TAKEN, Ok(1)], "{both:?}");
        }
    }
    let all = AppointmentQuery { most: 3000, ..AppointmentQuery::default() };
    assert_eq!(store.appointments(&all).await.unwrap().len(), 1000);
}

async fn a_cancelled_time_is_free_again_and_a_moved_one_frees_the_old(store: Arc<dyn Store>) {
    schedule(&*store).await;
    save(&*store, appointment("a1", "m1-100")).await.unwrap();
    let moved = Appointment { version: 1, ..appointment("a1", "m2-100") };
    assert_eq!(save(&*store, moved.clone()).await, Ok(2));
    assert_eq!(save(&*store, appointment("a2", "m1-100")).await, Ok(1));
    let back = Appointment { version: 2, ..appointment("a1", "m1-100") };
    assert_eq!(save(&*store, back).await, TAKEN);
    let cancelled = Appointment { version: 2, state: AppointmentState::Cancelled, ..moved };
    assert_eq!(save(&*store, cancelled).await, Ok(3));
    assert_eq!(save(&*store, appointment("a3", "m2-100")).await, Ok(1));
    let done = Appointment {
        version: 1,
        state: AppointmentState::Completed,
        ..appointment("a3", "m2-100")
    };
    assert_eq!(save(&*store, done).await, Ok(2));
    assert_eq!(save(&*store, appointment("a4", "m2-100")).await, TAKEN);
}

async fn of_two_who_change_one_version_the_second_is_told(store: Arc<dyn Store>) {
    schedule(&*store).await;
    save(&*store, appointment("a1", "m1-100")).await.unwrap();
    let change = |slot: &str| Appointment { version: 1, ..appointment("a1", slot) };
    assert_eq!(save(&*store, change("m1-200")).await, Ok(2));
    let conflict = Err(StoreError::Conflict("the appointment"));
    assert_eq!(save(&*store, change("m2-100")).await, conflict);
    assert_eq!(store.appointment("a1").await.unwrap().unwrap().slot, "m1-200");
}

async fn appointments_are_found_by_each_thing_and_by_all(store: Arc<dyn Store>) {
    schedule(&*store).await;
    let other = Appointment {
        lead: None,
        number: "9000000002".into(),
        call: Some("c1".into()),
        ..appointment("a2", "m1-200")
    };
    save(&*store, other).await.unwrap();
    save(&*store, appointment("a1", "m1-100")).await.unwrap();
    let find = async |query: AppointmentQuery| {
        let query = if query.most == 0 { AppointmentQuery { most: 9, ..query } } else { query };
        let found = store.appointments(&query).await.unwrap();
        found.into_iter().map(|one| one.id).collect::<Vec<_>>().join(" ")
    };
    let none = AppointmentQuery::default;
    assert_eq!(find(none()).await, "a1 a2");
    assert_eq!(find(AppointmentQuery { most: 1, ..none() }).await, "a1");
    assert_eq!(find(AppointmentQuery { most: 1, latest: true, ..none() }).await, "a2");
    assert_eq!(find(AppointmentQuery { latest: true, ..none() }).await, "a1 a2");
    assert_eq!(find(AppointmentQuery { lead: Some("l1".into()), ..none() }).await, "a1");
    let number = Some("+91 90000 00002".into());
    assert_eq!(find(AppointmentQuery { number: number.clone(), ..none() }).await, "a2");
    let calls = |ids: &[&str]| Some(ids.iter().map(|id| (*id).to_owned()).collect());
    assert_eq!(find(AppointmentQuery { calls: calls(&["c0", "c1"]), ..none() }).await, "a2");
    assert_eq!(find(AppointmentQuery { calls: calls(&[]), ..none() }).await, "");
    let range = |from, to| AppointmentQuery { from_ms: Some(from), to_ms: Some(to), ..none() };
    assert_eq!(find(range(100, 200)).await, "a1");
    assert_eq!(find(range(101, 201)).await, "a2");
    let all = AppointmentQuery { number, calls: calls(&["c1"]), ..range(0, 900) };
    assert_eq!(find(all.clone()).await, "a2");
    assert_eq!(find(AppointmentQuery { lead: Some("l1".into()), ..all }).await, "");
}

async fn an_event_is_written_with_its_appointment_or_not_at_all(store: Arc<dyn Store>) {
    schedule(&*store).await;
    let events = || vec![NewEvent::new("appointment.changed", Audience::Everyone, &1).unwrap()];
    store.save_appointment(appointment("a1", "m1-100"), 7, events()).await.unwrap();
    store.save_appointment(appointment("a2", "m1-100"), 8, events()).await.unwrap_err();
    let stale = Appointment { version: 5, ..appointment("a1", "m1-100") };
    store.save_appointment(stale, 9, events()).await.unwrap_err();
    let found = store.events_after(0, 9).await.unwrap();
    let times: BTreeSet<_> = found.iter().map(|event| (event.at, event.kind.as_str())).collect();
    assert_eq!(times, BTreeSet::from([(7, "appointment.changed")]));
}
