//! Appointments that are being written and that their call does not mention yet: what a desk that stops in between
//! leaves to the next one.

use async_trait::async_trait;

use super::conn::args;
use super::db::Db;
use super::error::StoreError;

/// An appointment that is being written for a call, and that the call does not mention yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingBooking {
    /// Its own id: one for each change of an appointment.
    pub id: String,
    /// The appointment.
    pub appointment: String,
    /// The version of it that is being written.
    pub version: i64,
    /// The call.
    pub call: String,
    /// Who books or changes it.
    pub by: String,
    /// When it was begun.
    pub at_ms: i64,
}

/// Appointments on the way into their calls' records.
#[async_trait]
pub trait Bookings: Send + Sync {
    /// Writes down that an appointment is about to be written.
    ///
    /// # Errors
    /// The store is not available.
    async fn begin_booking(&self, booking: PendingBooking) -> Result<(), StoreError>;

    /// Those that were begun and did not end, the first first, at most so many.
    ///
    /// # Errors
    /// The store is not available.
    async fn pending_bookings(&self, most: u32) -> Result<Vec<PendingBooking>, StoreError>;

    /// The call mentions it now, or it was not written. One that has ended already stays so.
    ///
    /// # Errors
    /// The store is not available.
    async fn end_booking(&self, id: &str) -> Result<(), StoreError>;
}

#[async_trait]
impl Bookings for Db {
    async fn begin_booking(&self, booking: PendingBooking) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let PendingBooking { id, appointment, version, call, by, at_ms } = booking;
                let insert = "INSERT INTO desk_booking (id, appointment, version, call, booker, at) \
                              VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
                tx.execute(insert, args![id, appointment, version, call, by, at_ms]).await?;
                Ok(())
            })
        })
        .await
    }

    async fn pending_bookings(&self, most: u32) -> Result<Vec<PendingBooking>, StoreError> {
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT id, appointment, version, call, booker, at FROM desk_booking \
                              ORDER BY at, id LIMIT $1";
                let mut pending = Vec::new();
                for row in tx.rows(select, args![most]).await? {
                    pending.push(PendingBooking {
                        id: row.get("id")?,
                        appointment: row.get("appointment")?,
                        version: row.get("version")?,
                        call: row.get("call")?,
                        by: row.get("booker")?,
                        at_ms: row.get("at")?,
                    });
                }
                Ok(pending)
            })
        })
        .await
    }

    async fn end_booking(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                tx.execute("DELETE FROM desk_booking WHERE id = $1", args![id]).await?;
                Ok(())
            })
        })
        .await
    }
}
