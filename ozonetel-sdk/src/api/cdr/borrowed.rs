//! Rows whose texts are borrowed from the answer.

use std::ops::ControlFlow;

use super::row::{BorrowedCallRecord, CallRecord};
use crate::core::call::Call;
use crate::core::endpoint::Rows;
use crate::core::error::Error;
use crate::core::rows::BorrowedRow;

impl BorrowedRow for CallRecord {
    type Of<'a> = BorrowedCallRecord<'a>;

    fn is_named(row: &BorrowedCallRecord<'_>) -> bool {
        row.is_named()
    }

    fn set_text<'a>(row: &mut BorrowedCallRecord<'a>, json: &'a str) {
        row.set_text(json);
    }
}

impl<E: Rows<Row = CallRecord>> Call<'_, E> {
    /// Sends the call and lends the rows to `each` as they arrive, until it breaks off: the memory of one row, and about
    /// three quarters of the time of [`stream`](Self::stream), since texts are borrowed from the answer and no value is
    /// given a type before it is asked for.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// # client.dial().agent("agent01", "support_out", "9000000001").await?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// use std::ops::ControlFlow;
    /// let (mut rows, mut bad, mut talk) = (0, 0, 0);
    /// let day = client.cdr().for_day(client.today());
    /// day.for_each(|row| {
    ///     // A row without an id is an error; the next one follows.
    ///     let Ok(row) = row else {
    ///         bad += 1;
    ///         return ControlFlow::Continue(());
    ///     };
    ///     rows += 1;
    ///     assert_eq!(row.agent_id.text().as_deref(), Some("agent01"));
    ///     // A value is read when it is asked for.
    ///     match row.talk_time.read() {
    ///         Ok(time) => talk += time.map_or(0, |time| time.seconds()),
    ///         Err(_) => bad += 1,
    ///     }
    ///     ControlFlow::Continue(())
    /// })
    /// .await?;
    /// assert_eq!((rows, bad), (1, 0));
    /// println!("{talk} seconds of conversation");
    /// # Ok(()) });
    /// ```
    ///
    /// `each` gets an `Err` with position and JSON path for a row that is not an object or has no id, as the stream
    /// does. A value that cannot be read is an error of its own when it is asked for; the stream refuses such a row where
    /// figures depend on the value.
    ///
    /// # Errors
    /// As [`stream`](Self::stream), but for those of single rows.
    ///
    /// # Cancel safety
    /// A dropped future has lent some of the rows; how many, `each` knows.
    pub async fn for_each(
        self,
        mut each: impl FnMut(Result<BorrowedCallRecord<'_>, Error>) -> ControlFlow<()> + Send,
    ) -> Result<(), Error> {
        self.lend_rows::<CallRecord>(&mut each).await
    }
}
