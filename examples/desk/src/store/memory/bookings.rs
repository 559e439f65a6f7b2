//! Appointments on the way into their calls' records, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Memory;
use crate::store::bookings::{Bookings, PendingBooking};
use crate::store::error::StoreError;

/// By time and id.
#[derive(Debug, Default)]
pub(super) struct BookingTable(BTreeMap<(i64, String), PendingBooking>);

#[async_trait]
impl Bookings for Memory {
    async fn begin_booking(&self, booking: PendingBooking) -> Result<(), StoreError> {
        self.write(|state| {
            let table = &mut state.bookings.0;
            if table.values().all(|known| known.id != booking.id) {
                table.insert((booking.at_ms, booking.id.clone()), booking);
            }
            Ok(())
        })
        .await
    }

    async fn pending_bookings(&self, most: u32) -> Result<Vec<PendingBooking>, StoreError> {
        self.read(|state| Ok(state.bookings.0.values().take(most as usize).cloned().collect()))
            .await
    }

    async fn end_booking(&self, id: &str) -> Result<(), StoreError> {
        self.write(|state| {
            state.bookings.0.retain(|_, booking| booking.id != id);
            Ok(())
        })
        .await
    }
}
