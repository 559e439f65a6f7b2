//! Appointments on the way into their calls' records.

use std::sync::Arc;

use super::{Case, cases};
use crate::store::Store;
use crate::store::bookings::PendingBooking;

pub(super) fn cases() -> Vec<Case> {
    cases![what_was_begun_is_pending_until_it_ends]
}

fn booking(id: &str, at_ms: i64) -> PendingBooking {
    PendingBooking {
        id: id.into(),
        appointment: format!("a-{id}"),
        version: 2,
        call: "90000000000000001".into(),
        by: "u1".into(),
        at_ms,
    }
}

async fn what_was_begun_is_pending_until_it_ends(store: Arc<dyn Store>) {
    assert_eq!(store.pending_bookings(9).await, Ok(Vec::new()));
    for (id, at) in [("b2", 20), ("b3", 20), ("b1", 30)] {
        store.begin_booking(booking(id, at)).await.unwrap();
    }
    // The same one again is the same one.
    store.begin_booking(booking("b2", 40)).await.unwrap();
    let all = [booking("b2", 20), booking("b3", 20), booking("b1", 30)];
    assert_eq!(store.pending_bookings(9).await.unwrap(), all);
    assert_eq!(store.pending_bookings(2).await.unwrap(), all[..2]);
    for id in ["b3", "b3", "none"] {
        store.end_booking(id).await.unwrap();
    }
    assert_eq!(store.pending_bookings(9).await.unwrap(), [booking("b2", 20), booking("b1", 30)]);
}
