//! A booking of a call, killed at each of its writes: the appointment and the call's word about it come together.

use desk::core::caller::Scope;
use desk::store::{AppointmentQuery, Appointments as _, Db, PhoneCalls as _};
use serde_json::json;

use super::{Site, a_moment, end, was_killed};

/// A booking whose desk is killed at one write; whether there was such a write.
pub(super) async fn killed_at(site: &Site, kill: &str) -> bool {
    let before = site.start(None).await;
    let (status, dialed) = site.dial(&before, "key-1").await.unwrap();
    assert_eq!(status, 200, "{dialed}");
    let ucid = dialed["ucid"].as_str().unwrap().to_owned();
    end(before).await;
    let store = Db::sqlite(&site.file()).await.unwrap();
    let slots = store.slots("m1", (0, i64::MAX), 9).await.unwrap();
    let said = json!({"slotId": slots[0].id, "ucid": ucid, "name": "Customer A"});
    let mut first = site.start(Some(kill)).await;
    let answer = site.ask(&first, "POST", "/api/appointments", "", &said).await;
    let reached = answer.is_none() && was_killed(&mut first).await;
    assert_eq!(reached, answer.is_none(), "{kill}: {answer:?}");
    end(first).await;
    let of_call = AppointmentQuery {
        calls: Some(vec![ucid.clone()]),
        most: 9,
        ..AppointmentQuery::default()
    };
    let booked = store.appointments(&of_call).await.unwrap();
    assert!(booked.len() <= 1, "{kill}: {booked:?}");
    let next = site.start(None).await;
    if booked.is_empty() {
        assert!(reached, "{kill}: {answer:?}");
        let (status, again) =
            site.ask(&next, "POST", "/api/appointments", "", &said).await.unwrap();
        assert_eq!(status, 201, "{kill}: {again}");
    }
    let kept = store.appointments(&of_call).await.unwrap();
    assert_eq!(kept.len(), 1, "{kill}: {kept:?}");
    // The next desk has the call say so, without being asked.
    let noted = loop {
        let call = store.call(&ucid, &Scope::All).await.unwrap().unwrap();
        if !call.state.appointments.is_empty() {
            break call.state.appointments.clone();
        }
        a_moment().await;
    };
    assert_eq!(noted.into_iter().collect::<Vec<_>>(), [kept[0].id.clone()], "{kill}");
    if !booked.is_empty() {
        // Asked again, it is the same one.
        let (status, again) =
            site.ask(&next, "POST", "/api/appointments", "", &said).await.unwrap();
        assert_eq!((status, &again["id"]), (200, &json!(kept[0].id)), "{kill}: {again}");
    }
    end(next).await;
    store.close().await;
    reached
}
