//! Removes what has been kept long enough.

use std::fmt;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::core::retention::{Retention, before};
use crate::desk::Desk;
use crate::epoch::millis;
use crate::store::{Store, StoreError};

/// How long events are kept: a browser that was closed over a weekend gets a snapshot.
pub const EVENTS_KEPT: Duration = Duration::from_hours(48);

/// How long the service's words about agents are kept: as long as today needs them, wherever the account is.
const WORDS_KEPT: Duration = Duration::from_hours(72);

/// How long what voice assistants heard is kept if no phone call was found that it belongs to.
const HANDOFFS_KEPT: Duration = Duration::from_hours(24);

/// How long it is counted that a row of an import has no number, and known that it was: who has one by then, or is still
/// exported without one, came again since.
const LEFT_OUT_KEPT: Duration = Duration::from_hours(366 * 24);

/// How often it is looked.
const EVERY: Duration = Duration::from_hours(1);

/// Of how many calls notes are removed in one transaction: others write in between.
const TOGETHER: u32 = 100;

/// Removes what is old now and then, until `stop`. Several desks on one store may do it at once.
pub async fn tidy(desk: Desk, stop: CancellationToken) {
    loop {
        let (now, idle_since) = (desk.now(), desk.people().idle_since(desk.now()));
        remove(&**desk.store(), now, idle_since, desk.settings().retention).await;
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Removes what is old now. What cannot be removed is removed the next time.
pub async fn remove(store: &dyn Store, now: i64, idle_since: i64, kept: Retention) {
    said("events", store.forget_events(now - millis(EVENTS_KEPT)).await);
    said("words about agents", store.forget_agent_words(now - millis(WORDS_KEPT)).await);
    said("hand-offs", store.forget_handoffs(now - millis(HANDOFFS_KEPT)).await);
    said("rows that were left out", store.forget_left_out(now - millis(LEFT_OUT_KEPT)).await);
    said("sessions", store.sweep_sessions(now, idle_since).await);
    if let Some(days) = kept.pushes {
        said("pushes", store.forget_pushes(before(now, days)).await);
    }
    if let Some(days) = kept.audit {
        said("audit rows", store.forget_audit(before(now, days)).await);
    }
    if let Some(days) = kept.transcripts {
        let old = before(now, days);
        said("transcripts", store.forget_assist(old, &day_of(old)).await);
    }
    if let Some(days) = kept.notes {
        said("notes", forget_notes(store, before(now, days)).await);
    }
}

/// The day of a time, roughly: what was used on a day is of no use days later.
fn day_of(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default();
    at.strftime("%Y-%m-%d").to_string()
}

async fn forget_notes(store: &dyn Store, before: i64) -> Result<usize, StoreError> {
    let mut all = 0;
    loop {
        let count = store.forget_notes(before, TOGETHER).await?;
        all += count;
        if count < TOGETHER as usize {
            return Ok(all);
        }
    }
}

fn said<N: fmt::Display + Default + PartialEq>(what: &str, removed: Result<N, StoreError>) {
    match removed {
        Ok(count) if count == N::default() => {}
        Ok(count) => tracing::info!(%count, "old {what} were removed"),
        Err(error) => tracing::warn!(%error, "old {what} were not removed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::caller::Scope;
    use crate::core::handoff::{HandoffRow, HandoffState};
    use crate::core::profile::Profile;
    use crate::store::audit::{AuditFilter, AuditRow};
    use crate::store::work::{LeftOut, NO_NUMBER};
    use crate::store::{
        Audience, Audits as _, Events as _, Handoffs as _, Memory, NewEvent, NewPush, Pushes as _,
        StoredPush, Work as _, WorkedPush,
    };

    const HOUR: i64 = 3_600_000;

    #[tokio::test]
    async fn old_events_go_and_newer_ones_stay() {
        let store = Memory::new();
        for hour in 0..4 {
            let event = NewEvent::new("one", Audience::Everyone, &hour).unwrap();
            store.append_events(hour * HOUR + 1, vec![event]).await.unwrap();
        }
        let remove = async |now| remove(&store, now, 0, Retention::default()).await;
        remove(48 * HOUR).await;
        assert_eq!(store.oldest_event().await, Ok(Some(1)));
        remove(50 * HOUR).await;
        assert_eq!(store.oldest_event().await, Ok(Some(3)));
    }

    #[tokio::test]
    async fn a_hand_off_without_a_call_goes_after_a_day_whatever_else_is_kept() {
        let store = Memory::new();
        let row = HandoffRow {
            id: "h1".into(),
            maker: "t1".into(),
            session: "s1".into(),
            extension: "500001".into(),
            agent: "agent01".into(),
            call_sid: None,
            call_id: Some("a".into()),
            leg_sid: None,
            profile: Profile::default(),
            carrier: None,
            waits_at: None,
            state: HandoffState::Waiting,
            message: None,
            call: None,
            made_ms: 1,
            changed_ms: HOUR,
        };
        store.begin_handoff(row, Vec::new()).await.unwrap();
        let for_good = Retention { pushes: None, notes: None, audit: None, transcripts: None };
        remove(&store, 25 * HOUR, 0, for_good).await;
        assert!(store.handoff("h1").await.unwrap().is_some());
        remove(&store, 25 * HOUR + 1, 0, for_good).await;
        assert_eq!(store.handoff("h1").await, Ok(None));
    }

    #[tokio::test]
    async fn rows_that_were_left_out_go_after_a_year() {
        let store = Memory::new();
        let left = |line| LeftOut { line, reason: NO_NUMBER.into(), agent: None, row: None };
        for (import, at) in [("i1", 1), ("i2", 2)] {
            store.import_leads(import, at, Vec::new(), vec![left(1)], Vec::new()).await.unwrap();
        }
        let for_good = Retention { pushes: None, notes: None, audit: None, transcripts: None };
        for (now, count) in [(366 * 24 * HOUR + 1, 2), (366 * 24 * HOUR + 2, 1)] {
            remove(&store, now, 0, for_good).await;
            assert_eq!(store.left_out(&Scope::All).await, Ok(count));
        }
    }

    #[tokio::test]
    async fn pushes_and_audit_rows_go_after_their_days_and_for_good_is_for_good() {
        let store = Memory::new();
        let push = |digest: &str, at| NewPush {
            source: "calls".into(),
            digest: digest.into(),
            at,
            body: "{}".into(),
        };
        store.store_pushes(vec![push("a", 1), push("b", 2), push("c", 3)]).await.unwrap();
        let pushes = store.next_pushes(Vec::new(), 9).await.unwrap();
        let worked = |push: &StoredPush| WorkedPush { id: push.id, failure: None };
        store.next_pushes(pushes.iter().map(worked).collect(), 0).await.unwrap();
        store.append_audit(vec![AuditRow::of_desk(1, "x", "y")]).await.unwrap();
        let audit = async || {
            let all = AuditFilter::newest(Scope::All, 9);
            store.audit(&all).await.unwrap().len()
        };
        let for_good = Retention { pushes: None, notes: None, audit: None, transcripts: None };
        remove(&store, 1_000 * 24 * HOUR, 0, for_good).await;
        assert_eq!((store.forget_pushes(0).await, audit().await), (Ok(0), 1));
        let kept = Retention { pushes: Some(2), audit: Some(2), ..for_good };
        remove(&store, 48 * HOUR + 2, 0, kept).await;
        assert_eq!(audit().await, 0);
        // One of three was old; the newest always stays.
        assert_eq!(store.forget_pushes(i64::MAX).await, Ok(1));
    }
}
