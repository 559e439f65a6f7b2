//! The missed calls that dials have claimed.

use super::working::change_missed;
use crate::core::dial::DialEntry;
use crate::desk::Desk;

/// Gives back the missed call that was claimed for a dial, once it is known that the dial rang no one.
pub(super) async fn give_back(desk: &Desk, entry: &DialEntry) {
    if !entry.state.rang_no_one() {
        return;
    }
    let given = match desk.store().missed_number(&entry.number_key).await {
        Ok(found) => {
            let is_its = found.is_some_and(|found| {
                found.record.claimed_for.as_deref() == Some(entry.id.as_str())
            });
            if !is_its {
                return;
            }
            let release = change_missed(desk, &entry.number_key, |missed| {
                missed.release_for(&entry.id);
                Ok(())
            });
            release.await.map(drop)
        }
        Err(error) => Err(error.into()),
    };
    if let Err(problem) = given {
        tracing::warn!(?problem, "a missed call stays claimed after a dial that rang no one");
    }
}
