//! A dial whose row may have been kept without a word of it: nothing is sent, and the row has to say so, or it keeps its
//! agent from dialling.

use super::{failed, late, write};
use crate::core::dial::{DialEntry, DialState};
use crate::desk::Desk;
use crate::flow::ledger::given;
use crate::flow::write_again;
use crate::store::StoreError;

/// How often it is written again: as long as a database takes to be replaced by another.
const LONGEST_WRITES: u32 = 60;

/// Writes down that a dial was not sent, now or as soon as the store can be used again. The row, where it says so now.
pub(super) async fn undo(desk: &Desk, entry: DialEntry) -> Option<DialEntry> {
    let unsent = failed(desk, entry, DialState::NotSent, given(late()));
    if noted(desk, &unsent).await == Ok(true) {
        return Some(unsent);
    }
    undo_later(desk, unsent);
    None
}

/// Whether the row is there and decided. A commit without an answer may still take place.
async fn noted(desk: &Desk, unsent: &DialEntry) -> Result<bool, StoreError> {
    write(desk, unsent, &mut None).await?;
    let row = desk.store().dial(&unsent.id).await?;
    Ok(row.is_some_and(|row| !row.state.is_undecided()))
}

fn undo_later(desk: &Desk, unsent: DialEntry) {
    let (desk, tasks) = (desk.clone(), desk.tasks().clone());
    tasks.watch(async move {
        let mut absent = 0;
        for _ in 0..LONGEST_WRITES {
            tokio::time::sleep(write_again::PAUSE).await;
            match noted(&desk, &unsent).await {
                Ok(true) => return,
                Ok(false) => absent += 1,
                Err(_) => {}
            }
            if absent >= write_again::TIMES {
                return;
            }
        }
    });
}
